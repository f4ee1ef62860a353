"""Data Sync History: order, filter, details, pages."""

import re

from django.urls import reverse

from imports.models import ImportApp
from imports.services.activate_app import activate_app
from imports.states import State
from tests.integration.imports_ui.world import World


def read(world: World, query: str = "") -> str:
    response = world.client().get(reverse("history") + query)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_history_says_what_comes_here(world: World) -> None:
    assert "No syncs yet" in read(world)


def test_newest_on_top_with_app_records_errors_and_state(world: World) -> None:
    old, new = world.sync(State.COMPLETED), world.sync(State.HELD)
    page = read(world)
    assert page.index(f"Sync #{new.pk}<") < page.index(f"Sync #{old.pk}<")
    assert "20 of 100 students would be deleted" in page
    assert f'href="{reverse("imports:errors", args=[old.pk])}">2</a>' in page


def test_the_records_of_a_sync_are_those_of_its_summary(world: World) -> None:
    sync = world.sync(State.COMPLETED, rows_in_files=9999)
    assert "Imported 100 of 104 rows; 4 were left out, 3 need attention." in read(world)
    assert "9,999" not in read(world)
    assert "Imported 100 of 104 rows" in world.client().get(reverse("imports:sync", args=[sync.pk])).content.decode()


def test_filter_by_application(world: World) -> None:
    sftp = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=world.owner)
    mine, other = world.sync(State.COMPLETED), world.sync(State.COMPLETED)
    other.app = sftp
    other.save()
    page = read(world, "?app=sftp")
    assert f"Sync #{other.pk}<" in page
    assert f"Sync #{mine.pk}<" not in page
    assert "Clear the filter" in page
    assert "Clear the filter" not in read(world)


def test_show_details_unfolds_the_summary(world: World) -> None:
    sync = world.sync(State.COMPLETED)
    address = reverse("imports:sync_details", args=[sync.pk])
    assert f'hx-get="{address}"' in read(world)
    part = world.client().get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith(f'<tr id="details-{sync.pk}">')
    assert reverse("imports:rows", args=[sync.pk, "student", "updated"]) in part


def test_details_of_a_sync_without_numbers(world: World) -> None:
    part = world.client().get(reverse("imports:sync_details", args=[world.sync(State.QUEUED).pk])).content.decode()
    assert "There are no numbers yet" in part


def test_history_is_paged(world: World) -> None:
    syncs = [world.sync(State.COMPLETED) for _ in range(23)]
    first, second = read(world), read(world, "?page=2")
    listed = [re.findall(r"Sync #(\d+)<", page) for page in (first, second)]
    assert [len(numbers) for numbers in listed] == [20, 3]
    assert sorted(int(number) for page in listed for number in page) == sorted(sync.pk for sync in syncs)

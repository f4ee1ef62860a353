"""Schools Mapping: the window, Auto Mapping, problems at the field, Save & Run."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.models import Sync
from imports.states import State
from roster.models import Organization
from tests.integration.imports_ui.world import World


@pytest.fixture
def waiting(world: World) -> Sync:
    return world.sync(State.NEEDS_SCHOOL_MAPPING)


def address(sync: Sync) -> str:
    return reverse("imports:map_schools", args=[sync.pk])


def test_the_window_lists_every_unrecognised_school_with_identifier_and_rows(world: World, waiting: Sync) -> None:
    page = world.client().get(address(waiting)).content.decode()
    for words in (
        "School 1",
        "src-1",
        "101",
        "School 3",
        "103",
        ">30<",
        "Auto Mapping",
        "All Missing Schools as New",
        "Create New School",
        "Save &amp; Run",
    ):
        assert words in page, words


def test_a_new_school_under_another_name_and_the_sync_goes_on(world: World, waiting: Sync) -> None:
    form = {
        "do": "save",
        "action-0": "new",
        "name-0": "Harbour School",
        "action-1": "",
        "name-1": "School 2",
        "action-2": "",
        "name-2": "School 3",
    }
    response = world.client(Role.EDITOR).post(address(waiting), form)
    waiting.refresh_from_db()
    assert response["Location"] == reverse("imports:sync", args=[waiting.pk])
    assert waiting.state == State.QUEUED
    assert Organization.objects.of(world.district).get(key="src-1").name == "Harbour School"
    assert waiting.config.document["schools"] == {"all_missing_as_new": False, "mapping": {"src-1": "src-1"}}


def test_a_school_of_the_portal_as_target(world: World, waiting: Sync) -> None:
    world.school("S-1", "North High")
    world.client().post(address(waiting), {"do": "save", "action-0": "S-1"})
    waiting.refresh_from_db()
    assert waiting.config.document["schools"]["mapping"] == {"src-1": "S-1"}


def test_all_missing_schools_as_new_maps_the_rest(world: World, waiting: Sync) -> None:
    world.client().post(address(waiting), {"do": "save", "all_missing_as_new": "on", "name-0": "A", "name-1": "B", "name-2": "C"})
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.config.document["schools"]["all_missing_as_new"] is True
    assert set(Organization.objects.of(world.district).values_list("name", flat=True)) == {"A", "B", "C"}


def test_auto_mapping_fills_the_form_and_saves_nothing(world: World, waiting: Sync) -> None:
    Organization.objects.create(district=world.district, key="S-9", name="Whatever", identifier="102", kind=Organization.Kind.SCHOOL)
    page = world.client().post(address(waiting), {"do": "auto"}).content.decode()
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING
    assert '<option value="S-9" selected>' in page
    assert page.count('<option value="new" selected>') == 2
    assert 'name="all_missing_as_new" checked' in page


def test_problems_stand_at_their_field_and_nothing_is_saved(world: World, waiting: Sync) -> None:
    form: dict[str, Any] = {"do": "save", "action-0": "new", "name-0": "  ", "action-1": "gone", "action-2": "new", "name-2": "x" * 256}
    response = world.client().post(address(waiting), form)
    page = response.content.decode()
    waiting.refresh_from_db()
    assert response.status_code == 422
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING
    assert "Give the new school a name." in page
    assert "does not exist any more" in page
    assert "at most 255 characters" in page
    assert page.count('aria-invalid="true"') >= 3
    assert "3 schools need a correction" in page


def test_saving_without_any_choice_says_what_to_do(world: World, waiting: Sync) -> None:
    response = world.client().post(address(waiting), {"do": "save"})
    assert response.status_code == 422
    assert "Map at least one" in response.content.decode()


def test_a_school_of_another_district_is_no_target(world: World, waiting: Sync) -> None:
    World("south").school("SECRET", "South High")
    assert "South High" not in world.client().get(address(waiting)).content.decode()
    assert world.client().post(address(waiting), {"do": "save", "action-0": "SECRET"}).status_code == 422


def test_viewers_look_but_do_not_map(world: World, waiting: Sync) -> None:
    page = world.client(Role.VIEWER).get(address(waiting)).content.decode()
    assert "Only owners and editors" in page
    assert 'value="save"' not in page
    assert world.client(Role.VIEWER).post(address(waiting), {"do": "save", "all_missing_as_new": "on"}).status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING


def test_a_sync_that_waits_no_more_leads_back_to_its_page(world: World) -> None:
    sync = world.sync(State.COMPLETED)
    response = world.client().post(address(sync), {"do": "save"}, follow=True)
    assert "does not wait for schools to be mapped any more" in response.content.decode()

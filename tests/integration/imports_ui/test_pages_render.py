"""Every page renders in every state, within its number of queries, and shows what the state asks for."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.states import State
from tests.integration.imports_ui.world import World

MOST_QUERIES = 25
TABS = ("overview", "history", "quality", "settings")


def read(world: World, address: str, role: Role = Role.OWNER) -> str:
    response = world.client(role).get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("state", [None, *State])
def test_the_app_page_renders_after_a_sync_of_every_state(world: World, tab: str, state: State | None) -> None:
    if state:
        world.sync(state)
    page = read(world, reverse("imports:app_tab", args=["csv_upload", tab]))
    assert 'aria-current="page">' in page
    assert (state.label if state else "Nothing has been uploaded yet.") in page


@pytest.mark.parametrize("state", list(State))
def test_the_sync_page_renders_in_every_state(world: World, state: State, django_assert_max_num_queries: Any) -> None:
    sync = world.sync(state)
    client = world.client()
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("imports:sync", args=[sync.pk])).content.decode()
    assert f"<title>{state.label} · CSV Upload" in page
    assert "Timeline" in page
    polls = f'hx-get="{reverse("imports:sync_status", args=[sync.pk])}"' in page
    assert polls == sync.is_working


@pytest.mark.parametrize("tab", TABS)
def test_a_full_app_page_stays_within_its_queries(world: World, tab: str, django_assert_max_num_queries: Any) -> None:
    world.roster()
    for number in range(30):
        world.sync(State.COMPLETED_WITH_ISSUES)
        world.issue(number)
    client = world.client()
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get(reverse("imports:app_tab", args=["csv_upload", tab])).status_code == 200


def test_overview_counts_the_live_roster_and_its_spread(world: World) -> None:
    world.roster(students=3)
    page = read(world, reverse("imports:app", args=["csv_upload"]))
    assert f'href="{reverse("browse_type", args=["student"])}">3</a>' in page
    assert f"{reverse('browse_type', args=['student'])}?school=S-1" in page
    assert "North High" in page


def test_the_breakdown_sorts_and_searches_on_the_server(world: World) -> None:
    world.roster()
    world.school("S-2", "Aspen Middle")
    state = world.state()
    state.by_school = {**state.by_school, "S-2": {"student": 900}}
    state.save()
    address = reverse("imports:app", args=["csv_upload"])
    by_students, by_name = read(world, address), read(world, f"{address}?sort=-name")
    assert by_students.index("Aspen Middle") < by_students.index("North High")
    assert by_name.index("North High") < by_name.index("Aspen Middle")
    assert "Aspen Middle" not in read(world, f"{address}?q=north")
    assert "No school matches" in read(world, f"{address}?q=zzz&sort=nonsense")


def test_tabs_carry_the_errors_of_the_last_sync_and_the_open_issues(world: World) -> None:
    world.sync(State.COMPLETED_WITH_ISSUES, error_count=7)
    for number in range(3):
        world.issue(number)
    world.issue(9, app="sftp")
    page = read(world, reverse("imports:app", args=["csv_upload"]))
    assert '<span class="count-badge tone-bad">7</span>' in page
    assert '<span class="count-badge tone-wait">3</span>' in page


def test_preview_mode_is_announced_on_the_app(world: World) -> None:
    assert "Preview Mode is enabled" not in read(world, reverse("imports:app", args=["csv_upload"]))
    world.configure({"delivery": {"preview": True}})
    assert "Preview Mode is enabled" in read(world, reverse("imports:app", args=["csv_upload"]))


def test_settings_show_the_configuration_its_versions_and_the_command(world: World) -> None:
    world.school("S-1", "North High")
    grades = {"attribute": "grades", "operator": "equals_any", "values": ["KG", "01"]}
    world.configure({
        "delivery": {"update_threshold": 35, "deletion_threshold": 10},
        "schools": {"mapping": {"src-9": "S-1"}},
        "filters": [{"record_type": "student", "match": "all", "conditions": [grades]}],
        "uniqueness": [{"record_type": "student", "attributes": ["username"]}],
        "attributes": {"student": {"lunch": "demographics.metadata.lunch"}},
    })  # fmt: skip
    page = read(world, reverse("imports:app_tab", args=["csv_upload", "settings"]))
    for words in (
        "Hold above 35 %", "Hold above 10 %", "Grades is KG or 01", "Student: Lunch", "Primary School, SIS ID", "src-9", "Version 2",
        "in force", "configure_import north --app csv_upload --show",
    ):  # fmt: skip
        assert words in page, words


def test_an_app_that_is_not_activated_does_not_exist(world: World) -> None:
    assert world.client().get(reverse("imports:app", args=["sftp"])).status_code == 404
    assert world.client().get("/apps/nonsense/").status_code == 404
    assert world.client().get("/apps/csv_upload/nonsense/").status_code == 404


def test_viewers_see_the_app_but_no_upload(world: World) -> None:
    page = read(world, reverse("imports:app", args=["csv_upload"]), Role.VIEWER)
    assert "upload-form" not in page
    assert "Upload files" not in page
    assert "upload-form" in read(world, reverse("imports:app", args=["csv_upload"]), Role.EDITOR)

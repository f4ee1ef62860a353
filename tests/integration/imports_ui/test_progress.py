"""Live progress: asks again while a worker has the sync, ends by itself, says what a queued sync waits for."""

from django.urls import reverse

from accounts.models import Role
from imports.states import State
from tests.integration.imports_ui.world import World

HTMX = {"HX-Request": "true"}


def test_a_running_sync_shows_its_stage_and_rows_and_asks_again(world: World) -> None:
    sync = world.sync(State.RUNNING, stage="checking references", rows_done=250, rows_total=1000)
    response = world.client().get(reverse("imports:sync_status", args=[sync.pk]), headers=HTMX)
    part = response.content.decode()
    assert 'hx-trigger="every 2s"' in part
    assert "Checking references" in part
    assert "25 %" in part
    assert "rows done of 1,000" in part
    assert "<title>Running 25 %" in part
    assert "HX-Refresh" not in response


def test_polling_ends_by_telling_the_page_to_show_the_result(world: World) -> None:
    sync = world.sync(State.COMPLETED)
    response = world.client().get(reverse("imports:sync_status", args=[sync.pk]), headers=HTMX)
    assert response["HX-Refresh"] == "true"
    assert "hx-trigger" not in response.content.decode()


def test_a_queued_sync_says_what_it_waits_for(world: World) -> None:
    alone = world.sync(State.QUEUED)
    status = reverse("imports:sync_status", args=[alone.pk])
    assert "as soon as a worker is free" in world.client().get(status).content.decode()
    first = world.sync(State.RUNNING)
    third = world.sync(State.QUEUED)
    part = world.client().get(reverse("imports:sync_status", args=[third.pk])).content.decode()
    assert f"number 2 in the queue, behind sync #{min(alone.pk, first.pk)} of this district" in part


def test_one_that_is_next_names_the_one_it_waits_for(world: World) -> None:
    first, second = world.sync(State.RUNNING), world.sync(State.QUEUED)
    part = world.client().get(reverse("imports:sync_status", args=[second.pk])).content.decode()
    assert f"waits for sync #{first.pk} of this district" in part


def test_other_districts_do_not_stand_in_the_queue(world: World) -> None:
    World("south").sync(State.RUNNING)
    sync = world.sync(State.QUEUED)
    assert "as soon as a worker is free" in world.client().get(reverse("imports:sync_status", args=[sync.pk])).content.decode()


def test_cancelling_is_shown_until_the_worker_stops(world: World) -> None:
    sync = world.sync(State.RUNNING, cancel_requested=True)
    part = world.client(Role.EDITOR).get(reverse("imports:sync_status", args=[sync.pk])).content.decode()
    assert "Cancelling" in part
    assert "<form" not in part


def test_the_app_page_shows_the_same_progress(world: World) -> None:
    sync = world.sync(State.RUNNING, stage="reading", rows_done=10, rows_total=100)
    page = world.client().get(reverse("imports:app", args=["csv_upload"])).content.decode()
    assert reverse("imports:sync_status", args=[sync.pk]) in page

"""Who may work a sync: one worker at a time, one sync of a district at a time, and whoever lost a sync writes nothing more."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from imports.files import local_artifacts
from imports.models import Sync
from imports.services import run_sync as runner
from imports.services.apply_sync import apply_sync
from imports.services.claim import ClaimLost, claim, extend_lease, release_lapsed
from imports.services.hold_sync import Hold, hold_sync
from imports.services.run_sync import run_sync
from imports.services.sweep import sweep
from imports.states import ACCEPTED, HoldKind, State
from tests.integration.worker.moments import at_once, before_the_end, during
from tests.integration.worker.world import World

pytestmark = pytest.mark.redis


def lapse(sync: Sync) -> None:
    """As if the worker had been silent for longer than its lease."""
    Sync.unscoped.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    sync.refresh_from_db()


def claimed(sync: Sync) -> Sync:
    taken = claim(sync.pk)
    assert taken is not None
    return taken


# --- twice delivered --------------------------------------------------------------------------------------------------


def test_a_task_delivered_twice_is_worked_once(world, today):
    sync = world.queue(today)
    assert at_once(*[lambda: run_sync(sync.pk)] * 3) == [None, None, None]
    run_sync(sync.pk)
    sync.refresh_from_db()
    assert (sync.state in ACCEPTED, sync.attempt, world.version) == (True, 1, 1)
    assert list(sync.transitions.values_list("to_state", flat=True)) == ["queued", "running", "applying", sync.state]
    world.check_whole()


def test_of_two_workers_one_gets_the_sync(world, today):
    sync = world.queue(today)
    got: list[Sync | None] = []
    assert at_once(*[lambda: got.append(claim(sync.pk))] * 4) == [None] * 4
    assert sum(one is not None for one in got) == 1


def test_a_task_for_a_sync_that_is_gone_is_passed_over(world):
    run_sync(123_456)


# --- fenced -----------------------------------------------------------------------------------------------------------


def test_a_worker_that_lost_its_sync_in_the_last_moment_applies_nothing(world, today, monkeypatch):
    """Its lease lapses and another worker works the sync to its end; then the first one wakes up, on the point of applying."""
    sync = world.queue(today)
    seen = {}

    def overtaken() -> None:
        lapse(sync)
        run_sync(sync.pk, wakes_next=False)
        seen["roster"], seen["sync"] = world.snapshot(), Sync.unscoped.filter(pk=sync.pk).values().get()

    before_the_end(monkeypatch, overtaken)
    run_sync(sync.pk, wakes_next=False)
    assert world.snapshot() == seen["roster"]
    assert Sync.unscoped.filter(pk=sync.pk).values().get() == seen["sync"]
    assert (seen["sync"]["attempt"], seen["sync"]["losses"], world.version) == (2, 1, 1)
    world.check_whole()


@pytest.mark.parametrize("stage", ["reading", "judging", "storing"])
def test_a_worker_that_lost_its_sync_earlier_stops(world, today, monkeypatch, stage):
    sync = world.queue(today)
    during(monkeypatch, stage, lambda: lapse(sync))
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    assert (sync.state, sync.artifacts, sync.failure, world.version) == (State.QUEUED, "", "", 0)
    assert not list((world.folder / "files").rglob("*.parquet"))


def test_nothing_can_be_written_with_a_stale_sync(world, today, tomorrow):
    world.run(today)
    sync = world.queue(tomorrow)
    stale = claimed(sync)
    lapse(sync)
    before = world.snapshot()
    folder = local_artifacts(Sync.objects.of(world.district).earliest("pk").artifacts)
    for refused in (lambda: apply_sync(stale, folder), lambda: hold_sync(stale, Hold(HoldKind.PREVIEW, ""))):
        with pytest.raises(ClaimLost):
            refused()  # queued again, taken by nobody yet
    fresh = claimed(sync)
    for refused in (lambda: apply_sync(stale, folder), lambda: hold_sync(stale, Hold(HoldKind.PREVIEW, ""))):
        with pytest.raises(ClaimLost):
            refused()  # taken by another
    assert (extend_lease(stale.pk, stale.attempt), extend_lease(fresh.pk, fresh.attempt)) == (False, True)
    sync.refresh_from_db()
    assert (sync.state, sync.attempt, world.snapshot()) == (State.RUNNING, 2, before)


def test_a_worker_that_fails_after_it_lost_its_sync_does_not_fail_it(world, today, monkeypatch):
    sync = world.queue(today)

    def lose_and_stumble() -> None:
        lapse(sync)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        before_the_end(patch, lose_and_stumble)
        run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    assert (sync.state, sync.failure) == (State.QUEUED, "")
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    assert sync.state in ACCEPTED


# --- lost and found ---------------------------------------------------------------------------------------------------


def test_after_three_lost_workers_the_sync_fails_with_a_sentence(world, today):
    sync = world.queue(today)
    for _ in range(2):
        claimed(sync)
        lapse(sync)
        assert sync.state == State.QUEUED
    claimed(sync)
    lapse(sync)
    assert (sync.state, sync.attempt, sync.losses) == (State.FAILED, 3, 3)
    assert sync.failure == "The worker stopped 3 times while it worked on this sync. The live roster is as it was before."
    assert sync.transitions.last().reason == sync.failure
    assert world.version == 0
    assert world.run(today).state in ACCEPTED


def test_a_worker_that_beats_keeps_its_sync(world, today, settings, monkeypatch):
    """Its work takes longer than the lease, and the sweeper comes all the time."""
    settings.PORTAL_LEASE_SECONDS = 1
    sync = world.queue(today)
    swept: list[list[int]] = []

    def dawdle() -> None:
        for _ in range(15):
            at_once(lambda: swept.append(release_lapsed()))
            threading.Event().wait(0.15)

    before_the_end(monkeypatch, dawdle)
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    assert (sync.state in ACCEPTED, sync.attempt, sync.losses, swept) == (True, 1, 0, [[]] * 15)


# --- one after the other, side by side --------------------------------------------------------------------------------


def test_two_syncs_of_a_district_run_one_after_the_other(world, today, tomorrow, monkeypatch):
    first, second = world.queue(today), world.queue(tomorrow)
    assert claim(second.pk) is None  # the older one first
    seen = []

    def look() -> None:
        assert at_once(lambda: run_sync(second.pk)) == [None]
        seen.append((Sync.unscoped.get(pk=second.pk).state, release_lapsed()))

    before_the_end(monkeypatch, look)
    run_sync(first.pk, wakes_next=False)
    assert seen == [(State.QUEUED, [])]
    assert release_lapsed() == [second.pk]
    run_sync(second.pk)
    second.refresh_from_db()
    assert (second.state in ACCEPTED, world.version) == (True, 2)
    world.check_whole()


def test_the_sweeper_names_the_next_of_every_district(world, make_world, today):
    south = make_world("south")
    mine = [world.queue(today) for _ in range(3)]
    theirs = south.queue(today)
    assert release_lapsed() == [mine[0].pk, theirs.pk]
    claimed(theirs)
    assert release_lapsed() == [mine[0].pk]


def test_syncs_of_two_districts_run_at_the_same_time(world, make_world, today, monkeypatch):
    """Each waits, a moment before it applies, until the other has come as far."""
    south = make_world("south")
    meeting = threading.Barrier(2, timeout=60)
    meet_before_the_end(monkeypatch, meeting)
    syncs = [world.queue(today), south.queue(today)]
    assert at_once(*[lambda sync=sync: run_sync(sync.pk) for sync in syncs]) == [None, None]
    for one, sync in zip((world, south), syncs, strict=True):
        sync.refresh_from_db()
        assert (sync.state in ACCEPTED, one.version) == (True, 1)
        one.check_whole()
    assert world.roster() == south.roster()


def meet_before_the_end(monkeypatch: pytest.MonkeyPatch, meeting: threading.Barrier) -> None:
    hold_for = runner.hold_for
    monkeypatch.setattr(runner, "hold_for", lambda *args: (meeting.wait(), hold_for(*args))[1])


def test_districts_are_kept_apart(world, make_world, today, tomorrow):
    south: World = make_world("south")
    world.run(today)
    south.run(tomorrow)
    before = world.snapshot()
    south.run(today)
    assert world.snapshot() == before
    assert {path.name for path in Path(world.folder / "files" / "syncs").iterdir()} == {str(world.district.pk), str(south.district.pk)}

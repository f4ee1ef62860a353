"""What people decide about syncs, also at the worst moment, and what comes of it."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from imports.models import ImportApp, Sync, Transition
from imports.services.activate_app import activate_app
from imports.services.apply_sync import ROSTER_MOVED
from imports.services.decide_sync import DecisionRefused, approve_sync, cancel_sync, reject_sync
from imports.services.hold_sync import AGAIN
from imports.services.map_schools import auto_map
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from imports.services.sweep import sweep
from imports.states import ACCEPTED, FINAL, HoldKind, State
from tests.integration.worker.moments import at_once, before_the_end, during
from tests.integration.worker.world import ALL_NEW, World

pytestmark = pytest.mark.redis

PREVIEW = {**ALL_NEW, "delivery": {"preview": True}}


def history(sync: Sync) -> list[str]:
    return list(sync.transitions.values_list("to_state", flat=True))


def resume(sync: Sync) -> Sync:
    """Let a worker take the sync, here and now."""
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    return sync


def cancel(sync: Sync, world: World) -> None:
    cancel_sync(sync=Sync.objects.of(world.district).get(pk=sync.pk), by=world.owner, reason="Wrong file")


@pytest.fixture
def held(world, today, tomorrow) -> Sync:
    """A sync over the next day's files that waits for approval, in a district with a roster."""
    assert world.run(today).state in ACCEPTED
    world.configure(PREVIEW)
    sync = world.run(tomorrow)
    assert (sync.state, sync.hold_kind) == (State.HELD, HoldKind.PREVIEW)
    return sync


# --- cancel -----------------------------------------------------------------------------------------------------------


def test_a_queued_sync_is_cancelled_at_once_and_never_worked(world, today):
    sync = world.queue(today)
    cancel(sync, world)
    assert resume(sync).state == State.CANCELLED
    assert (world.version, sync.attempt) == (0, 0)
    last = sync.transitions.last()
    assert (last.by, last.reason) == (world.owner, "Wrong file")


def test_a_sync_that_waits_for_school_mapping_is_cancelled_at_once(make_world, today):
    world = make_world("north", document={})
    sync = world.run(today)
    assert sync.state == State.NEEDS_SCHOOL_MAPPING
    cancel(sync, world)
    with pytest.raises(DecisionRefused, match="does not wait for school mapping"):
        auto_map(sync=sync, by=world.owner, wake=False)
    assert resume(sync).state == State.CANCELLED


@pytest.mark.parametrize("stage", ["checking", "judging", "comparing", "storing"])
def test_a_running_sync_is_cancelled_at_its_next_step(world, today, monkeypatch, stage):
    sync = world.queue(today)
    during(monkeypatch, stage, lambda: cancel(sync, world))
    assert_cancelled(world, resume(sync))


@pytest.mark.parametrize("document", [ALL_NEW, PREVIEW])
def test_a_wish_to_cancel_in_the_last_moment_is_heeded_before_holding_and_before_applying(world, today, monkeypatch, document):
    world.configure(document)
    sync = world.queue(today)
    before_the_end(monkeypatch, lambda: cancel(sync, world))
    assert_cancelled(world, resume(sync))


def test_a_cancelled_sync_whose_worker_died_is_cancelled_by_the_sweeper(world, today, monkeypatch):
    sync = world.queue(today)
    before_the_end(monkeypatch, lambda: cancel(sync, world))
    monkeypatch.setattr("imports.services.run_sync._end_cancelled", lambda sync: None)
    assert resume(sync).state == State.RUNNING
    Sync.unscoped.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    sync.refresh_from_db()
    assert sync.state == State.CANCELLED


def assert_cancelled(world: World, sync: Sync) -> None:
    assert sync.state == State.CANCELLED
    assert (world.version, sum(world.live().values()), sync.artifacts) == (0, 0, "")
    assert not list((world.folder / "files").rglob("*.parquet"))
    assert not list((world.folder / "tmp").iterdir())


def test_cancelling_while_it_is_applied_is_refused(world, today, monkeypatch):
    sync = world.queue(today)
    refused: list[DecisionRefused] = []

    def try_to_cancel() -> None:
        (error,) = at_once(lambda: cancel(sync, world))
        refused.append(error)

    during(monkeypatch, "applying", try_to_cancel)
    assert resume(sync).state in ACCEPTED
    assert str(refused[0]) == f"Sync {sync.pk} is applying and cannot be cancelled any more."
    assert world.version == 1


@pytest.mark.parametrize("state", sorted(FINAL | {State.HELD, State.APPLYING}))
def test_what_cannot_be_cancelled_says_so(world, today, state):
    sync = world.queue(today)
    Sync.unscoped.filter(pk=sync.pk).update(state=state)
    with pytest.raises(DecisionRefused, match=f"Sync {sync.pk} is {state.label.lower()} and cannot be cancelled"):
        cancel(sync, world)
    sync.refresh_from_db()
    assert (sync.state, sync.cancel_requested) == (state, False)


# --- approve, reject --------------------------------------------------------------------------------------------------


def test_an_approved_sync_applies_exactly_what_was_shown(world, held, tomorrow):
    before = world.snapshot()
    shown = (held.artifacts, held.detail.counts)
    approve_sync(sync=held, by=world.owner, reason="Looks right", wake=False)
    assert world.snapshot() == before
    assert resume(held).state in ACCEPTED
    held.detail.refresh_from_db()
    assert (held.artifacts, held.detail.counts) == shown
    assert history(held) == ["queued", "running", "held", "queued", "running", "applying", held.state]
    approval = held.transitions.get(from_state=State.HELD)
    assert (approval.by, approval.reason) == (world.owner, "Approved. Looks right")
    world.check_whole()
    assert world.run(tomorrow).state == State.NO_CHANGES


def test_a_rejected_sync_leaves_everything_as_it_is(world, held):
    before = world.snapshot()
    reject_sync(sync=held, by=world.owner, reason="Half the school is missing")
    assert resume(held).state == State.REJECTED
    assert world.snapshot() == before
    assert (held.transitions.last().by, held.transitions.last().reason) == (world.owner, "Half the school is missing")


@pytest.mark.parametrize("state", sorted(set(State) - {State.HELD}))
def test_only_a_held_sync_is_approved_or_rejected(world, today, state):
    sync = world.queue(today)
    Sync.unscoped.filter(pk=sync.pk).update(state=state)
    for decide, word in ((approve_sync, "approved"), (reject_sync, "rejected")):
        with pytest.raises(DecisionRefused, match=f"only a held sync can be {word}"):
            decide(sync=sync, by=world.owner)
    sync.refresh_from_db()
    assert (sync.state, sync.approved) == (state, False)


def test_of_two_approvals_at_once_one_wins(world, held):
    raised = at_once(*[lambda: approve_sync(sync=held, by=world.owner, wake=False)] * 2)
    assert sorted(type(error).__name__ for error in raised) == ["DecisionRefused", "NoneType"]
    assert history(held).count("queued") == 2
    at_once(*[lambda: run_sync(held.pk, wakes_next=False)] * 2)
    assert resume(held).state in ACCEPTED
    assert (world.version, held.attempt) == (2, 2)
    world.check_whole()


def test_approved_and_rejected_at_once_it_is_one_or_the_other(world, held):
    raised = at_once(lambda: approve_sync(sync=held, by=world.owner, wake=False), lambda: reject_sync(sync=held, by=world.owner))
    approved, rejected = (error is None for error in raised)
    assert approved != rejected
    assert (resume(held).state == State.REJECTED) == rejected
    assert world.version == 1 + approved


# --- superseded, expired ----------------------------------------------------------------------------------------------


def test_a_newer_sync_of_the_app_supersedes_the_held_one(world, held, today):
    newer = world.queue(today)
    held.refresh_from_db()
    assert held.state == State.SUPERSEDED
    assert held.transitions.last().reason == f"Superseded by sync {newer.pk}."
    with pytest.raises(DecisionRefused, match="is superseded; only a held sync can be approved"):
        approve_sync(sync=held, by=world.owner)
    assert resume(held).state == State.SUPERSEDED


def test_a_sync_of_another_app_leaves_it_held(world, held, today):
    sftp = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=None)
    world.queue(today, app=sftp)
    held.refresh_from_db()
    assert held.state == State.HELD


def test_approved_while_a_newer_sync_comes_nothing_is_applied_twice(world, held, today):
    delivery = world.receive(today)
    raised = at_once(
        lambda: approve_sync(sync=held, by=world.owner, wake=False), lambda: start_sync(delivery=delivery, by=world.owner, wake=False)
    )
    assert raised[1] is None
    approved = raised[0] is None
    assert resume(held).state in (ACCEPTED if approved else {State.SUPERSEDED})
    assert world.version == 1 + approved
    newer = resume(Sync.objects.of(world.district).latest("pk"))
    assert newer.state == State.HELD
    world.check_whole()


def test_a_hold_expires_after_its_days_counted_from_when_it_was_held(world, held, settings):
    def sweep_after(days: int) -> str:
        Transition.objects.filter(sync=held).update(at=timezone.now() - timedelta(days=40))
        Transition.objects.filter(pk=held.transitions.last().pk).update(at=timezone.now() - timedelta(days=days))
        Sync.unscoped.filter(pk=held.pk).update(created_at=timezone.now() - timedelta(days=40))
        sweep()
        held.refresh_from_db()
        return held.state

    before = world.snapshot()
    assert sweep_after(settings.PORTAL_HELD_EXPIRE_DAYS - 1) == State.HELD
    assert sweep_after(settings.PORTAL_HELD_EXPIRE_DAYS + 1) == State.EXPIRED
    assert held.transitions.last().reason == "Nobody decided within 14 days."
    assert world.snapshot() == before


# --- the live roster has moved ----------------------------------------------------------------------------------------


def apply_by_another_app(world: World, archive) -> None:
    sftp = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=None)
    save_config(app=sftp, document=ALL_NEW, by=None)
    sftp.refresh_from_db()
    assert world.run(archive, app=sftp).state in ACCEPTED


def test_approved_after_the_live_roster_changed_it_is_shown_anew(world, held, tomorrow):
    """Another app applied the very same files meanwhile: nothing is left but what stayed because this app still delivered it, and that too is shown."""
    shown = held.artifacts
    apply_by_another_app(world, tomorrow)
    before, live = world.snapshot(), world.live()
    approve_sync(sync=held, by=world.owner, wake=False)
    assert resume(held).state == State.QUEUED
    assert held.transitions.last().reason == ROSTER_MOVED
    assert (resume(held).state, held.approved) == (State.HELD, False)
    assert world.snapshot() == before
    assert held.hold_detail.startswith(AGAIN)
    assert held.artifacts != shown
    held.detail.refresh_from_db()
    assert held.detail.counts["student"]["updated"] == held.detail.counts["student"]["created"] == 0
    world.check_whole()
    approve_sync(sync=held, by=world.owner, wake=False)
    assert resume(held).state in ACCEPTED
    assert world.version == before[2] + 1
    gone = {kind: count["deleted"] for kind, count in held.detail.counts.items()}
    assert gone["student"] and world.live() == {kind: count - gone[kind] for kind, count in live.items()}


def test_it_is_shown_anew_even_when_no_limit_is_exceeded_any_more(world, today, tomorrow):
    world.run(today)
    world.configure({**ALL_NEW, "delivery": {"update_threshold": 1}})
    held = world.run(tomorrow)
    assert (held.state, held.hold_kind) == (State.HELD, HoldKind.THRESHOLD)
    apply_by_another_app(world, tomorrow)
    before = world.snapshot()
    approve_sync(sync=held, by=world.owner, wake=False)
    resume(held)
    assert (resume(held).state, held.hold_kind, held.hold_detail) == (State.HELD, HoldKind.THRESHOLD, AGAIN)
    assert world.snapshot() == before


def test_a_failed_database_is_not_the_end_of_a_sync(world, today, monkeypatch):
    """What the database refuses for a while is tried again by the next worker, and not put down to the files or to the portal."""

    def down() -> None:
        raise OperationalError("the connection is closed")

    sync = world.queue(today)
    with monkeypatch.context() as patch:
        before_the_end(patch, down)
        assert resume(sync).state == State.RUNNING
    Sync.unscoped.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    assert resume(sync).state in ACCEPTED
    world.check_whole()

"""Every move of the table of states is made by the services: for each pair the situation that makes it, and none that the table has not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from imports.models import Sync, Transition
from imports.services import apply_sync as applying
from imports.services.claim import MAX_LOSSES, claim
from imports.services.decide_sync import approve_sync, cancel_sync, limit_sync, reject_sync
from imports.services.map_schools import auto_map
from imports.services.no_new_files import end_without_files
from imports.services.rollback import start_rollback
from imports.services.rollover import disable_deletion
from imports.services.run_sync import run_sync
from imports.services.simulate import start_simulation
from imports.services.start_sync import start_sync
from imports.services.sweep import sweep
from imports.states import TRANSITIONS, State, SyncKind
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.integration.worker.moments import during
from tests.unit.steps.kit import District, district, to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

PREVIEW = {"delivery": {"preview": True}}
UNMAPPED = {"schools": {"all_missing_as_new": False, "mapping": {}}}
HOLDS_DELETIONS = {"delivery": {"deletion_threshold": 10, "hold_deletions_only": True}}
WITHOUT_S2 = district(users={"S2": None}, demographics={"S2": None}, enrollments={"E2": None})
WITH_ISSUE = district(users={"S1": {"email": ""}})
Patch = pytest.MonkeyPatch


def queued(files: District | None = None, document: dict[str, Any] | None = None) -> tuple[Desk, Sync]:
    """A sync that no worker has taken."""
    desk = Desk(document or {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "work", lambda self, sync: sync)
        return desk, desk.deliver(files or district())


def waiting(document: dict[str, Any]) -> tuple[Desk, Sync]:
    """A sync that waits for a person."""
    desk = Desk(document)
    return desk, desk.deliver(district())


def run(sync: Sync) -> Sync:
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    return sync


def lapse(sync: Sync) -> None:
    """The worker has fallen silent, and the sweeper comes."""
    Sync.unscoped.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()


def expire(sync: Sync) -> None:
    Transition.objects.filter(sync=sync).update(at=timezone.now() - timedelta(days=400))
    sweep()


def roll_back(sync: Sync) -> Sync:
    rollback = run(start_rollback(sync=sync, by=None, wake=False))
    approve_sync(sync=rollback, by=None, wake=False)
    return run(rollback)


# --- the situations ---------------------------------------------------------------------------------------------------


def taken(patch: Patch) -> None:
    run(queued()[1])


def cancelled_in_the_queue(patch: Patch) -> None:
    cancel_sync(sync=queued()[1], by=None)


def a_rest_whose_delivery_is_old(patch: Patch) -> None:
    desk = Desk(HOLDS_DELETIONS)
    first = desk.deliver(district())
    desk.deliver(WITHOUT_S2)
    start_sync(delivery=first.delivery, by=None, wake=False)
    run(Sync.objects.of(desk.district).get(kind=SyncKind.REST))


def a_worker_is_lost(patch: Patch) -> None:
    sync = queued()[1]
    claim(sync.pk)
    lapse(sync)


def schools_are_not_mapped(patch: Patch) -> None:
    waiting(UNMAPPED)


def preview(patch: Patch) -> None:
    waiting(PREVIEW)


def the_same_files(patch: Patch) -> None:
    desk = Desk()
    desk.deliver(district())
    desk.deliver(district())


def refused_files(patch: Patch) -> None:
    """No file has a sourcedId."""
    patch.setattr("tests.integration.pipeline.desk.to_csv", lambda file, rows: to_csv(file, rows).replace("sourcedId", "number", 1))
    Desk().deliver(district())


def cancelled_at_work(patch: Patch) -> None:
    sync = queued()[1]
    during(patch, "comparing", lambda: cancel_sync(sync=sync, by=None))
    run(sync)


def simulated(patch: Patch) -> None:
    desk, sync = queued()
    simulation = start_simulation(app=desk.app, delivery=sync.delivery, by=None, wake=False)
    cancel_sync(sync=sync, by=None)
    run(simulation)


def schools_are_mapped(patch: Patch) -> None:
    auto_map(sync=waiting(UNMAPPED)[1], by=None, wake=False)


def cancelled_instead_of_mapped(patch: Patch) -> None:
    cancel_sync(sync=waiting(UNMAPPED)[1], by=None)


def newer_files_while_unmapped(patch: Patch) -> None:
    start_sync(delivery=waiting(UNMAPPED)[1].delivery, by=None, wake=False)


def nobody_maps(patch: Patch) -> None:
    expire(waiting(UNMAPPED)[1])


def limited(patch: Patch) -> None:
    limit_sync(sync=waiting(PREVIEW)[1], part=Part.of(types=["student"]), by=None, wake=False)


def rejected(patch: Patch) -> None:
    reject_sync(sync=waiting(PREVIEW)[1], by=None)


def nobody_decides(patch: Patch) -> None:
    expire(waiting(PREVIEW)[1])


def newer_files_while_held(patch: Patch) -> None:
    start_sync(delivery=waiting(PREVIEW)[1].delivery, by=None, wake=False)


def nothing_had_come(patch: Patch) -> None:
    end_without_files(app=Desk().app, by=None)


def clean_files(patch: Patch) -> None:
    Desk().deliver(district())


def files_with_an_issue(patch: Patch) -> None:
    Desk().deliver(WITH_ISSUE)


def deletion_is_disabled_at_the_last_moment(patch: Patch) -> None:
    """Between the two looks that the apply takes."""
    desk = Desk()
    desk.deliver(district())
    check, looked = applying._check_rollover, []

    def checking(sync: Sync) -> None:
        looked.append(sync)
        if len(looked) == 2:
            disable_deletion(district=desk.district, is_disabled=True, by=None)
        check(sync)

    patch.setattr(applying, "_check_rollover", checking)
    desk.deliver(WITHOUT_S2)


def the_apply_stumbles(patch: Patch) -> None:
    def stumble(**_: Any) -> None:
        raise ZeroDivisionError

    patch.setattr("imports.services.apply_sync.apply_changes", stumble)
    Desk().deliver(district())


def a_completed_sync_is_rolled_back(patch: Patch) -> None:
    roll_back(Desk().deliver(district()))


def a_sync_with_issues_is_rolled_back(patch: Patch) -> None:
    roll_back(Desk().deliver(WITH_ISSUE))


def a_rollback_is_rolled_back(patch: Patch) -> None:
    roll_back(roll_back(Desk().deliver(district())))


def a_rollback_of_a_sync_with_issues_is_rolled_back(patch: Patch) -> None:
    roll_back(roll_back(Desk().deliver(WITH_ISSUE)))


S = State
MOVES: dict[tuple[State, State], Callable[[Patch], None]] = {
    (S.QUEUED, S.RUNNING): taken,
    (S.QUEUED, S.CANCELLED): cancelled_in_the_queue,
    (S.QUEUED, S.SUPERSEDED): a_rest_whose_delivery_is_old,
    (S.QUEUED, S.NO_CHANGES): nothing_had_come,
    (S.RUNNING, S.QUEUED): a_worker_is_lost,
    (S.RUNNING, S.NEEDS_SCHOOL_MAPPING): schools_are_not_mapped,
    (S.RUNNING, S.HELD): preview,
    (S.RUNNING, S.APPLYING): clean_files,
    (S.RUNNING, S.NO_CHANGES): the_same_files,
    (S.RUNNING, S.FAILED): refused_files,
    (S.RUNNING, S.CANCELLED): cancelled_at_work,
    (S.RUNNING, S.SIMULATED): simulated,
    (S.NEEDS_SCHOOL_MAPPING, S.QUEUED): schools_are_mapped,
    (S.NEEDS_SCHOOL_MAPPING, S.CANCELLED): cancelled_instead_of_mapped,
    (S.NEEDS_SCHOOL_MAPPING, S.SUPERSEDED): newer_files_while_unmapped,
    (S.NEEDS_SCHOOL_MAPPING, S.EXPIRED): nobody_maps,
    (S.HELD, S.QUEUED): limited,
    (S.HELD, S.REJECTED): rejected,
    (S.HELD, S.EXPIRED): nobody_decides,
    (S.HELD, S.SUPERSEDED): newer_files_while_held,
    (S.APPLYING, S.COMPLETED): clean_files,
    (S.APPLYING, S.COMPLETED_WITH_ISSUES): files_with_an_issue,
    (S.APPLYING, S.QUEUED): deletion_is_disabled_at_the_last_moment,
    (S.APPLYING, S.FAILED): the_apply_stumbles,
    (S.COMPLETED, S.ROLLED_BACK): a_completed_sync_is_rolled_back,
    (S.COMPLETED_WITH_ISSUES, S.ROLLED_BACK): a_sync_with_issues_is_rolled_back,
    (S.ROLLED_BACK, S.COMPLETED): a_rollback_is_rolled_back,
    (S.ROLLED_BACK, S.COMPLETED_WITH_ISSUES): a_rollback_of_a_sync_with_issues_is_rolled_back,
}


@pytest.mark.no_database
def test_for_every_move_of_the_table_there_is_a_situation() -> None:
    assert set(MOVES) == {(come_from, to) for come_from, ways in TRANSITIONS.items() for to in ways}
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: f"{move[0]}-{move[1]}")
def test_it_is_made(move: tuple[State, State], monkeypatch: pytest.MonkeyPatch) -> None:
    MOVES[move](monkeypatch)
    made = [(State(one.from_state), State(one.to_state)) for one in Transition.objects.exclude(from_state="").order_by("pk")]
    assert move in made
    assert set(made) <= set(MOVES)


def test_what_was_approved_is_queued_and_applied() -> None:
    """A held sync is never applied by the one who approves it: a worker takes it."""
    _, sync = waiting(PREVIEW)
    approve_sync(sync=sync, by=None, wake=False)
    states = list(run(sync).transitions.values_list("to_state", flat=True))
    assert states == [S.QUEUED, S.RUNNING, S.HELD, S.QUEUED, S.RUNNING, S.APPLYING, S.COMPLETED]


@pytest.mark.parametrize("is_applying", [False, True])
def test_after_too_many_lost_workers_it_fails_wherever_they_were(is_applying: bool) -> None:
    desk, sync = queued()
    for _ in range(MAX_LOSSES):
        taken_now = claim(sync.pk)
        assert taken_now is not None
        if is_applying:
            Sync.unscoped.filter(pk=sync.pk).update(state=State.APPLYING)
        lapse(sync)
    sync.refresh_from_db()
    assert (sync.state, sync.losses, any(desk.live().values())) == (State.FAILED, MAX_LOSSES, False)

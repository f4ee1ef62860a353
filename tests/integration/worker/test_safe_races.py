"""Rollbacks that meet decisions, imports and each other: one comes first, the other is refused or shown anew, and nothing is undone twice."""

from typing import Any

import pytest

from accounts.models import AuditEvent
from imports.models import Sync
from imports.services.claim import claim
from imports.services.decide_sync import reject_sync
from imports.services.rollback import RollbackRefused, start_rollback
from imports.services.run_sync import run_sync
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import RecordType
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.integration.worker.exact import as_seen, check_applied_once, exactly, version_of
from tests.integration.worker.moments import at_once, before_the_end
from tests.integration.worker.nursery import open_nursery
from tests.integration.worker.races import (
    WHOLE,
    WITHOUT_S2,
    approve,
    fresh,
    held_rollback,
    names,
    phone,
    queue,
    settle,
    was_shown_anew,
    work,
)

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("transactional_db", "broker_url", "data_dir")]
RACES = 3  # of those whose outcome is a matter of luck


@pytest.fixture
def two_days() -> tuple[Desk, Sync, Sync]:
    """Two syncs that were applied: the second gave T1 a phone."""
    desk = Desk()
    return desk, desk.deliver(WHOLE), desk.deliver(phone(1))


def test_of_a_rollback_that_is_asked_for_several_times_at_once_there_is_one(two_days: tuple[Desk, Sync, Sync]) -> None:
    desk, _, second = two_days
    started: list[Sync] = []
    assert names(at_once(*[lambda: started.append(start_rollback(sync=second, by=None, wake=False))] * 4)) == [""] * 4
    (rollback,) = Sync.objects.of(desk.district).filter(kind=SyncKind.ROLLBACK)
    assert {one.pk for one in started} == {rollback.pk}
    assert rollback.transitions.count() == AuditEvent.objects.of(desk.district).filter(action="sync.rollback").count() == 1


def test_a_rollback_that_is_asked_for_while_it_is_applied_is_that_one_or_refused(two_days: tuple[Desk, Sync, Sync]) -> None:
    desk, _, second = two_days
    rollback = held_rollback(desk, second)
    approve(rollback)
    started: list[Sync] = []
    raised = at_once(
        lambda: run_sync(rollback.pk, wakes_next=False), lambda: started.append(start_rollback(sync=second, by=None, wake=False))
    )
    assert names(raised) in (["", ""], ["", "RollbackRefused"])
    assert [one.pk for one in started] in ([], [rollback.pk])
    settle(desk)
    assert (fresh(rollback).state in ACCEPTED, fresh(second).state, version_of(desk.district)) == (True, State.ROLLED_BACK, 3)
    with pytest.raises(RollbackRefused, match="was rolled back already"):
        start_rollback(sync=second, by=None, wake=False)


def test_of_approving_and_rejecting_a_rollback_at_once_one_wins(two_days: tuple[Desk, Sync, Sync]) -> None:
    desk, _, second = two_days
    rollback, before = held_rollback(desk, second), exactly(desk.district)
    raised = at_once(lambda: approve(rollback), lambda: reject_sync(sync=rollback, by=None))
    assert sorted(names(raised)) == ["", "DecisionRefused"]
    settle(desk)
    if raised[0] is None:
        assert (fresh(rollback).state in ACCEPTED, fresh(second).state) == (True, State.ROLLED_BACK)
    else:
        assert (fresh(rollback).state, fresh(second).state in ACCEPTED, exactly(desk.district)) == (State.REJECTED, True, before)


def test_the_rollbacks_of_two_syncs_approved_at_once_are_applied_one_after_the_other_and_the_second_is_shown_anew(
    two_days: tuple[Desk, Sync, Sync],
) -> None:
    desk, first, second = two_days
    one, other = held_rollback(desk, first), held_rollback(desk, second)
    assert names(at_once(lambda: approve(one), lambda: approve(other))) == ["", ""]
    assert names(at_once(*[lambda pk=pk: run_sync(pk, wakes_next=False) for pk in (one.pk, other.pk)])) == ["", ""]
    settle(desk)
    assert version_of(desk.district) == 3
    assert fresh(one).state in ACCEPTED  # the older one goes first, whoever wakes first
    assert was_shown_anew(other) or fresh(other).state == State.NO_CHANGES


def test_rollbacks_that_touch_different_records_are_applied_both_once_each_was_looked_at(two_days: tuple[Desk, Sync, Sync]) -> None:
    desk, _, second = two_days
    third = desk.deliver(phone(1, S1={"phone": "2"}))
    one, other = held_rollback(desk, second), held_rollback(desk, third)
    at_once(lambda: (approve(other), run_sync(other.pk, wakes_next=False)), lambda: (approve(one), run_sync(one.pk, wakes_next=False)))
    settle(desk)
    (late,) = (sync for sync in (one, other) if fresh(sync).state not in ACCEPTED)
    assert was_shown_anew(late)
    assert version_of(desk.district) == 4
    approve(late)
    settle(desk)
    assert {fresh(second).state, fresh(third).state} == {State.ROLLED_BACK}
    live = desk.live()
    assert (live[RecordType.TEACHER]["T1"]["phone"], live[RecordType.STUDENT]["S1"]["phone"]) == ("", "")


def test_the_whole_and_a_part_of_a_sync_rolled_back_at_once_undo_nothing_twice() -> None:
    desk = Desk()
    desk.deliver(WHOLE)
    before = as_seen(desk.district)
    second = desk.deliver(WITHOUT_S2)
    part = Part.of(outcomes=["deleted"])
    at_once(*[lambda part=part: start_rollback(sync=second, by=None, part=part, wake=False) for part in (None, part)])
    whole, restored = sorted(Sync.objects.of(desk.district).filter(undoes=second), key=lambda sync: sync.scope is not None)
    settle(desk)
    assert names(at_once(lambda: approve(whole), lambda: approve(restored))) == ["", ""]
    settle(desk)
    assert as_seen(desk.district) == before
    states = {fresh(whole).state, fresh(restored).state}
    assert State.NO_CHANGES in states  # nothing was left for the other one
    assert states & ACCEPTED
    assert version_of(desk.district) == 3


def test_a_rollback_that_is_approved_while_a_new_import_is_applied_is_shown_anew(
    two_days: tuple[Desk, Sync, Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import has the district already, a moment before it applies."""
    desk, _, second = two_days
    rollback = held_rollback(desk, second)
    newer = queue(desk, phone(2), monkeypatch)
    seen: list[str] = []

    def approve_now() -> None:
        seen.extend(names(at_once(lambda: approve(rollback))))
        assert claim(rollback.pk) is None
        seen.append(fresh(rollback).state)

    before_the_end(monkeypatch, approve_now)
    assert work(newer).state in ACCEPTED
    assert seen == ["", State.QUEUED]
    settle(desk)
    assert was_shown_anew(rollback) or fresh(rollback).state == State.NO_CHANGES
    assert (desk.live()[RecordType.TEACHER]["T1"]["phone"], version_of(desk.district)) == ("2", 3)


def test_real_processes_apply_a_rollback_and_an_import_in_one_order_or_the_other(
    two_days: tuple[Desk, Sync, Sync], process_env: dict[str, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _, second = two_days
    with open_nursery(process_env, tmp_path / "nursery.log") as nursery:
        for number in range(RACES):
            rollback = held_rollback(desk, second)
            newer = queue(desk, phone(10 + number, S1={"phone": str(number)}), monkeypatch)
            version = version_of(desk.district)
            at_once(lambda one=rollback: approve(one), lambda one=newer: nursery.work(one.pk))
            for sync in (rollback, newer, rollback):
                nursery.work(sync.pk)
            nursery.wait()
            settle(desk)
            newer, rollback = fresh(newer), fresh(rollback)
            assert newer.state in ACCEPTED
            if rollback.state in ACCEPTED:
                assert (rollback.applied_version, newer.applied_version, fresh(second).state) == (
                    version + 1,
                    version + 2,
                    State.ROLLED_BACK,
                )
            else:
                assert was_shown_anew(rollback) or rollback.state == State.NO_CHANGES
                assert (newer.applied_version, version_of(desk.district)) == (version + 1, version + 1)
                if rollback.state == State.HELD:
                    reject_sync(sync=rollback, by=None)
            assert desk.live()[RecordType.TEACHER]["T1"]["phone"] == str(10 + number)
            second = newer


def test_real_processes_told_of_one_rollback_apply_it_once(
    two_days: tuple[Desk, Sync, Sync], process_env: dict[str, str], tmp_path: Any
) -> None:
    desk, _, second = two_days
    rollback = held_rollback(desk, second)
    approve(rollback)
    with open_nursery(process_env, tmp_path / "nursery.log") as nursery:
        for _ in range(4):
            nursery.work(rollback.pk)
        nursery.wait()
    assert (fresh(rollback).state in ACCEPTED, fresh(rollback).attempt, version_of(desk.district)) == (True, 2, 3)
    check_applied_once(desk.district)

"""Disable data deletion through the services: kept and listed, never wrongly unchanged, whatever was approved; rollbacks and rehearsals are free of it."""

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from imports.models import Rollover, Sync
from imports.selectors.rehearsal import expected_drops, student_drop
from imports.selectors.rollover import WITHOUT_DELETIONS
from imports.services.decide_sync import approve_sync
from imports.services.rollback import start_rollback
from imports.services.rollover import disable_deletion
from imports.states import ACCEPTED, State
from records.attributes import RecordType
from tests.integration.pipeline.desk import Desk
from tests.integration.rollover.kit import counts, desk, fresh, keep, keys, queue, simulate, without_student
from tests.integration.worker.moments import before_the_end
from tests.unit.steps.kit import district

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
GONE = {"student": 1, "class": 1, "enrollment": 2}
STUDENT, CLASS, ENROLLMENT = RecordType.STUDENT, RecordType.CLASS, RecordType.ENROLLMENT


@pytest.fixture(autouse=True)
def _no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("imports.services.run_sync", "imports.services.rest"):
        monkeypatch.setattr(f"{module}.wake_worker", lambda _: None)


def test_an_import_creates_and_updates_but_keeps_what_it_would_delete() -> None:
    one = desk()
    keep(one)
    sync = one.deliver(without_student())
    assert sync.state in ACCEPTED
    assert (counts(sync, "deleted"), counts(sync, "kept")) == ({}, GONE)
    assert {row["code"] for rows in one.rows(sync).values() for row in rows if row["outcome"] == "kept"} == {"deletion-disabled"}
    live = one.live()
    assert live[STUDENT]["S1"]["phone"] == "5"
    assert {"S2"} <= set(live[STUDENT])
    assert {"C2"} <= set(live[CLASS])
    assert {"E2", "E4"} <= set(live[ENROLLMENT])


def test_the_same_files_are_not_the_same_once_the_switch_was_moved() -> None:
    one = desk()
    keep(one)
    one.deliver(without_student())
    assert one.deliver(without_student()).state == State.NO_CHANGES  # nor is there anything to do while it stands
    keep(one, is_disabled=False)
    after = one.deliver(without_student())
    assert after.state in ACCEPTED
    assert counts(after, "deleted") == GONE
    assert "S2" not in keys(one, STUDENT)
    keep(one)
    assert one.deliver(without_student()).state in ACCEPTED  # worked anew, for it might keep something now


def test_a_switch_moved_to_and_fro_while_a_sync_was_worked_is_not_trusted() -> None:
    one = desk()
    last = one.deliver(without_student())
    keep(one)
    keep(one, is_disabled=False)
    Rollover.objects.of(one.district).update(deletion_changed_at=last.started_at)
    again = one.deliver(without_student())  # the shortcut is not taken, but the files read say that nothing is new
    assert again.state == State.NO_CHANGES


def test_limits_for_deletions_hold_nothing_that_is_kept() -> None:
    one = desk({"delivery": {"deletion_threshold": 1, "school_deletion_rows": 0}})
    keep(one)
    assert one.deliver(without_student()).state in ACCEPTED
    keep(one, is_disabled=False)
    assert one.deliver(without_student()).state == State.HELD  # the first import after it is under the limits


class TestSyncsThatWereWorkedOutBefore:
    """Whatever was shown or approved before the switch was moved, nothing is deleted after."""

    def test_and_held_are_shown_again_without_deletions(self) -> None:
        one = desk({"delivery": {"preview": True}})
        held = one.deliver(without_student())
        assert counts(held, "deleted") == GONE
        keep(one)
        approve_sync(sync=held, by=None, wake=False)
        waits = one.work(held)
        assert (waits.state, waits.approved) == (State.QUEUED, False)
        assert waits.transitions.last().reason == WITHOUT_DELETIONS
        shown = one.work(held)
        assert shown.state == State.HELD
        assert (counts(shown, "deleted"), counts(shown, "kept")) == ({}, GONE)
        assert "Disable data deletion was switched on" in shown.hold_detail
        assert "Please look at it again" in shown.hold_detail
        approve_sync(sync=shown, by=None, wake=False)
        assert one.work(shown).state in ACCEPTED
        assert "S2" in keys(one, STUDENT)

    def test_and_held_without_deletions_are_applied_as_shown(self) -> None:
        one = desk({"delivery": {"preview": True}})
        held = one.deliver(district(users={"S1": {"phone": "5"}}))
        keep(one)
        approve_sync(sync=held, by=None, wake=False)
        assert one.work(held).state in ACCEPTED

    def test_and_held_while_it_was_on_delete_nothing_later(self) -> None:
        one = desk({"delivery": {"preview": True}})
        keep(one)
        held = one.deliver(without_student())
        keep(one, is_disabled=False)
        approve_sync(sync=held, by=None, wake=False)
        assert one.work(held).state in ACCEPTED
        assert "S2" in keys(one, STUDENT)

    def test_a_moment_before_it_would_be_applied(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        one = desk()
        sync = queue(one, without_student(), tmp_path / "files")
        before_the_end(monkeypatch, lambda: keep(one))
        assert one.work(sync).state == State.QUEUED
        assert "S2" in keys(one, STUDENT)
        done = one.work(sync)
        assert done.state in ACCEPTED
        assert counts(done, "kept") == GONE
        assert "S2" in keys(one, STUDENT)

    def test_and_held_back_of_another_are_left_over(self) -> None:
        one = desk({"delivery": {"deletion_threshold": 1, "hold_deletions_only": True}})
        applied = one.deliver(without_student())
        assert applied.state in ACCEPTED
        rest = one.work(Sync.objects.of(one.district).get(rest_of=applied))
        assert rest.state == State.HELD
        keep(one)
        approve_sync(sync=rest, by=None, wake=False)
        one.work(rest)
        assert one.work(rest).state == State.NO_CHANGES
        assert "S2" in keys(one, STUDENT)


def test_a_rollback_is_not_bound_by_it() -> None:
    one = desk()
    before = one.live()
    added = one.deliver(district(users={"S9": {"role": "student", "email": "s9@example.org", "grades": "03"}}))
    keep(one)
    rollback = one.work(start_rollback(sync=added, by=None, wake=False))
    assert counts(rollback, "deleted") == {"student": 1}
    approve_sync(sync=rollback, by=None, wake=False)
    assert one.work(rollback).state in ACCEPTED
    assert one.live() == before


class TestRehearsals:
    def test_delete_what_the_files_leave_out_where_a_simulation_keeps_it(self, tmp_path: Path) -> None:
        one = desk()
        keep(one)
        before = one.live()
        simulated = simulate(one, without_student(), tmp_path / "a")
        rehearsed = simulate(one, without_student(), tmp_path / "b", is_rehearsal=True)
        assert (counts(simulated, "deleted"), counts(rehearsed, "deleted")) == ({}, GONE)
        assert one.live() == before

    def test_show_the_drop_of_every_school_largest_first(self, tmp_path: Path) -> None:
        one = Desk()
        users = {
            **{f"A{n}": {"role": "student", "grades": "03", "orgSourcedIds": "O2", "email": f"a{n}@x.org"} for n in range(4)},
            "N0": {"role": "student", "grades": "03", "orgSourcedIds": "", "email": "n0@x.org"},
        }
        one.deliver(district(users=users))
        left = {f"A{n}": None for n in range(4)}
        grown = {
            "B1": {"role": "student", "grades": "03", "email": "b1@x.org"},
            "O1-new": {"role": "student", "grades": "03", "orgSourcedIds": "O3", "email": "c@x.org"},
        }
        files = district(
            users={**{name: values for name, values in users.items() if name not in left}, **grown},
            orgs={"O3": {"name": "East High", "type": "school", "identifier": "103", "parentSourcedId": "D1"}},
        )
        drops = expected_drops(simulate(one, files, tmp_path / "files", is_rehearsal=True))
        assert drops is not None
        listed = [(drop.label, drop.now, drop.after, drop.change, drop.is_emptied, drop.is_new) for drop in drops.schools]
        assert listed[:3] == [
            ("South High", 4, 0, -4, True, False), ("East High", 0, 1, 1, False, True), ("North High", 2, 3, 1, False, False),
        ]  # fmt: skip
        assert drops.emptied == 1
        student = next(one for one in drops.types if one.key == "student")
        assert (student.now, student.after) == (sum(row[1] for row in listed), sum(row[2] for row in listed))
        assert student.percent == pytest.approx(100 * abs(student.change) / student.now)

    def test_keep_the_drop_they_showed_when_the_roster_moves_on(self, tmp_path: Path) -> None:
        one = desk()
        rehearsed = simulate(one, without_student(), tmp_path / "files", is_rehearsal=True)
        before = expected_drops(rehearsed)
        one.deliver(without_student())
        assert expected_drops(fresh(rehearsed)) == before
        assert student_drop(fresh(rehearsed)).change == -1  # type: ignore[union-attr]

    def test_are_no_part_of_the_history(self, tmp_path: Path) -> None:
        one = desk()
        rehearsed = simulate(one, without_student(), tmp_path / "files", is_rehearsal=True)
        assert rehearsed.noun == "Rehearsal"
        assert Sync.objects.of(one.district).count() == 1

    def test_of_a_first_import_say_what_would_come(self, tmp_path: Path) -> None:
        one = Desk()
        drops = expected_drops(simulate(one, district(), tmp_path / "files", is_rehearsal=True))
        assert drops is not None
        assert [(drop.now, drop.after) for drop in drops.schools] == [(0, 2)]


def test_every_change_of_the_switch_is_audited_and_no_other() -> None:
    one = Desk()
    assert not disable_deletion(district=one.district, is_disabled=False, by=None)
    keep(one)
    assert not disable_deletion(district=one.district, is_disabled=True, by=None)
    keep(one, is_disabled=False)
    told = AuditEvent.objects.of(one.district).filter(action__startswith="rollover").order_by("pk").values_list("action", flat=True)
    assert list(told) == ["rollover.deletion_disabled", "rollover.deletion_enabled"]
    assert Rollover.objects.of(one.district).get().deletion_changed_at <= timezone.now()

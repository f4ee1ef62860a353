"""Suspend data import: nothing starts or is applied in the period, everything else goes on, and it ends by itself."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEvent
from imports.models import Delivery, Rollover, Sync
from imports.selectors.rollover import is_planned, is_suspended, rollover_of, strips_of, suspended_until, waiting_syncs
from imports.services import run_sync as runner
from imports.services.claim import claim, release_lapsed
from imports.services.decide_sync import DecisionRefused, approve_sync, cancel_sync, limit_sync, reject_sync
from imports.services.map_schools import auto_map
from imports.services.rollback import start_rollback
from imports.services.rollover import LONGEST, RolloverRefused, end_suspension, suspend_import, tell_rollovers
from imports.services.start_sync import ImportSuspended
from imports.states import ACCEPTED, State
from imports.views.words import describe, queue_sentence
from notices.models import Event
from records.attributes import RecordType
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.integration.rollover.kit import (
    HOUR,
    deliver_only,
    desk,
    fresh,
    keep,
    keys,
    lapse,
    queue,
    resume,
    simulate,
    suspend,
    without_student,
)  # fmt: skip
from tests.integration.worker.moments import at_once, before_the_end, during
from tests.unit.steps.kit import district, to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
PREVIEW = {"delivery": {"preview": True}}


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The syncs whose workers would have been told."""
    told: list[int] = []
    for module in ("imports.services.rollover", "imports.services.run_sync", "imports.services.rest"):
        monkeypatch.setattr(f"{module}.wake_worker", told.append)
    return told


class TestThePeriod:
    def test_holds_from_its_start_on_and_no_more_at_its_end(self) -> None:
        now = timezone.now()
        one = Rollover(suspends_from=now, suspends_until=now + HOUR)
        tick = timedelta(microseconds=1)
        assert [is_suspended(one, at) for at in (now - tick, now, now + HOUR - tick, now + HOUR)] == [False, True, True, False]
        assert [is_planned(one, at) for at in (now - tick, now)] == [True, False]
        assert not is_suspended(Rollover(), now)
        assert not is_planned(Rollover(), now)

    @pytest.mark.parametrize(
        ("starts", "ends", "words"),
        [
            (None, timedelta(0), "has passed already"),
            (None, -HOUR, "has passed already"),
            (2 * HOUR, 2 * HOUR, "not after the start"),
            (3 * HOUR, 2 * HOUR, "not after the start"),
            (None, LONGEST + HOUR, "longer than a year"),
            (HOUR, LONGEST + 2 * HOUR, "longer than a year"),
            (2 * LONGEST, 2 * LONGEST + HOUR, "more than a year ahead"),
        ],
    )
    def test_that_cannot_be_is_refused(self, starts: timedelta | None, ends: timedelta, words: str) -> None:
        one, now = Desk(), timezone.now()
        with pytest.raises(RolloverRefused, match=words):
            suspend(one, None if starts is None else now + starts, now + ends)
        assert suspended_until(one.district) is None
        assert not AuditEvent.objects.of(one.district).filter(action__startswith="rollover").exists()

    def test_its_end_is_moved_without_its_start(self) -> None:
        one, now = Desk(), timezone.now()
        begun = suspend(one).suspends_from
        moved = suspend(one, begun, now + 2 * HOUR)
        assert (moved.suspends_from, moved.suspends_until) == (begun, now + 2 * HOUR)
        later = suspend(one, now + HOUR, now + 2 * HOUR)  # put off
        assert later.suspends_from == now + HOUR
        assert suspended_until(one.district) is None

    def test_a_start_in_the_past_is_now(self) -> None:
        one, now = Desk(), timezone.now()
        begun = suspend(one, now - HOUR).suspends_from
        assert begun is not None
        assert begun >= now

    def test_every_change_is_audited(self) -> None:
        one = Desk()
        suspend(one, timezone.now() + HOUR, timezone.now() + 2 * HOUR)
        resume(one)
        suspend(one)
        resume(one)
        assert not end_suspension(district=one.district, by=None)
        told = AuditEvent.objects.of(one.district).filter(action__startswith="rollover").order_by("pk").values_list("action", flat=True)
        assert list(told) == ["rollover.suspended", "rollover.called_off", "rollover.suspended", "rollover.resumed"]

    def test_is_that_of_one_district(self, tmp_path: Path) -> None:
        one, other = desk(), desk()
        suspend(one)
        assert suspended_until(other.district) is None
        assert other.deliver(without_student()).state in ACCEPTED
        assert strips_of(other.district) == []


class TestImports:
    def test_are_not_taken_in_and_nothing_else_is_kept_out(self, tmp_path: Path) -> None:
        one = desk()
        suspend(one)
        with pytest.raises(ImportSuspended, match="Data import is suspended until .* nothing was changed"):
            queue(one, without_student(), tmp_path / "files")
        assert Sync.objects.of(one.district).count() == 1
        one.configure({"delivery": {"deletion_threshold": 10}})  # configuration goes on
        assert simulate(one, without_student(), tmp_path / "trial").would_end == State.HELD
        lapse(one)
        assert one.deliver(without_student()).state == State.HELD  # under the limit that was set meanwhile

    def test_from_the_command_line_are_refused_and_nothing_is_stored(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one = desk()
        suspend(one)
        for file, rows in without_student().items():
            (tmp_path / f"{file}.csv").write_text(to_csv(file, rows), encoding="utf-8", newline="")
        with pytest.raises(SystemExit) as ended:
            call_command("import_roster", one.district.slug, str(tmp_path), "--json")
        assert ended.value.code == 1
        out, err = capsys.readouterr()
        assert json.loads(out)["errors"][0]["code"] == "import-suspended"
        assert "Data import is suspended until" in err
        assert Delivery.objects.of(one.district).count() == 1

    def test_that_were_queued_wait_and_go_on_by_themselves(self, tmp_path: Path, woken: list[int]) -> None:
        one = desk()
        waiting = queue(one, without_student(), tmp_path / "files")
        until = suspend(one).suspends_until
        assert claim(waiting.pk) is None
        assert release_lapsed() == []
        assert waiting_syncs(one.district) == 1
        waiting = fresh(waiting)
        assert queue_sentence(waiting).startswith("Data import is suspended until ")
        assert describe(waiting, {}).startswith("It waits. Data import is suspended until ")
        assert until is not None
        lapse(one)
        assert release_lapsed() == [waiting.pk]  # the sweeper wakes it
        assert queue_sentence(waiting) == "It starts as soon as a worker is free."
        assert one.work(waiting).state in ACCEPTED

    def test_that_waited_are_woken_when_an_owner_ends_it(
        self, tmp_path: Path, woken: list[int], django_capture_on_commit_callbacks: Any
    ) -> None:
        one = desk()
        waiting = queue(one, without_student(), tmp_path / "files")
        suspend(one)
        with django_capture_on_commit_callbacks(execute=True):
            resume(one)
        assert woken == [waiting.pk]

    def test_that_wait_may_be_cancelled(self, tmp_path: Path) -> None:
        one = desk()
        waiting = queue(one, without_student(), tmp_path / "files")
        suspend(one)
        cancel_sync(sync=waiting, by=None)
        assert fresh(waiting).state == State.CANCELLED

    def test_that_wait_keep_nothing_else_waiting(self, tmp_path: Path) -> None:
        one = desk()
        first = Sync.objects.of(one.district).get()
        waiting = queue(one, without_student(), tmp_path / "files")
        suspend(one)
        shown = one.work(start_rollback(sync=first, by=None, wake=False))
        assert shown.state == State.HELD
        simulated = simulate(one, without_student(), tmp_path / "trial")
        assert simulated.state == State.SIMULATED
        approve_sync(sync=shown, by=None, wake=False)
        assert release_lapsed() == [shown.pk]
        assert one.work(shown).state in ACCEPTED
        assert keys(one, RecordType.STUDENT) == set()
        assert fresh(waiting).state == State.QUEUED

    def test_whose_schools_are_mapped_meanwhile_wait_too(self, tmp_path: Path) -> None:
        one = Desk()
        one.configure({"schools": {"all_missing_as_new": False, "mapping": {}}})
        stopped = one.deliver(district())
        assert stopped.state == State.NEEDS_SCHOOL_MAPPING
        suspend(one)
        auto_map(sync=stopped, by=None, wake=False)
        assert one.work(stopped).state == State.QUEUED
        lapse(one)
        assert one.work(stopped).state in ACCEPTED


class TestHeldSyncs:
    def test_are_not_approved_limited_or_worked_anew_but_rejected(self) -> None:
        one = desk(PREVIEW)
        held = one.deliver(without_student())
        assert held.state == State.HELD
        suspend(one)
        for decide in (approve_sync, lambda **given: limit_sync(part=Part.of(types=["student"]), **given)):
            with pytest.raises(DecisionRefused, match="Data import is suspended until .* stays held and nothing was changed"):
                decide(sync=held, by=None, wake=False)
        assert fresh(held).state == State.HELD
        reject_sync(sync=held, by=None, reason="Too early.")
        assert fresh(held).state == State.REJECTED

    def test_are_not_approved_from_the_command_line(self) -> None:
        one = desk(PREVIEW)
        held = one.deliver(without_student())
        suspend(one)
        with pytest.raises(CommandError, match="Data import is suspended until"):
            call_command("sync", one.district.slug, str(held.pk), "--approve")
        assert fresh(held).state == State.HELD

    def test_are_approved_after_it(self) -> None:
        one = desk(PREVIEW)
        held = one.deliver(without_student())
        suspend(one)
        lapse(one)
        approve_sync(sync=held, by=None, wake=False)
        assert one.work(held).state in ACCEPTED

    def test_that_were_approved_before_it_wait_as_they_were_approved(self) -> None:
        one = desk(PREVIEW)
        held = one.deliver(without_student())
        approve_sync(sync=held, by=None, wake=False)
        suspend(one)
        before = one.live()
        assert one.work(held).state == State.QUEUED
        assert one.live() == before
        lapse(one)
        done = one.work(held)
        assert done.state in ACCEPTED
        assert done.attempt == 2  # one to show it, one to apply it


class TestSyncsAtWork:
    """Those that a worker has when the period begins."""

    @pytest.mark.parametrize("stage", ["checking", "storing"])
    def test_are_not_applied_and_go_on_after_it(self, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        one = desk()
        sync, before = queue(one, without_student(), tmp_path / "files"), one.live()
        during(monkeypatch, stage, lambda: suspend(one))
        assert one.work(sync).state == State.QUEUED
        assert "Data import is suspended until" in fresh(sync).transitions.last().reason
        assert one.live() == before
        lapse(one)
        assert one.work(sync).state in ACCEPTED
        assert one.live() != before

    def test_keep_their_approval_when_it_begins_a_moment_before_they_are_applied(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one = desk(PREVIEW)
        held, before = one.deliver(without_student()), one.live()
        approve_sync(sync=held, by=None, wake=False)
        apply_sync = runner.apply_sync

        def late(*args: Any, **options: Any) -> None:
            suspend(one)
            apply_sync(*args, **options)

        monkeypatch.setattr(runner, "apply_sync", late)
        waits = one.work(held)
        assert (waits.state, waits.approved, one.live()) == (State.QUEUED, True, before)
        monkeypatch.setattr(runner, "apply_sync", apply_sync)
        lapse(one)
        assert one.work(held).state in ACCEPTED

    def test_that_need_a_person_are_held(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        one = desk({"delivery": {"deletion_threshold": 10}})
        sync = queue(one, without_student(), tmp_path / "files")
        before_the_end(monkeypatch, lambda: suspend(one))
        assert one.work(sync).state == State.HELD


class TestWhatIsTold:
    def test_strips_say_what_is_held_back_and_until_when(self) -> None:
        one = Desk()
        assert strips_of(one.district) == []
        suspend(one, timezone.now() + HOUR, timezone.now() + 2 * HOUR)
        assert [(one.tone, one.text[:27]) for one in strips_of(one.district)] == [("info", "Data import will be suspend")]
        suspend(one)
        keep(one)
        first, second = strips_of(one.district)
        assert (first.tone, second.tone) == ("wait", "info")
        assert first.text.startswith("Data import is suspended until ")
        assert second.text.startswith("Data deletion is disabled")
        lapse(one)
        assert len(strips_of(one.district)) == 1

    def test_owners_are_told_once_a_day_before_it_ends(self) -> None:
        one, now = Desk(), timezone.now()
        suspend(one, now, now + timedelta(days=3))
        assert tell_rollovers(now + timedelta(days=1)) == 0
        assert tell_rollovers(now + timedelta(days=2, hours=1)) == 1
        tell_rollovers(now + timedelta(days=2, hours=2))
        event = Event.objects.of(one.district).get(kind="rollover.ends")
        assert event.facts["what"] == "Suspend data import"
        assert event.subject_url == "/administration/rollover/"
        assert tell_rollovers(now + timedelta(days=4)) == 0
        suspend(one, now, now + timedelta(days=5))  # another end is told of again
        tell_rollovers(now + timedelta(days=4, hours=12))
        assert Event.objects.of(one.district).filter(kind="rollover.ends").count() == 2

    def test_a_planned_period_is_not_told_of_before_it_has_begun(self) -> None:
        one, now = Desk(), timezone.now()
        suspend(one, now + 2 * HOUR, now + 4 * HOUR)
        assert tell_rollovers(now + HOUR) == 0
        assert tell_rollovers(now + 3 * HOUR) == 1


def test_a_lapsed_suspension_leaves_the_switch_of_deletion_alone() -> None:
    one = desk()
    keep(one)
    suspend(one)
    lapse(one)
    done = one.deliver(without_student())
    assert done.state in ACCEPTED
    assert "S2" in keys(one, RecordType.STUDENT)
    assert rollover_of(one.district).disables_deletion


def test_a_rehearsal_goes_on_while_suspended(tmp_path: Path) -> None:
    one = desk()
    suspend(one)
    keep(one)
    assert simulate(one, without_student(), tmp_path / "files", is_rehearsal=True).would_end in ACCEPTED
    assert deliver_only(one, without_student(), tmp_path / "more").pk


@pytest.mark.django_db(transaction=True)
def test_two_who_set_it_at_once_leave_one_rollover_and_no_trace_of_a_quarrel() -> None:
    one, now = Desk(), timezone.now()
    acts = [lambda hours=hours: suspend_import(district=one.district, starts=None, ends=now + hours * HOUR, by=None) for hours in (1, 2)]
    assert at_once(*acts, lambda: keep(one)) == [None, None, None]
    saved = Rollover.objects.of(one.district).get()
    assert saved.disables_deletion
    assert saved.suspends_until in (now + HOUR, now + 2 * HOUR)
    assert AuditEvent.objects.of(one.district).filter(action__startswith="rollover").count() == 3

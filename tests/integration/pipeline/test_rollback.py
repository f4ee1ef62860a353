"""Rolling syncs back: the roster of before, value by value; what later syncs changed is told and left; nothing is undone twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dataquality.models import Issue
from imports.models import Sync
from imports.services.decide_sync import DecisionRefused, approve_sync, limit_sync, reject_sync
from imports.services.rekey_sync import accept_rekeys
from imports.services.rollback import RollbackRefused, start_rollback
from imports.states import ACCEPTED, HoldKind, State
from records.attributes import RecordType
from records.part import Part
from roster.models import LIVE, RosterState
from roster.services.purge_deleted import purge_deleted
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import District, district, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
STUDENT, TEACHER, CLASS, ENROLLMENT = RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS, RecordType.ENROLLMENT


def begin(desk: Desk, sync: Sync, part: Part | None = None) -> Sync:
    """The rollback as it is shown."""
    return desk.work(start_rollback(sync=sync, by=None, part=part, wake=False))


def roll_back(desk: Desk, sync: Sync, part: Part | None = None) -> Sync:
    """The rollback, approved and applied."""
    shown = begin(desk, sync, part)
    assert (shown.state, shown.hold_kind) == (State.HELD, HoldKind.PREVIEW), shown.failure
    approve_sync(sync=shown, by=None, wake=False)
    done = desk.work(shown)
    assert done.state in ACCEPTED, done.failure
    return done


def moved(sync: Sync) -> dict[str, tuple[int, int, int]]:
    counts = {kind: (one["created"], one["updated"], one["deleted"]) for kind, one in sync.detail.counts.items()}
    return {kind: one for kind, one in counts.items() if any(one)}


def conflicts(sync: Sync) -> set[tuple[int, str, str, int]]:
    return {(one["sync"], one["record_type"], one["what"], one["count"]) for one in sync.detail.conflicts}


def state(sync: Sync) -> str:
    return Sync.objects.of(sync.district_id).get(pk=sync.pk).state


def next_day() -> District:
    """S1 has another address and a lunch, S2 and E2 are gone, S3 and E5 are new, class C2 is renamed."""
    return district(
        users={"S1": {"email": "other@example.org", "metadata.lunch": "free"}, "S2": None, "S3": {"role": "student", "grades": "03", "email": "s3@example.org"}},
        enrollments={"E2": None, "E5": {"userSourcedId": "S3"}}, classes={"C2": {"title": "Geometry"}}, demographics={"S2": None},
    )  # fmt: skip


def test_the_last_sync_is_undone_value_by_value() -> None:
    desk = Desk()
    desk.deliver(district())
    before = desk.live()
    second = desk.deliver(next_day())
    after = desk.live()
    shown = begin(desk, second)
    assert moved(shown) == {"student": (1, 1, 1), "enrollment": (1, 0, 1), "class": (0, 1, 0)}
    assert (desk.live(), shown.detail.conflicts) == (after, [])
    approve_sync(sync=shown, by=None, wake=False)
    done = desk.work(shown)
    assert desk.live() == before
    assert (state(second), done.state in ACCEPTED) == (State.ROLLED_BACK, True)
    assert RosterState.objects.of(desk.district).get().counts == {kind.value: len(rows) for kind, rows in before.items()}
    again = roll_back(desk, done)
    assert desk.live() == after
    assert (state(done), state(second)) == (State.ROLLED_BACK, second.state)
    roll_back(desk, again)
    assert (desk.live(), state(second)) == (before, State.ROLLED_BACK)


def test_the_first_import_is_undone_to_an_empty_roster_and_back() -> None:
    desk = Desk()
    first = desk.deliver(district())
    full = desk.live()
    done = roll_back(desk, first)
    assert not any(desk.live().values())
    assert RosterState.objects.of(desk.district).get().by_school == {}
    roll_back(desk, done)
    assert desk.live() == full


def test_the_same_files_are_worked_again_after_a_rollback() -> None:
    desk = Desk()
    desk.deliver(district())
    second = desk.deliver(next_day())
    after = desk.live()
    roll_back(desk, second)
    assert desk.deliver(next_day()).state in ACCEPTED
    assert desk.live() == after


def test_records_keep_the_sync_that_brought_them() -> None:
    desk = Desk()
    first = desk.deliver(district())
    second = desk.deliver(next_day())
    done = roll_back(desk, second)
    brought = LIVE[STUDENT].objects.of(desk.district).get(key="S2")
    assert (brought.first_sync, brought.last_sync, brought.deleted_at) == (first.pk, done.pk, None)


class TestLaterSyncs:
    def test_an_older_sync_is_undone_and_what_later_ones_changed_stays(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(next_day())
        third = next_day()
        for row in third["users"]:
            if row["sourcedId"] == "S1":
                row["phone"] = "555"
            if row["sourcedId"] == "S3":
                row["givenName"] = "Zoe"
        third_sync = desk.deliver(third)
        shown = begin(desk, second)
        assert conflicts(shown) == {(third_sync.pk, "student", "merged", 1), (third_sync.pk, "student", "changed", 1)}
        done = roll_back(desk, second)
        live = desk.live()[STUDENT]
        assert (live["S1"]["email"], live["S1"]["phone"]) == ("s1.student@example.org", "555")
        assert live["S1"]["extra"] == "{}"
        assert live["S3"]["first_name"] == "Zoe"
        assert live["S2"]["email"] == "s2.student@example.org"
        assert (state(third_sync) in ACCEPTED, done.detail.counts["student"]["kept"]) == (True, 1)

    def test_what_came_back_by_itself_or_went_later_is_told(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(next_day())
        third = desk.deliver(district(users={"S1": None}, demographics={"S1": None}, enrollments={"E1": None, "E4": None}))
        shown = begin(desk, second)
        assert {(one["record_type"], one["what"]) for one in shown.detail.conflicts} >= {("student", "gone"), ("student", "back")}
        before = desk.live()
        assert shown.state == State.NO_CHANGES or third
        assert desk.live() == before

    def test_enrollments_of_what_is_deleted_go_with_it_whoever_brought_them(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(district(classes={"C9": {}}))
        desk.deliver(district(classes={"C9": {}}, enrollments={"E9": {"classSourcedId": "C9"}}))
        done = roll_back(desk, second)
        assert moved(done) == {"class": (0, 0, 1), "enrollment": (0, 0, 1)}
        assert "E9" not in desk.live()[ENROLLMENT]

    def test_enrollments_whose_class_went_later_do_not_come_back(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(district(enrollments={"E4": None}))
        third = desk.deliver(district(enrollments={"E4": None}, classes={"C2": None}))
        shown = begin(desk, second)
        assert (moved(shown), conflicts(shown)) == ({}, {(second.pk, "enrollment", "stranded", 1)})
        assert (shown.state, third.state in ACCEPTED) == (State.NO_CHANGES, True)

    def test_a_value_that_another_holds_by_now_is_not_brought_back(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(district(users={"S1": {"email": "new@example.org"}}))
        taker = desk.deliver(district(users={"S1": {"email": "new@example.org"}, "T1": {"email": "S1.student@EXAMPLE.org"}}))
        shown = begin(desk, second)
        assert (moved(shown), conflicts(shown)) == ({}, {(second.pk, "student", "taken", 1)})
        assert desk.live()[TEACHER]["T1"]["email"] == "S1.student@EXAMPLE.org"
        assert taker.state in ACCEPTED

    def test_a_person_kept_away_keeps_the_enrollments_away(self) -> None:
        desk = Desk()
        desk.deliver(district())
        second = desk.deliver(district(users={"S2": None}, demographics={"S2": None}, enrollments={"E2": None}))
        desk.deliver(
            district(users={"S2": None, "T1": {"email": "s2.student@example.org"}}, demographics={"S2": None}, enrollments={"E2": None})
        )
        shown = begin(desk, second)
        assert {(one["record_type"], one["what"]) for one in shown.detail.conflicts} == {("student", "taken"), ("enrollment", "stranded")}
        assert moved(shown) == {}

    def test_own_domains_of_uniqueness_hold_in_rollbacks(self) -> None:
        desk = Desk({"uniqueness": [{"record_type": "student", "attributes": ["username"]}]})
        desk.deliver(district())
        second = desk.deliver(district(users={"S1": {"username": "moved"}}))
        desk.deliver(district(users={"S1": {"username": "moved"}, "S2": {"username": "S1"}}))
        assert {(one["record_type"], one["what"]) for one in begin(desk, second).detail.conflicts} == {("student", "taken")}


def test_the_difference_is_shown_anew_when_the_roster_moves_between_look_and_approval() -> None:
    desk = Desk()
    desk.deliver(district())
    second = desk.deliver(next_day())
    shown = begin(desk, second)
    third = next_day()
    third["courses"][0]["title"] = "Algebra I"
    desk.deliver(third)
    approve_sync(sync=shown, by=None, wake=False)
    assert desk.work(shown).state == State.QUEUED
    again = desk.work(shown)
    assert again.state == State.HELD
    assert again.hold_detail.startswith("The live roster has changed since this was shown.")


def test_a_new_delivery_does_not_supersede_a_rollback_that_waits() -> None:
    desk = Desk()
    desk.deliver(district())
    shown = begin(desk, desk.deliver(next_day()))
    desk.deliver(district(users={"S1": {"phone": "7"}}))
    assert state(shown) == State.HELD


def test_a_rejected_rollback_changes_nothing_and_can_be_asked_for_again() -> None:
    desk = Desk()
    desk.deliver(district())
    second = desk.deliver(next_day())
    after = desk.live()
    shown = begin(desk, second)
    assert start_rollback(sync=second, by=None, wake=False).pk == shown.pk
    reject_sync(sync=shown, by=None)
    assert (desk.live(), state(second)) == (after, second.state)
    assert begin(desk, second).pk != shown.pk


def test_what_cannot_be_rolled_back_says_why(settings: Any) -> None:
    settings.PORTAL_ROLLBACK_SYNCS = 2
    desk = Desk()
    first = desk.deliver(district())
    second = desk.deliver(next_day())
    same = desk.deliver(next_day())
    third = desk.deliver(district(users={"S1": {"phone": "1"}}))
    for sync, words in ((first, "not among the last 2 completed syncs"), (same, "is no changes; only a completed sync")):
        with pytest.raises(RollbackRefused, match=words):
            start_rollback(sync=sync, by=None)
    done = roll_back(desk, third)
    with pytest.raises(RollbackRefused, match=f"Sync {third.pk} was rolled back already"):
        start_rollback(sync=third, by=None)
    shown = begin(desk, done)
    with pytest.raises(DecisionRefused, match="A rollback cannot be limited"):
        limit_sync(sync=shown, part=Part.of(types=["student"]), by=None)
    assert second.state in ACCEPTED


class TestRestore:
    def deleted(self) -> tuple[Desk, Sync]:
        desk = Desk()
        desk.deliver(district())
        return desk, desk.deliver(district(users={"S1": {"phone": "1"}, "S2": None}, demographics={"S2": None}, enrollments={"E2": None}))

    def test_deleted_records_come_back_and_the_rest_of_the_sync_stands(self) -> None:
        desk, second = self.deleted()
        part = Part(outcomes=frozenset({"deleted"}), keys={"student": frozenset({"S2"}), "enrollment": frozenset({"E2"})})
        done = roll_back(desk, second, part)
        assert moved(done) == {"student": (1, 0, 0), "enrollment": (1, 0, 0)}
        assert desk.live()[STUDENT]["S1"]["phone"] == "1"
        assert state(second) in ACCEPTED

    def test_an_old_sync_can_still_give_its_deleted_records_back(self, settings: Any) -> None:
        desk, second = self.deleted()
        settings.PORTAL_ROLLBACK_SYNCS = 1
        for phone in "23":
            desk.deliver(district(users={"S1": {"phone": phone}, "S2": None}, demographics={"S2": None}, enrollments={"E2": None}))
        with pytest.raises(RollbackRefused):
            start_rollback(sync=second, by=None)
        roll_back(desk, second, Part.of(outcomes=["deleted"]))
        assert "S2" in desk.live()[STUDENT]

    def test_purged_records_do_not_come_back(self) -> None:
        desk, second = self.deleted()
        purge_deleted(before=timezone.now() + timedelta(seconds=1))
        shown = begin(desk, second, Part.of(outcomes=["deleted"]))
        assert shown.state == State.NO_CHANGES
        assert {(one["record_type"], one["what"], one["count"]) for one in shown.detail.conflicts} == {
            ("student", "purged", 1), ("enrollment", "purged", 1),
        }  # fmt: skip


def test_issues_are_those_of_the_delivery_that_stands() -> None:
    desk = Desk()
    desk.deliver(district(users={"S1": {"email": ""}}))
    opened = set(open_issues(desk))
    second = desk.deliver(district(users={"S2": {"email": ""}}))
    assert set(open_issues(desk)) != opened
    done = roll_back(desk, second)
    assert set(open_issues(desk)) == opened
    roll_back(desk, done)
    assert {key for key, _ in open_issues(desk)} == {"S2"}


def open_issues(desk: Desk) -> list[tuple[str, str]]:
    return list(Issue.objects.of(desk.district).filter(resolved_at=None).values_list("record_key", "code"))


def test_a_teacher_who_is_an_admin_too_shares_the_address_in_rollbacks() -> None:
    desk = Desk()
    both = district(users={"T1": {"email": "t@example.org"}})
    both["users"].append(person("T1", "administrator", email="t@example.org"))
    desk.deliver(both)
    second = desk.deliver(district(users={"T1": {"email": "u@example.org"}}))
    shown = begin(desk, second)
    assert (shown.detail.conflicts, shown.state) == ([], State.HELD)


def test_people_who_were_given_new_ids_get_the_old_ones_back_and_again_the_new() -> None:
    desk = Desk()
    desk.deliver(district())
    before = desk.live()
    desk.configure({"delivery": {"preview": True}})
    files = district(users={"S2": None}, demographics={"S2": None}, enrollments={"E2": {"userSourcedId": "N2"}})
    files["users"].append(
        person("N2", "student", givenName="GivenS2", familyName="FamilyS2", email="s2.student@example.org", username="S2")
    )
    files["demographics"].append({**district()["demographics"][1], "sourcedId": "N2"})
    held = desk.deliver(files)
    assert held.detail.churn == {"student": 1}
    accept_rekeys(sync=held, by=None, record_types=["student"], wake=False)
    shown = desk.work(held)
    assert moved(shown)["student"] == (0, 1, 0)
    approve_sync(sync=shown, by=None, wake=False)
    assert desk.work(shown).state in ACCEPTED
    after = desk.live()
    assert set(after[STUDENT]) == {"S1", "N2"}
    done = roll_back(desk, shown)
    assert desk.live() == before
    roll_back(desk, done)
    assert desk.live() == after

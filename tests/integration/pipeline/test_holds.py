"""Every hold, just at its limit and just beyond it; and what is applied at once where only removals are held."""

from typing import Any

import pytest

from imports.models import Sync
from imports.services.decide_sync import DecisionRefused, approve_sync, limit_sync, reject_sync
from imports.services.rollback import start_rollback
from imports.states import ACCEPTED, HoldKind, State, SyncKind
from records.attributes import RecordType
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import District, Raw, district, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
STUDENTS = 20


def school(students: int = STUDENTS, *, changed: int = 0, **more: Any) -> District:
    """Students N0… at O1 of whom the first `changed` have a phone; every student is in class C1."""
    users = [person(f"N{number}", "student", phone="1" if number < changed else "") for number in range(students)]
    base = district(**more)
    enrollments = [{**base["enrollments"][0], "sourcedId": f"E-{row['sourcedId']}", "userSourcedId": row["sourcedId"]} for row in users]
    others = [row for row in base["users"] if row["role"] != "student"]
    return {**base, "users": [*others, *users], "demographics": [], "enrollments": enrollments}


def second(document: dict[str, Any], files: District, first: District | None = None) -> tuple[Desk, Sync]:
    """The sync of a second delivery under this delivery configuration; the first import is the same for all."""
    desk = Desk()
    done = desk.deliver(first or school())
    assert done.state in ACCEPTED, done.hold_detail
    desk.configure({"delivery": document})
    return desk, desk.deliver(files)


def over(sync: Sync) -> set[tuple[str, str, str, int, int]]:
    return {(one["scope"], one["name"], one["what"], one["rows"], one["live_before"]) for one in sync.detail.excesses}


@pytest.mark.parametrize(("changed", "held"), [(7, False), (8, True)])
def test_updates_of_a_record_type(changed: int, held: bool) -> None:
    _, sync = second({"update_threshold": 35}, school(changed=changed))
    assert (sync.state == State.HELD) is held
    if held:
        assert sync.hold_kind == HoldKind.THRESHOLD
        assert over(sync) == {("type", "student", "updated", 8, 20)}
        assert sync.hold_detail == "Students: 40.0 % would be updated (8 of 20); the limit is 35 %."


@pytest.mark.parametrize(("left", "held"), [(18, False), (17, True)])
def test_deletions_of_a_record_type_and_over_all(left: int, held: bool) -> None:
    _, sync = second({"deletion_threshold": 10}, school(left))
    assert (sync.state == State.HELD) is held
    if held:
        assert over(sync) == {
            ("type", "student", "deleted", 3, 20),
            ("type", "enrollment", "deleted", 3, 20),
            ("type", "all", "deleted", 6, 50),
        }


def test_a_limit_of_nothing_holds_at_the_first_record_and_never_at_none() -> None:
    desk, sync = second({"update_threshold": 0, "deletion_threshold": 0}, school(changed=1))
    assert sync.state == State.HELD
    reject_sync(sync=sync, by=None)
    assert desk.deliver({**school(), "courses": [*school()["courses"], {**school()["courses"][0], "sourcedId": "K9"}]}).state in ACCEPTED


@pytest.mark.parametrize(
    ("limit", "held"),
    [({"school_update_threshold": 15}, False), ({"school_update_threshold": 14.9}, True), ({"school_update_rows": 3}, False),
     ({"school_update_rows": 2}, True)],
)  # fmt: skip
def test_updates_of_a_school(limit: dict[str, Any], held: bool) -> None:
    _, sync = second(limit, school(changed=3))
    assert (sync.state == State.HELD) is held
    if held:
        assert ("school", "O1", "updated", 3, 20) in over(sync)
        assert "Students of North High: 15.0 % would be updated (3 of 20); the limit is" in sync.hold_detail


@pytest.mark.parametrize(
    ("limit", "held"),
    [({"school_deletion_threshold": 15}, False), ({"school_deletion_threshold": 14}, True), ({"school_deletion_rows": 6}, False),
     ({"school_deletion_rows": 5}, True)],
)  # fmt: skip
def test_deletions_of_a_school(limit: dict[str, Any], held: bool) -> None:
    """Three students and their three enrollments; all records of the school together are six."""
    _, sync = second(limit, school(17))
    assert (sync.state == State.HELD) is held


def test_a_school_without_records_before_never_holds() -> None:
    files = school()
    for row in files["users"]:
        if row["role"] == "student":
            row["orgSourcedIds"] = "O2"
    _, sync = second({"school_update_rows": 0, "school_deletion_threshold": 0}, files)
    assert sync.state in ACCEPTED
    assert sync.detail.by_school["O2"]["student"]["updated"] == STUDENTS


@pytest.mark.parametrize(("floor", "held"), [(80, False), (80.1, True)])
def test_fewer_rows_than_the_floor(floor: float, held: bool) -> None:
    _, sync = second({"row_floor": floor}, school(16))  # 16 of 20 enrollments, 19 of 23 users
    assert (sync.state == State.HELD) is held
    if held:
        assert over(sync) == {("file", "enrollments", "delivered", 16, 20)}
        assert sync.hold_detail.startswith("enrollments.csv has 16 rows, 80.0 % of the 20 it had in the last sync that was applied")


def test_the_floor_is_measured_against_the_last_sync_that_was_applied() -> None:
    desk, held = second({"row_floor": 90}, school(10))
    assert held.state == State.HELD
    reject_sync(sync=held, by=None)
    again = desk.deliver(school(11))
    assert again.state == State.HELD
    approve_sync(sync=again, by=None, wake=False)
    assert desk.work(again).state in ACCEPTED
    assert desk.deliver(school(10)).state in ACCEPTED


@pytest.mark.parametrize(("end", "held"), [("", True), ("\r\n", False)])
def test_a_file_that_is_cut_off(end: str, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    files = school()
    files["users"] = [*files["users"], Raw("N77,activ")]
    monkeypatch.setattr("tests.integration.pipeline.desk.to_csv", _cut("users", end))
    desk, sync = second({}, files)
    assert (sync.state == State.HELD) is held
    if held:
        assert sync.hold_kind == HoldKind.EMPTY_FILE
        assert "users.csv ends in the middle of a row, so it looks cut off." in sync.hold_detail
    assert len(desk.live()[RecordType.STUDENT]) == STUDENTS


def test_a_cut_file_of_a_first_import_is_told_and_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    files = school()
    files["users"] = [*files["users"], Raw("N77,activ")]
    monkeypatch.setattr("tests.integration.pipeline.desk.to_csv", _cut("users", ""))
    sync = Desk().deliver(files)
    assert sync.state in ACCEPTED
    assert sync.detail.counts["student"]["invalid"] == 1


def _cut(file: str, end: str) -> Any:
    from tests.unit.steps.kit import to_csv

    return lambda name, rows: to_csv(name, rows).removesuffix("\r\n") + (end if name == file else "\r\n")


@pytest.mark.parametrize("preview", [False, True])
def test_preview_holds_everything_and_shows_what_is_over_the_limits(preview: bool) -> None:
    _, sync = second({"deletion_threshold": 50}, school(2))
    desk = Desk({"delivery": {"preview": preview, "update_threshold": 10}})
    sync = desk.deliver(school())
    if preview:
        assert (sync.state, sync.hold_kind) == (State.HELD, HoldKind.PREVIEW)
        approve_sync(sync=sync, by=None, wake=False)
        desk.work(sync)
    sync = desk.deliver(school(changed=5))
    assert (sync.state, sync.hold_kind) == (State.HELD, HoldKind.PREVIEW if preview else HoldKind.THRESHOLD)
    assert over(sync) == {("type", "student", "updated", 5, 20)}


class TestDeletionsHeldOnly:
    LIMITS: dict[str, Any] = {"deletion_threshold": 10, "update_threshold": 50, "hold_deletions_only": True}

    def test_additions_and_updates_are_applied_and_the_deletions_wait(self) -> None:
        files = school(12, changed=2)
        files["users"].append(person("NEW", "student"))
        desk, sync = second(self.LIMITS, files)
        assert sync.state in ACCEPTED
        live = desk.live()[RecordType.STUDENT]
        assert len(live) == 21
        assert live["N0"]["phone"] == "1"
        counts = sync.detail.counts["student"]
        assert (counts["created"], counts["updated"], counts["deleted"], counts["kept"]) == (1, 2, 0, 8)
        rest = Sync.objects.of(desk.district).get(kind=SyncKind.REST)
        assert (rest.rest_of, rest.state) == (sync, State.QUEUED)
        rest = desk.work(rest)
        assert (rest.state, rest.hold_kind) == (State.HELD, HoldKind.THRESHOLD)
        assert rest.detail.counts["student"]["deleted"] == 8
        assert rest.detail.counts["student"]["created"] == rest.detail.counts["student"]["updated"] == 0
        assert rest.hold_detail.startswith(f"This was held back when sync {sync.pk} was applied. ")
        assert "Students: 38.1 % would be deleted (8 of 21)" in rest.hold_detail
        approve_sync(sync=rest, by=None, wake=False)
        assert desk.work(rest).state in ACCEPTED
        assert len(desk.live()[RecordType.STUDENT]) == 13
        assert desk.deliver(files).state == State.NO_CHANGES

    def test_the_same_files_again_bring_the_deletions_again_after_a_rejection(self) -> None:
        desk, sync = second(self.LIMITS, school(12))
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        reject_sync(sync=rest, by=None, reason="A bad export")
        again = desk.deliver(school(12))
        assert (again.state in ACCEPTED, again.detail.counts["student"]["kept"]) == (True, 8)
        assert desk.work(Sync.objects.of(desk.district).filter(kind=SyncKind.REST).latest("pk")).state == State.HELD
        assert len(desk.live()[RecordType.STUDENT]) == STUDENTS

    def test_too_many_updates_hold_everything(self) -> None:
        _, sync = second({**self.LIMITS, "update_threshold": 10}, school(12, changed=10))
        assert sync.state == State.HELD
        assert not Sync.objects.of(sync.district).filter(kind=SyncKind.REST).exists()

    def test_an_empty_file_is_a_removal(self) -> None:
        files = school(changed=1)
        files["enrollments"] = []
        desk, sync = second(self.LIMITS, files)
        assert sync.state in ACCEPTED
        assert (len(desk.live()[RecordType.ENROLLMENT]), desk.live()[RecordType.STUDENT]["N0"]["phone"]) == (STUDENTS, "1")
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        assert (rest.state, rest.hold_kind) == (State.HELD, HoldKind.EMPTY_FILE)

    def test_a_new_person_with_the_address_of_a_held_deletion_waits_too(self) -> None:
        files = school(12)
        files["users"].append(person("NEW", "student", email="n19.student@example.org"))
        desk, sync = second(self.LIMITS, files)
        assert sync.detail.counts["student"]["duplicate"] == 1
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        assert (rest.detail.counts["student"]["created"], rest.detail.counts["student"]["deleted"]) == (1, 8)
        approve_sync(sync=rest, by=None, wake=False)
        assert desk.work(rest).state in ACCEPTED
        assert desk.live()[RecordType.STUDENT]["NEW"]["email"] == "n19.student@example.org"

    def test_the_rest_goes_with_the_sync_it_was_held_back_from(self) -> None:
        desk, sync = second(self.LIMITS, school(12, changed=1))
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        rollback = desk.work(start_rollback(sync=sync, by=None, wake=False))
        approve_sync(sync=rollback, by=None, wake=False)
        assert desk.work(rollback).state in ACCEPTED
        rest.refresh_from_db()
        assert rest.state == State.SUPERSEDED
        assert desk.live()[RecordType.STUDENT]["N0"]["phone"] == ""

    def test_a_newer_delivery_decides_instead_of_the_rest(self) -> None:
        desk, _ = second(self.LIMITS, school(12))
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        newer = desk.deliver(school(changed=1))
        rest.refresh_from_db()
        assert (rest.state, newer.state in ACCEPTED) == (State.SUPERSEDED, True)
        assert rest.transitions.last().reason == f"Superseded by sync {newer.pk}."  # type: ignore[union-attr]


class TestParts:
    def held(self, files: District) -> tuple[Desk, Sync]:
        desk = Desk()
        assert desk.deliver(school()).state in ACCEPTED
        desk.configure({"delivery": {"preview": True}})
        sync = desk.deliver(files)
        assert sync.state == State.HELD
        return desk, sync

    def test_one_record_type_is_approved_and_the_rest_waits(self) -> None:
        files = school(15, changed=3)
        files["classes"][0]["title"] = "Geometry"
        desk, sync = self.held(files)
        limit_sync(sync=sync, part=Part.of(types=["class"]), by=None, wake=False)
        shown = desk.work(sync)
        assert shown.state == State.HELD
        assert shown.hold_detail.startswith("Limited to classes; the rest will wait as a sync of its own.")
        moved = {kind: (one["created"], one["updated"], one["deleted"]) for kind, one in shown.detail.counts.items()}
        assert moved.pop("class") == (0, 1, 0)
        assert {kind: one for kind, one in moved.items() if any(one)} == {}
        approve_sync(sync=shown, by=None, wake=False)
        assert desk.work(shown).state in ACCEPTED
        assert desk.live()[RecordType.CLASS]["C1"]["class_name"] == "Geometry"
        assert len(desk.live()[RecordType.STUDENT]) == STUDENTS
        rest = desk.work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
        counts = rest.detail.counts
        assert (counts["student"]["updated"], counts["student"]["deleted"], counts["class"]["updated"]) == (3, 5, 0)
        approve_sync(sync=rest, by=None, wake=False)
        assert desk.work(rest).state in ACCEPTED
        assert len(desk.live()[RecordType.STUDENT]) == 15

    def test_one_school_is_approved(self) -> None:
        files = school(changed=2)
        files["users"].append(person("SOUTH", "student", orgSourcedIds="O2"))
        desk, sync = self.held(files)
        limit_sync(sync=sync, part=Part.of(schools=["O2"]), by=None, wake=False)
        shown = desk.work(sync)
        assert shown.hold_detail.startswith("Limited to everything of South High;")
        assert (shown.detail.counts["student"]["created"], shown.detail.counts["student"]["updated"]) == (1, 0)

    def test_enrollments_of_students_who_wait_wait_with_them(self) -> None:
        desk, sync = self.held(school(22))
        limit_sync(sync=sync, part=Part.of(types=["enrollment"]), by=None, wake=False)
        shown = desk.work(sync)
        assert (shown.detail.counts["enrollment"]["created"], shown.detail.counts["enrollment"]["excluded"]) == (0, 2)

    def test_the_limits_can_be_lifted_again(self) -> None:
        desk, sync = self.held(school(changed=2))
        limit_sync(sync=sync, part=Part.of(types=["class"]), by=None, wake=False)
        desk.work(sync)
        limit_sync(sync=sync, part=Part(), by=None, wake=False)
        shown = desk.work(sync)
        assert (shown.scope, shown.detail.counts["student"]["updated"]) == (None, 2)
        assert shown.hold_detail.startswith("All changes are shown again.")

    def test_only_a_held_import_is_limited(self) -> None:
        desk = Desk()
        sync = desk.deliver(school())
        with pytest.raises(DecisionRefused, match="only a held sync can be limited"):
            limit_sync(sync=sync, part=Part.of(types=["class"]), by=None)

"""Records under new ids: the proposal, the sync that is worked again, and the keys of the live roster."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent, District
from imports.models import Sync
from imports.rekeyed_live import RekeyedLive, rekeyed
from imports.services.decide_sync import DecisionRefused, approve_sync, reject_sync
from imports.services.rekey_sync import accept_rekeys, withdraw_rekeys
from imports.services.run_sync import run_sync
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import PERSON_TYPES, RecordType, live_columns
from records.rekeys import reversed_rekeys
from records.text import TEXT
from roster.models import LIVE, Class, Enrollment, Student, Teacher
from roster.selectors.live import LiveRoster
from roster.services.rekey import rekey_live
from tests.integration.pipeline.desk import Desk
from tests.integration.review.conftest import Held
from tests.integration.review.files import EMPTIED, NEW, OLD, as_texts, second_day
from tests.unit.steps.kit import district, person

pytestmark = pytest.mark.django_db
STUDENT, TEACHER, CLASS, ENROLLMENT = RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS, RecordType.ENROLLMENT


def again(sync: Sync) -> Sync:
    """The sync after a worker has had it."""
    run_sync(sync.pk, wakes_next=False)
    return Sync.unscoped.select_related("detail", "district").get(pk=sync.pk)


def moved(sync: Sync, kind: RecordType) -> tuple[int, int, int]:
    counts = sync.detail.counts[kind]
    return counts["created"], counts["updated"], counts["deleted"]


class TestTheProposal:
    def test_the_pair_is_found_and_nothing_else(self, held: Held) -> None:
        _, sync = held
        assert sync.detail.churn == {"student": 1}
        assert moved(sync, STUDENT) == (1, 4, len(EMPTIED) + 1)

    def test_taken_in_it_is_worked_again_and_shown_again(self, held: Held) -> None:
        world, sync = held
        assert accept_rekeys(sync=sync, by=world.owner, record_types=["student"], wake=False) == {"student": {NEW: OLD}}
        sync = again(sync)
        assert (sync.state, sync.approved) == (State.HELD, False)
        assert sync.hold_detail.startswith("1 student is treated as the same as before, under new ids. The difference was worked out anew")
        assert "Students: " in sync.hold_detail  # what is over its limit is said all the same
        assert moved(sync, STUDENT) == (0, 5, len(EMPTIED))
        assert moved(sync, ENROLLMENT) == (0, 0, 0)
        assert (sync.detail.churn, sync.detail.rekeys) == ({}, {"student": {NEW: OLD}})
        assert AuditEvent.objects.of(world.district).filter(action="sync.rekeyed").get().detail == {"pairs": {"student": 1}}

    def test_a_single_pair_can_be_taken(self, held: Held) -> None:
        world, sync = held
        accept_rekeys(sync=sync, by=world.owner, pairs={"student": {NEW: OLD}}, wake=False)
        assert again(sync).detail.rekeys == {"student": {NEW: OLD}}

    def test_it_can_be_taken_back(self, held: Held) -> None:
        world, sync = held
        accept_rekeys(sync=sync, by=world.owner, record_types=["student"], wake=False)
        sync = again(sync)
        withdraw_rekeys(sync=sync, by=world.owner, wake=False)
        sync = again(sync)
        assert sync.hold_detail.startswith("No records are treated as the same under new ids any more.")
        assert (moved(sync, STUDENT), sync.detail.churn, sync.detail.rekeys) == ((1, 4, len(EMPTIED) + 1), {"student": 1}, {})
        with pytest.raises(DecisionRefused, match="nothing to take back"):
            withdraw_rekeys(sync=sync, by=world.owner)

    @pytest.mark.parametrize("pairs", [{"student": {NEW: "S1"}}, {"student": {"S1": OLD}}, {"teacher": {"T9": "T1"}}])
    def test_a_pair_that_was_not_proposed_is_refused(self, held: Held, pairs: dict[str, dict[str, str]]) -> None:
        with pytest.raises(DecisionRefused, match="not among those that were proposed"):
            accept_rekeys(sync=held[1], by=None, pairs=pairs)
        held[1].refresh_from_db()
        assert held[1].state == State.HELD

    def test_where_nothing_is_proposed_nothing_is_taken(self, held: Held) -> None:
        with pytest.raises(DecisionRefused, match="nothing to be treated as the same"):
            accept_rekeys(sync=held[1], by=None, record_types=["teacher"])

    def test_a_sync_that_is_not_held_is_refused(self, held: Held) -> None:
        _, sync = held
        reject_sync(sync=sync, by=None, reason="No.")
        for decide in (lambda: accept_rekeys(sync=sync, by=None, record_types=["student"]), lambda: withdraw_rekeys(sync=sync, by=None)):
            with pytest.raises(DecisionRefused, match="is rejected"):
                decide()

    def test_a_rollback_is_refused(self, held: Held) -> None:
        _, sync = held
        Sync.unscoped.filter(pk=sync.pk).update(kind=SyncKind.ROLLBACK)
        with pytest.raises(DecisionRefused, match="rollback"):
            accept_rekeys(sync=sync, by=None, record_types=["student"])

    def test_applied_the_record_goes_on_under_its_new_key(self, held: Held) -> None:
        world, sync = held
        before = Student.objects.of(world.district).get(key=OLD)
        accept_rekeys(sync=sync, by=world.owner, record_types=["student"], wake=False)
        sync = again(sync)
        approve_sync(sync=sync, by=world.owner, wake=False)
        assert again(sync).state in ACCEPTED
        after = Student.objects.of(world.district).filter(identifier=f"id-{OLD}").get()
        assert (after.pk, after.key, after.source_id, after.first_sync, after.deleted_at) == (before.pk, NEW, NEW, before.first_sync, None)
        assert after.last_sync == sync.pk
        assert Enrollment.objects.of(world.district).get(key="E5").person_id == NEW
        assert not Student.objects.of(world.district).filter(key=OLD).exists()


def test_once_applied_the_same_files_change_nothing(held: Held, tmp_path: Path) -> None:
    world, sync = held
    accept_rekeys(sync=sync, by=world.owner, record_types=["student"], wake=False)
    approve_sync(sync=again(sync), by=world.owner, wake=False)
    again(sync)
    files = second_day()
    files["users"][0]["phone"] = "1"  # else the portal does not even look
    then = world.import_files(as_texts(files), tmp_path)
    assert (then.state in ACCEPTED, moved(then, STUDENT), moved(then, ENROLLMENT)) == (True, (0, 1, 0), (0, 0, 0))


# --- the keys of the live roster ---------------------------------------------------------------------------------------


def snapshot(owner: District) -> dict[RecordType, list[dict[str, Any]]]:
    """Every stored row of the district, marked ones included."""
    return {kind: list(LIVE[kind].objects.of(owner).order_by("id").values()) for kind in (*PERSON_TYPES, CLASS, ENROLLMENT)}


def keys(model: Any, owner: District) -> dict[str, str]:
    """What the records are called by: first name, or class name -> key."""
    name = "class_name" if model is Class else "first_name"
    return dict(model.objects.of(owner).values_list(name, "key"))


@pytest.fixture
def desk(data_dir: Path) -> Desk:
    desk = Desk()
    desk.deliver(
        district(
            users={"S3": person("S3", "student")}, enrollments={"E9": {"userSourcedId": "S3", "metadata.seat": "4", "metadata.room": "b"}}
        )
    )
    return desk


def give(desk: Desk, rekeys: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    with transaction.atomic():
        return rekey_live(district=desk.district, rekeys=rekeys)


def test_a_swap_swaps_records_and_what_refers_to_them(desk: Desk) -> None:
    assert give(desk, {"student": {"S1": "S2", "S2": "S1"}}) == {"student": {"S1": "S2", "S2": "S1"}}
    assert keys(Student, desk.district) == {"GivenS1": "S2", "GivenS2": "S1", "GivenS3": "S3"}
    links = dict(Enrollment.objects.of(desk.district).values_list("key", "person_id"))
    assert (links["E1"], links["E2"], links["E4"], links["E9"]) == ("S2", "S1", "S2", "S3")


def test_a_chain_moves_on_and_a_marked_record_at_its_end_takes_the_free_key(desk: Desk) -> None:
    Student.objects.of(desk.district).filter(key="S3").update(deleted_at=timezone.now())
    before = snapshot(desk.district)
    done = give(desk, {"student": {"S3": "S2", "S2": "S1"}})
    assert done == {"student": {"S3": "S2", "S2": "S1"}}
    assert keys(Student, desk.district) == {"GivenS1": "S2", "GivenS2": "S3", "GivenS3": "S1"}
    assert Student.objects.of(desk.district).get(key="S1").deleted_at is not None
    with transaction.atomic():
        rekey_live(district=desk.district, rekeys=reversed_rekeys(done))
    assert snapshot(desk.district) == before


def test_a_teacher_under_the_key_of_a_student_keeps_it(desk: Desk) -> None:
    Teacher.objects.of(desk.district).filter(key="T1").update(key="S1")
    Enrollment.objects.of(desk.district).filter(key="E3").update(person_id="S1")
    give(desk, {"student": {"X": "S1"}})
    assert Teacher.objects.of(desk.district).get().key == "S1"
    links = dict(Enrollment.objects.of(desk.district).values_list("key", "person_id"))
    assert (links["E3"], links["E1"]) == ("S1", "X")


def test_classes_take_their_enrollments_along(desk: Desk) -> None:
    give(desk, {"class": {"D1": "C1"}})
    assert keys(Class, desk.district) == {"Algebra C1": "D1", "Algebra C2": "C2"}
    assert set(Enrollment.objects.of(desk.district).filter(key__in=["E1", "E2", "E3"]).values_list("class_id", flat=True)) == {"D1"}


def test_what_cannot_be_done_is_left_and_another_district_is_not_touched(desk: Desk) -> None:
    other = Desk()
    other.deliver(district())
    theirs = snapshot(other.district)
    before = snapshot(desk.district)
    assert give(desk, {"student": {"S2": "S1", "Z": "Y"}, "course": {"K9": "K1"}}) == {}
    assert snapshot(desk.district) == before
    give(desk, {"student": {"Z": "S1"}})
    assert snapshot(other.district) == theirs


def test_fingerprints_follow_so_that_files_with_the_new_ids_change_nothing(desk: Desk) -> None:
    give(desk, {"student": {"Z3": "S3"}, "class": {"D1": "C1"}})
    Student.objects.of(desk.district).filter(key="Z3").update(source_id="Z3")
    files = district(
        users={"S3": person("S3", "student")}, enrollments={"E9": {"userSourcedId": "S3", "metadata.seat": "4", "metadata.room": "b"}}
    )
    for row in files["enrollments"]:
        row["userSourcedId"] = {"S3": "Z3"}.get(row["userSourcedId"], row["userSourcedId"])
        row["classSourcedId"] = {"C1": "D1"}.get(row["classSourcedId"], row["classSourcedId"])
    for row in [*files["users"], *files["classes"]]:
        row["sourcedId"] = {"S3": "Z3", "C1": "D1"}.get(row["sourcedId"], row["sourcedId"])
    sync = desk.deliver(files)
    assert {kind: moved(sync, kind) for kind in (CLASS, ENROLLMENT)} == {CLASS: (0, 0, 0), ENROLLMENT: (0, 0, 0)}


def test_without_pairs_the_roster_is_what_it_is(desk: Desk) -> None:
    live = LiveRoster(desk.district.pk)
    assert rekeyed(live, {}) == (live, {})
    assert rekeyed(live, {"student": {}}) == (live, {})


STUDENTS = st.dictionaries(st.sampled_from(["S1", "S2", "S3", "S4", "Z"]), st.sampled_from(["S1", "S2", "S3", "S4", "Z"]), max_size=4)
CLASSES = st.dictionaries(st.sampled_from(["C1", "C2", "D"]), st.sampled_from(["C1", "C2", "D"]), max_size=2)


class TestWhatIsShownIsWhatIsDone:
    @pytest.fixture(autouse=True)
    def _desk(self, desk: Desk) -> None:
        self.desk = desk
        Student.objects.of(desk.district).filter(key="S3").update(deleted_at=timezone.now())
        Enrollment.objects.of(desk.district).filter(key="E9").update(deleted_at=timezone.now())

    @settings(max_examples=40)
    @given(STUDENTS, CLASSES)
    def test_the_roster_as_it_would_be_is_the_roster_as_it_becomes(self, students: dict[str, str], classes: dict[str, str]) -> None:
        rekeys = {"student": students, "class": classes}
        before = snapshot(self.desk.district)
        with transaction.atomic():
            live = LiveRoster(self.desk.district.pk)
            view = RekeyedLive(live, rekeys)
            shown = everything(view)
            done = rekey_live(district=self.desk.district, rekeys=rekeys)
            assert done == view.effective
            assert everything(live) == shown
            rekey_live(district=self.desk.district, rekeys=reversed_rekeys(done))
            assert snapshot(self.desk.district) == before


def everything(live: Any) -> list[Any]:
    """All that the pipeline may ask of a live roster."""
    found: list[Any] = []
    for kind in (STUDENT, CLASS, ENROLLMENT):
        held = live.keys(kind)
        prints = dict(zip(held.keys.to_pylist(), held.fingerprints.tolist(), strict=True))
        values = live.values(kind, pd.Series(list(prints), dtype=TEXT))
        columns = live.columns(kind, ["key", *(name for name in live_columns(kind) if name.endswith("_id"))])
        found += [prints, rows_of(values), rows_of(columns), rows_of(live.columns(kind, ["key"]))]
    links = live.columns(ENROLLMENT, ["class_id", "person_id"])
    for name in ("class_id", "person_id"):
        for key in sorted(set(links[name])):
            asked, nobody = pd.Series([key], dtype=TEXT), pd.Series([], dtype=TEXT)
            given_keys = {"classes": asked, "people": nobody} if name == "class_id" else {"classes": nobody, "people": asked}
            found.append(rows_of(live.enrollments_of(**given_keys)))
    return [*found, live.schools(), live.offices()]


def rows_of(frame: pd.DataFrame) -> list[str]:
    return sorted(hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest() for row in frame.to_dict("records"))

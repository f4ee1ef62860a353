"""Disable data deletion: creating and updating go on, every would-be deletion is kept and says why, and what is kept stands for others."""

import copy
from typing import Any

import pytest

from dataquality.steps.filters import Condition, FilterRule
from imports.config import ImportConfig
from records.attributes import RecordType
from tests.unit.steps.kit import Ran, Raw, again, district, person, run, yesterday

pytestmark = pytest.mark.no_database

KEPT = ("kept", "deletion-disabled")


def kept(files: Any, before: Ran | None = None, **options: Any) -> Ran:
    """Import into yesterday's roster while deletion is disabled; nothing live may be lost, whatever the files say."""
    before = before or yesterday()
    keys = {kind: set(records) for kind, records in before.live.records.items()}
    ran = again(before, files, keeps_all=True, **options)
    for kind, held in keys.items():
        assert held <= set(ran.live.records[kind]), kind
        assert ran.counts(kind)["deleted"] == 0, kind
    return ran


def test_what_is_in_no_row_is_kept_and_the_rest_goes_on():
    ran = kept(district(users={"S2": None, "S1": {"phone": "5"}, "S9": {"role": "student", "grades": "03"}}))
    assert ran.fate_of_leaver("student", "S2") == KEPT
    assert ran.fate("student", "S1") == ("updated", "")
    assert ran.fate("student", "S9") == ("created", "")
    assert ran.counts("student") | {"kept": 1, "live": 3} == ran.counts("student")
    assert ran.result.thresholds["student"]["deletion_share"] == 0


@pytest.mark.parametrize(
    ("files", "options", "code"),
    [
        (district(users={"S2": {"status": "inactive"}}), {}, "status-inactive"),
        (district(users={"S2": {"status": "tobedeleted"}}), {"modes": {"users": "delta"}}, "deleted-in-delta"),
        (
            district(users={"S2": {"grades": "04"}}),
            {
                "config": ImportConfig(
                    all_missing_as_new=True, filters=(FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("03",)),)),)
                )
            },
            "filtered-out",
        ),
    ],
)
def test_a_row_that_asks_for_the_deletion_is_left_out_and_the_record_is_kept(files: Any, options: Any, code: str):
    ran = kept(files, **options)
    assert ran.fate("student", "S2") == ("excluded", code)
    assert ran.fate_of_leaver("student", "S2") == KEPT
    assert ran.fate_of_leaver("enrollment", "E2") == KEPT  # it depends on a row left out on purpose


def test_what_is_kept_for_a_reason_of_its_own_says_that_reason():
    ran = kept(district(users={"S2": {"email": ""}}, orgs={"O2": None}))
    assert ran.fate_of_leaver("student", "S2") == ("kept", "required-attribute-missing")
    assert ran.fate_of_leaver("school", "O2") == ("kept", "school-stays")


class TestEnrollments:
    def test_of_a_kept_class_stay_with_a_row_or_without(self):
        files = district(classes={"C2": None}, enrollments={"E9": {"classSourcedId": "C2", "userSourcedId": "S2"}})
        ran = kept(files)
        assert ran.fate_of_leaver("class", "C2") == KEPT
        assert ran.fate("enrollment", "E4") == ("unchanged", "")  # its class is live, and stays
        assert ran.fate("enrollment", "E9") == ("created", "")
        assert not ran.found("reference-dangling")

    def test_that_would_go_with_their_class_are_kept_where_their_file_was_not_sent(self):
        files = {file: rows for file, rows in district(classes={"C2": None}, users={"S2": None}).items() if file != "enrollments"}
        normal = again(yesterday(), files)
        assert normal.fate_of_leaver("enrollment", "E4") == ("deleted", "cascade")
        ran = kept(files)
        assert ran.fate_of_leaver("enrollment", "E4") == KEPT
        assert ran.fate_of_leaver("enrollment", "E2") == KEPT

    def test_that_a_cascade_would_take_though_a_rule_keeps_them_say_so_once(self):
        files = district(classes={"C2": None}, enrollments={"E4": {"role": ""}})
        ran = kept(files)
        assert ran.fate("enrollment", "E4") == ("invalid", "role-missing")
        assert ran.fate_of_leaver("enrollment", "E4") == KEPT
        assert ran.counts("enrollment")["kept"] == 1


class TestReferences:
    def test_to_what_is_kept_point_at_something(self):
        files = district(courses={"K1": None, "K2": {"sourcedId": "K2"}}, users={"P1": None}, academicSessions={"T1": None})
        files["courses"] = [{**district()["courses"][0], "sourcedId": "K2"}]
        ran = kept(files)
        assert ran.fate_of_leaver("course", "K1") == KEPT
        assert ran.fate("class", "C1") == ("unchanged", "")  # its course and term are kept, so they are not emptied
        assert ran.fate("student", "S1") == ("unchanged", "")  # and neither is its contact
        assert not ran.found("reference-dropped")

    def test_to_nothing_at_all_still_point_nowhere(self):
        ran = kept(district(enrollments={"E1": {"classSourcedId": "C9"}}))
        assert ran.fate("enrollment", "E1") == ("invalid", "reference-dangling")


class TestEmail:
    def test_of_a_kept_record_is_still_held(self):
        files = district(users={"S2": None, "S9": {"role": "student", "grades": "03", "email": "S2.Student@example.org"}})
        ran = kept(files)
        assert ran.fate("student", "S9") == ("duplicate", "uniqueness-shared")
        assert "student S2 (already in the portal)" in ran.says("uniqueness-shared").message
        after = again(ran, files)  # the switch is off again: the holder goes, and its address is free
        assert after.fate_of_leaver("student", "S2") == ("deleted", "absent")
        assert after.fate("student", "S9") == ("created", "")

    def test_of_a_record_whose_row_says_it_left_is_still_held(self):
        files = district(users={"S2": {"status": "inactive"}, "T2": {"role": "teacher", "email": "s2.student@example.org"}})
        assert kept(files).fate("teacher", "T2") == ("duplicate", "uniqueness-shared")
        assert again(yesterday(), files).fate("teacher", "T2") == ("created", "")

    def test_of_a_student_who_became_a_teacher_stays_with_the_student(self):
        files = district(users={"S2": None})
        files["users"] = [*files["users"], person("S2", "teacher", email="s2.student@example.org")]
        ran = kept(files)
        assert ran.fate("teacher", "S2") == ("duplicate", "uniqueness-shared")
        assert ran.alive("student", "S2")

    def test_of_an_accepted_record_may_change_hands(self):
        files = district(
            users={"S2": {"email": "moved@example.org"}, "S9": {"role": "student", "grades": "03", "email": "s2.student@example.org"}}
        )
        assert kept(files).fate("student", "S9") == ("created", "")


class TestFilesWithoutRows:
    def test_hold_nothing_where_they_would_delete_nothing(self):
        files = {**district(), "classes": [], "enrollments": []}
        assert again(yesterday(), files, apply=False).result.empty_files == ("classes", "enrollments")
        ran = kept(files)
        assert ran.result.empty_files == ()
        assert ran.counts("class")["kept"] == 2
        assert ran.counts("enrollment")["kept"] == 4

    def test_hold_where_they_would_clear_what_is_known_of_students(self):
        assert kept({**district(), "demographics": []}).result.empty_files == ("demographics",)


def test_lost_zeros_are_warned_of_all_the_same():
    before = run(district(users={"00417": {"role": "student", "grades": "03"}}))
    files = district(users={"417": {"role": "student", "grades": "03", "email": "other@example.org"}})
    ran = kept(files, before)
    assert ran.found("zeros-lost")
    assert ran.fate_of_leaver("student", "00417") == KEPT


def test_unreadable_rows_keep_with_their_own_words():
    ran = kept({**district(), "courses": [Raw(",broken")]})
    assert ran.fate_of_leaver("course", "K1") == ("kept", "perhaps-unreadable")


def test_the_first_import_after_it_deletes_what_the_files_leave_out():
    files = district(users={"S2": None}, classes={"C2": None})
    ran = kept(files)
    expected = again(yesterday(), copy.deepcopy(files))
    after = again(ran, files)
    assert {kind: set(held) for kind, held in after.live.records.items()} == {
        kind: set(held) for kind, held in expected.live.records.items()
    }

"""References that point nowhere: fatal, emptied, or shortened lists."""

import pytest

from tests.unit.steps.kit import district, run

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(("file", "key", "header", "kind"), [
    ("classes", "C2", "schoolSourcedId", "class"), ("enrollments", "E1", "classSourcedId", "enrollment"),
    ("enrollments", "E1", "userSourcedId", "enrollment"), ("enrollments", "E1", "schoolSourcedId", "enrollment"),
    ("users", "S2", "orgSourcedIds", "student"), ("users", "A1", "orgSourcedIds", "admin"),
])  # fmt: skip
def test_a_reference_a_row_cannot_live_without_makes_it_invalid(file, key, header, kind):
    ran = run(district(**{file: {key: {header: "nowhere"}}}))
    assert ran.fate(kind, key) == ("invalid", "reference-dangling")
    found = ran.one("reference-dangling")
    assert (found["column"], found["value"]) == (header, "nowhere")


@pytest.mark.parametrize(("file", "key", "header", "kind", "attribute"), [
    ("classes", "C1", "courseSourcedId", "class", "course_id"), ("courses", "K1", "orgSourcedId", "course", "org_id"),
    ("courses", "K1", "schoolYearSourcedId", "course", "school_year_id"), ("academicSessions", "T1", "parentSourcedId", "session", "parent_id"),
    ("orgs", "O1", "parentSourcedId", "school", "parent_id"),
])  # fmt: skip
def test_any_other_reference_is_emptied_and_reported(file, key, header, kind, attribute):
    ran = run(district(**{file: {key: {header: "nowhere"}}}))
    assert ran.fate(kind, key) == ("created", "")
    assert ran.row(kind, key)[attribute] == ""
    assert ran.one("reference-dropped")["value"] == "nowhere"
    assert ran.counts(kind)["reported"] == 1


def test_of_a_list_only_the_unknown_ids_are_dropped():
    ran = run(district(classes={"C1": {"termSourcedIds": "T1,T9, Y1"}}, users={"S1": {"agentSourcedIds": "P9,P1"}}))
    assert ran.row("class", "C1")["term_ids"] == "T1,Y1"
    assert ran.row("student", "S1")["contacts"] == "P1"
    assert {one["value"] for one in ran.found("reference-dropped")} == {"T9", "P9"}


def test_a_person_with_one_known_organization_stays():
    ran = run(district(users={"S2": {"orgSourcedIds": "O9,O2"}}))
    assert ran.row("student", "S2")["primary_school"] == "O2"
    assert ran.one("reference-dropped")["value"] == "O9"


def test_lost_leading_zeros_are_recognised():
    ran = run(district(users={"0012": {"role": "student", "email": "z@example.org"}}, enrollments={"E1": {"userSourcedId": "12"}}))
    assert ran.fate("enrollment", "E1") == ("invalid", "reference-lost-zeros")
    assert "0012" in ran.says("reference-lost-zeros").message


def test_a_session_must_not_be_a_class_reference_of_another_kind():
    assert run(district(enrollments={"E1": {"classSourcedId": "S1"}})).fate("enrollment", "E1") == ("invalid", "reference-dangling")


def test_an_enrollment_at_another_school_than_its_class_is_reported():
    ran = run(district(enrollments={"E1": {"schoolSourcedId": "O2"}}))
    assert ran.fate("enrollment", "E1") == ("created", "")
    found = ran.one("school-differs")
    assert (found["value"], found["detail"]) == ("O2", "O1")


def test_an_enrollment_may_have_another_role_than_the_person_and_a_class_may_lie_outside_its_term():
    ran = run(district(enrollments={"E1": {"role": "teacher", "primary": "", "beginDate": "2020-01-01"}}))
    assert ran.fate("enrollment", "E1") == ("created", "")
    assert ran.findings == []

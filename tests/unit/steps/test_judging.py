"""Filters, data requirements, dependencies: who is let in, who is left out, and who goes with whom."""

from datetime import date

import pytest

from dataquality.steps.filters import OPERATORS, Condition, FilterRule, value_test
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS
from imports.config import ImportConfig
from records.attributes import RecordType
from tests.unit.steps.kit import again, district, mapped, run, yesterday

pytestmark = pytest.mark.no_database
TODAY = date(2026, 10, 1)


def _config(*rules: FilterRule, **values: object) -> ImportConfig:
    return ImportConfig(all_missing_as_new=True, filters=rules, **values)


def _student(*conditions: Condition, match: str = "all") -> FilterRule:
    return FilterRule(RecordType.STUDENT, conditions, match)


@pytest.mark.parametrize(("operator", "values", "value", "passes"), [
    ("equals_any", ("03", "KG"), "kg", True), ("equals_any", ("03",), "030", False), ("equals_any", ("03",), "", False),
    ("contains", ("math",), "Applied MATHS", True), ("contains", ("math",), "Art", False), ("contains", ("a", "b"), "xbx", True),
    ("does_not_contain", ("math",), "Art", True), ("does_not_contain", ("math",), "Maths", False), ("does_not_contain", ("x",), "", True),
    ("is_empty", (), "", True), ("is_empty", (), "x", False), ("is_not_empty", (), "x", True), ("is_not_empty", (), "", False),
    ("before", ("2026-10-01",), "2026-09-30", True), ("before", ("2026-10-01",), "2026-10-01", False), ("before", ("2026-10-01",), "", False),
    ("after", ("2026-10-01",), "2026-10-02", True), ("after", ("2026-10-01",), "2026-10-01", False), ("after", ("2026-10-01",), "", False),
    ("on", ("2026-10-01",), "2026-10-01", True), ("on", ("2026-10-01",), "2026-10-02", False),
    ("is_past", (), "2026-09-30", True), ("is_past", (), "2026-10-01", False), ("is_past", (), "", False),
    ("is_future", (), "2026-10-02", True), ("is_future", (), "2026-10-01", False), ("is_future", (), "", False),
])  # fmt: skip
def test_operators(operator, values, value, passes):
    assert operator in OPERATORS
    assert value_test(Condition("anything", operator, values), TODAY, is_list=False)(value) is passes


def test_a_list_equals_when_one_of_its_items_does():
    test = value_test(Condition("grades", "equals_any", ("03",)), TODAY, is_list=True)
    assert test("02,03")
    assert not test("02,13")


GRADES, MAIL = Condition("grades", "equals_any", ("03",)), Condition("email", "contains", ("s2",))


@pytest.mark.parametrize(("rules", "passing"), [
    ((), {"S1", "S2"}),
    ((_student(GRADES),), {"S1"}),
    ((_student(GRADES, MAIL),), set()),
    ((_student(GRADES, MAIL, match="any"),), {"S1", "S2"}),
    ((_student(GRADES), _student(MAIL)), {"S1", "S2"}),
    ((FilterRule(RecordType.TEACHER, (GRADES,)),), {"S1", "S2"}),
    ((_student(Condition("sis_id", "equals_any", ("s1",))),), {"S1"}),
    ((_student(Condition("lunch", "is_empty")),), {"S1", "S2"}),
    ((_student(Condition("primary_school", "equals_any", ("O2",))),), {"S2"}),
])  # fmt: skip
def test_a_record_passes_with_one_rule_of_its_type(rules, passing):
    ran = run(district(users={"S2": {"grades": "04", "orgSourcedIds": "O2"}}), config=_config(*rules))
    assert {row["key"] for row in ran.rows[RecordType.STUDENT] if row["outcome"] == "created"} == passing


def test_what_is_filtered_out_is_deleted_and_its_enrollments_with_it():
    ran = again(yesterday(), district(users={"S2": {"grades": "04"}}), config=_config(_student(GRADES)))
    assert ran.fates("student", "S2") == [("deleted", "filtered-out"), ("excluded", "filtered-out")]
    assert ran.fates("enrollment", "E2") == [("deleted", "depends-on-excluded"), ("excluded", "depends-on-excluded")]
    assert ran.alive("enrollment", "E2") is None


def test_the_default_requirements_are_those_of_the_reference():
    person = {"primary_school", "sis_id", "last_name", "first_name", "email", "user_type"}
    skipped = {kind: {name for name, level in levels.items() if level == "skip"} for kind, levels in DEFAULT_REQUIREMENTS.items()}
    assert skipped == {
        RecordType.STUDENT: person | {"grades"}, RecordType.TEACHER: person, RecordType.ADMIN: person,
        RecordType.CLASS: {"school_id", "sis_id", "class_name"}, RecordType.ENROLLMENT: {"school_id", "class_id", "person_id"},
    }  # fmt: skip
    assert {name for name, level in DEFAULT_REQUIREMENTS[RecordType.STUDENT].items() if level == "report"} == {"gender", "birth_date"}


@pytest.mark.parametrize(("file", "key", "header", "kind"), [
    ("users", "S2", "orgSourcedIds", "student"), ("users", "S2", "givenName", "student"), ("users", "S2", "familyName", "student"),
    ("users", "S2", "email", "student"), ("users", "S2", "grades", "student"), ("users", "S2", "role", "student"),
    ("users", "T1", "email", "teacher"), ("users", "T1", "givenName", "teacher"), ("users", "A1", "email", "admin"),
    ("users", "A1", "familyName", "admin"), ("classes", "C2", "title", "class"), ("classes", "C2", "schoolSourcedId", "class"),
    ("enrollments", "E2", "classSourcedId", "enrollment"), ("enrollments", "E2", "userSourcedId", "enrollment"),
    ("enrollments", "E2", "schoolSourcedId", "enrollment"),
])  # fmt: skip
def test_a_record_without_a_required_value_is_skipped_and_its_live_record_stays(file, key, header, kind):
    ran = again(yesterday(), district(**{file: {key: {header: ""}}}))
    assert ran.fate(kind, key) == ("skipped", "required-attribute-missing")
    assert ran.alive(kind, key) is not None
    assert ran.counts(kind)["deleted"] == 0
    assert (ran.one("required-attribute-missing", row=ran.one("required-attribute-missing")["row"])["column"]) == header


def test_every_missing_value_of_a_row_is_named():
    ran = run(district(users={"S2": {"email": "", "givenName": ""}}))
    assert {one["attribute"] for one in ran.found("required-attribute-missing")} == {"email", "first_name"}
    assert ran.counts("student")["skipped"] == 1


def test_gender_and_birth_date_are_reported_only():
    ran = run(district(demographics={"S2": {"sex": "", "birthDate": ""}}))
    assert ran.fate("student", "S2") == ("created", "")
    assert ran.counts("student")["reported"] == 1
    assert {(one["attribute"], one["file"], one["line"]) for one in ran.found("attribute-missing")} == {
        ("gender", "demographics.csv", 3), ("birth_date", "demographics.csv", 3)}  # fmt: skip


def test_requirements_may_be_relaxed_and_set_for_any_attribute():
    levels = {RecordType.STUDENT: {"email": "none", "lunch": "skip"}, RecordType.COURSE: {"course_code": "skip"}}
    files = district(users={"S2": {"email": ""}}, courses={"K2": {"courseCode": ""}})
    files["demographics"][0]["metadata.lunch"] = "free"
    sources = mapped(RecordType.STUDENT, lunch="demographics.metadata.lunch")
    ran = run(files, config=_config(requirements=levels, sources=sources))
    assert (ran.fate("student", "S1"), ran.fate("student", "S2")) == (("created", ""), ("skipped", "required-attribute-missing"))
    assert ran.fate("course", "K2")[0] == "skipped"
    assert run(district(users={"S2": {"email": ""}}), config=_config(requirements={})).fate("student", "S2") == ("created", "")


@pytest.mark.parametrize("column", ["classSourcedId", "userSourcedId", "schoolSourcedId"])
def test_an_enrollment_needs_its_references_whatever_the_requirements_say(column):
    ran = run(district(enrollments={"E1": {column: ""}}), config=_config(requirements={}))
    assert ran.fate("enrollment", "E1") == ("invalid", "reference-missing")


@pytest.mark.parametrize(("change", "code", "stays"), [
    ({"status": "inactive"}, "depends-on-excluded", False), ({"email": ""}, "depends-on-kept", True),
    ({"enabledUser": "perhaps"}, "depends-on-kept", True), ({"email": "s1.student@example.org"}, "depends-on-kept", True),
])  # fmt: skip
def test_an_enrollment_follows_its_person(change, code, stays):
    ran = again(yesterday(), district(users={"S2": change}))
    assert ran.fate("enrollment", "E2") == ("excluded", code)
    assert (ran.alive("enrollment", "E2") is not None) is stays
    assert (ran.alive("student", "S2") is not None) is stays


@pytest.mark.parametrize(("change", "stays"), [({"status": "inactive"}, False), ({"title": ""}, True), ({"classType": "club"}, True)])
def test_enrollments_follow_their_class(change, stays):
    ran = again(yesterday(), district(classes={"C2": change}))
    assert ran.fate("enrollment", "E4")[0] == "excluded"
    assert (ran.alive("enrollment", "E4") is not None) is stays


def test_classes_left_without_students_are_dropped_where_asked():
    drop = _config(_student(GRADES), drop_empty_classes=True)
    files = district(users={"S1": {"grades": "04"}}, enrollments={"E9": {"classSourcedId": "C2", "userSourcedId": "T1", "role": "teacher"}})
    ran = again(run(files), files, config=drop)
    assert ran.fates("class", "C2") == [("deleted", "class-without-students"), ("excluded", "class-without-students")]
    assert ran.fate("enrollment", "E9") == ("excluded", "depends-on-excluded")
    assert ran.fate("class", "C1") == ("unchanged", "")
    assert run(files, config=_config(_student(GRADES))).fate("class", "C2") == ("created", "")


def test_a_class_whose_students_are_only_put_off_is_not_dropped():
    files = district(users={"S1": {"email": ""}})
    ran = again(yesterday(), files, config=_config(drop_empty_classes=True))
    assert ran.alive("class", "C2") is not None
    assert ran.alive("enrollment", "E4") is not None

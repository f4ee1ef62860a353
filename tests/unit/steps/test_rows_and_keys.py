"""Unreadable rows, keys, repeated rows, roles: what a row is, and what becomes of the live record it speaks of."""

import pytest

from imports.config import ImportConfig
from records.attributes import RecordType
from tests.unit.steps.kit import Raw, again, district, mapped, person, run, yesterday

pytestmark = pytest.mark.no_database
ALL_NEW = ImportConfig(all_missing_as_new=True)


def _users(*more: object, without: str = "") -> dict:
    return {**district(), "users": [*(row for row in district()["users"] if row["sourcedId"] != without), *more]}


@pytest.mark.parametrize("broken", ["S2,cut", "S2" + "," * 40, 'S2,"open', "S2,,\0,,,,,,,,,,,,,,,", '"S2",cut'])
def test_an_unreadable_row_keeps_the_live_record_it_speaks_of(broken):
    ran = again(yesterday(), _users(Raw(broken), without="S2"))
    assert ran.counts("student")["invalid"] == 1
    assert ran.fates("student", "S2")[0][0] == "kept"
    assert ran.alive("student", "S2")["email"] == "s2.student@example.org"
    assert ran.alive("enrollment", "E2") is not None


def test_an_unreadable_row_of_users_keeps_a_teacher_too():
    ran = again(yesterday(), _users(Raw("T1,cut"), without="T1"))
    assert ran.counts("student")["invalid"] == 1
    assert ran.counts("teacher")["kept"] == 1
    assert ran.alive("teacher", "T1") is not None


def test_while_a_row_cannot_be_told_from_others_nobody_is_deleted_as_absent():
    ran = again(yesterday(), _users(Raw(",,broken"), without="S2"))
    assert ran.fate_of_leaver("student", "S2") == ("kept", "perhaps-unreadable")
    assert again(ran, _users(without="S2")).fate_of_leaver("student", "S2") == ("deleted", "absent")


def test_an_unreadable_row_of_somebody_known_lets_others_leave():
    ran = again(yesterday(), {**district(users={"T1": None}), "users": [*district(users={"S2": None, "T1": None})["users"], Raw("S2,cut")]})
    assert ran.fate_of_leaver("teacher", "T1") == ("deleted", "absent")


@pytest.mark.parametrize(("role", "outcome"), [("techer", ("invalid", "enum-impossible")), ("", ("skipped", "required-attribute-missing"))])
def test_a_role_nobody_can_read_keeps_the_teacher_who_had_one(role, outcome):
    ran = again(yesterday(), district(users={"T1": {"role": role}}))
    assert ran.fate("student", "T1") == outcome
    assert ran.counts("teacher")["deleted"] == 0
    assert ran.counts("teacher")["kept"] == 1
    assert ran.fate("enrollment", "E3") == ("excluded", "depends-on-kept")
    assert ran.alive("enrollment", "E3") is not None


def test_the_first_of_identical_rows_is_accepted():
    ran = run(_users(person("S2", "student")))
    assert ran.fates("student", "S2") == [("created", ""), ("duplicate", "key-repeated")]
    assert ran.one("key-repeated")["detail"] == "3"


def test_rows_of_one_key_that_differ_are_all_invalid_and_name_each_other():
    ran = again(yesterday(), _users(person("S2", "student", givenName="Other")))
    assert ran.counts("student")["invalid"] == 2
    assert sorted(one["detail"] for one in ran.found("key-repeated-differs")) == ["3", "7"]
    assert ran.alive("student", "S2")["first_name"] == "GivenS2"


def test_an_inactive_row_beside_an_active_one_of_the_same_key_is_no_repeat():
    ran = run(_users(person("S2", "student", status="inactive", givenName="Former")))
    assert ran.fates("student", "S2") == [("created", ""), ("excluded", "status-inactive")]


def test_keys_differ_by_case():
    assert run(_users(person("s2", "student", email="other@example.org"))).counts("student")["created"] == 3


def test_a_teacher_and_an_admin_of_one_id_are_both_accepted():
    ran = run(_users(person("T1", "administrator", email="t1.teacher@example.org")))
    assert ran.fate("teacher", "T1") == ran.fate("admin", "T1") == ("created", "")


@pytest.mark.parametrize("role", ["aide", "proctor"])
def test_aides_and_proctors_are_teachers_where_switched_on(role):
    files = _users(person("X1", role))
    assert run(files).fate("teacher", "X1") == ("excluded", "role-not-imported")
    assert run(files, config=ImportConfig(all_missing_as_new=True, aides_as_teachers=True)).fate("teacher", "X1") == ("created", "")


def test_switching_aides_off_again_deletes_them():
    on = run(_users(person("X1", "aide")), config=ImportConfig(all_missing_as_new=True, aides_as_teachers=True))
    assert again(on, _users(person("X1", "aide"))).fates("teacher", "X1") == [
        ("deleted", "role-not-imported"),
        ("excluded", "role-not-imported"),
    ]


@pytest.mark.parametrize("role", ["parent", "guardian", "relative"])
def test_parents_guardians_and_relatives_are_contacts(role):
    assert run(_users(person("X1", role))).fate("contact", "X1") == ("created", "")


def test_the_sis_id_may_come_from_identifier_and_references_follow():
    files = district(users={"S1": {"identifier": "00123"}, "S2": {"identifier": "00124"}})
    ran = run(files, config=ImportConfig(all_missing_as_new=True, sources=mapped(RecordType.STUDENT, sis_id="users.identifier")))
    assert ran.row("student", "00123")["source_id"] == "S1"
    assert ran.row("enrollment", "E1")["person_id"] == "00123"


def test_the_sis_id_may_come_from_a_type_of_user_ids():
    files = district(users={"S1": {"userIds": "{Fed:7},{ State : 00123 }"}, "S2": {"userIds": "{State:00124}"}})
    ran = run(files, config=ImportConfig(all_missing_as_new=True, sources=mapped(RecordType.STUDENT, sis_id="users.userIds[state]")))
    assert {row["key"] for row in ran.rows[RecordType.STUDENT]} == {"00123", "00124"}


def test_an_enrollment_is_tied_to_the_person_of_its_role_where_one_id_is_several_people():
    files = _users(person("S1", "teacher", email="s1@example.org"))
    files["enrollments"].append({**files["enrollments"][2], "sourcedId": "E9", "userSourcedId": "S1"})
    ran = run(files)
    assert (ran.row("enrollment", "E1")["person_type"], ran.row("enrollment", "E9")["person_type"]) == ("student", "teacher")


def test_an_enrollment_goes_to_the_one_of_two_roles_that_is_imported():
    files = _users(person("T1", "administrator", email="a@example.org"))
    files["users"][2]["email"] = ""
    assert run(files).row("enrollment", "E3")["person_type"] == "admin"


def test_an_office_whose_id_is_too_long_is_named():
    assert "more than 255 characters" in run(district(orgs={"X" * 256: {"type": "department"}})).says("org-invalid").message

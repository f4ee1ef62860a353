"""Domains of uniqueness: who holds a value, and what becomes of those who share it."""

import pytest

from dataquality.steps.uniqueness import Domain
from imports.config import ImportConfig
from records.attributes import RecordType
from tests.unit.steps.kit import again, district, person, run, yesterday

pytestmark = pytest.mark.no_database
SHARED = "s1.student@example.org"
DUPLICATE = ("duplicate", "uniqueness-shared")


def _config(*domains: Domain) -> ImportConfig:
    return ImportConfig(all_missing_as_new=True, uniqueness=domains)


def _plus(*people: dict) -> dict:
    return {**district(), "users": [*district()["users"], *people]}


def test_if_nobody_holds_the_value_all_are_duplicates_and_name_each_other():
    ran = run(district(users={"S2": {"email": SHARED}}))
    assert ran.fate("student", "S1") == ran.fate("student", "S2") == DUPLICATE
    assert {one["detail"] for one in ran.found("uniqueness-shared")} == {"student S1 (line 2)", "student S2 (line 3)"}


def test_the_live_holder_is_accepted_and_the_others_are_not():
    ran = again(yesterday(), _plus(person("S3", "student", email=SHARED)))
    assert ran.fate("student", "S1") == ("unchanged", "")
    assert ran.fate("student", "S3") == DUPLICATE


def test_who_takes_over_the_value_of_another_is_a_duplicate_and_keeps_the_live_record():
    ran = again(yesterday(), district(users={"S2": {"email": SHARED}}))
    assert (ran.fate("student", "S1"), ran.fate("student", "S2")) == (("unchanged", ""), DUPLICATE)
    assert ran.alive("student", "S2")["email"] == "s2.student@example.org"


@pytest.mark.parametrize("email", ["S1.Student@Example.ORG", "  s1.student@example.org "])
def test_email_is_compared_trimmed_and_without_case(email):
    assert run(district(users={"S2": {"email": email}})).fate("student", "S2") == DUPLICATE


@pytest.mark.parametrize("key", ["T1", "A1"])
def test_email_is_unique_across_students_teachers_and_admins(key):
    assert run(district(users={key: {"email": SHARED}})).fate("student", "S1") == DUPLICATE


def test_a_contact_may_share_an_address():
    assert run(district(users={"P1": {"email": SHARED}})).fate("student", "S1") == ("created", "")


def test_one_person_who_is_teacher_and_admin_may_share_the_address_with_themself():
    ran = run(_plus(person("T1", "administrator", email="t1.teacher@example.org")))
    assert ran.fate("teacher", "T1") == ran.fate("admin", "T1") == ("created", "")


def test_a_teacher_who_becomes_an_admin_too_still_holds_the_address_against_others():
    files = _plus(person("T1", "administrator", email="t1.teacher@example.org"), person("S3", "student", email="t1.teacher@example.org"))
    ran = again(yesterday(), files)
    assert (ran.fate("teacher", "T1"), ran.fate("admin", "T1"), ran.fate("student", "S3")) == (
        ("unchanged", ""),
        ("created", ""),
        DUPLICATE,
    )


def test_a_teacher_and_an_admin_of_different_ids_may_not_share():
    assert run(district(users={"A1": {"email": "t1.teacher@example.org"}})).fate("admin", "A1") == DUPLICATE


def test_empty_values_are_never_shared():
    ran = run(district(users={"S1": {"email": ""}, "S2": {"email": ""}}), config=ImportConfig(all_missing_as_new=True, requirements={}))
    assert ran.counts("student")["created"] == 2


def test_a_kept_live_record_holds_its_value():
    ran = again(yesterday(), {**district(users={"S1": {"grades": ""}}), "users": [
        *district(users={"S1": {"grades": ""}})["users"], person("S3", "student", email=SHARED)]})  # fmt: skip
    assert ran.fate("student", "S1")[0] == "skipped"
    assert ran.fate("student", "S3") == DUPLICATE
    assert "already in the portal" in ran.says("uniqueness-shared").message


def test_the_live_record_of_a_duplicate_holds_the_value_it_keeps():
    files = _plus(person("S3", "student", email="s2.student@example.org"))
    files["users"][1]["email"] = SHARED  # S2 wants the address of S1, and S3 the one that S2 leaves
    ran = again(yesterday(), files)
    assert (ran.fate("student", "S2"), ran.fate("student", "S3")) == (DUPLICATE, DUPLICATE)


def test_a_value_is_free_once_its_holder_is_gone():
    ran = again(
        yesterday(),
        {**district(users={"S1": None}), "users": [*district(users={"S1": None})["users"], person("S3", "student", email=SHARED)]},
    )
    assert ran.fate("student", "S3") == ("created", "")
    assert ran.fate_of_leaver("student", "S1") == ("deleted", "absent")


def test_two_may_exchange_their_addresses():
    ran = again(yesterday(), district(users={"S1": {"email": "s2.student@example.org"}, "S2": {"email": SHARED}}))
    assert ran.counts("student")["updated"] == 2
    assert len({ran.alive("student", key)["email"] for key in ("S1", "S2")}) == 2


def test_an_added_domain_of_one_attribute_compares_with_case():
    ran = run(
        district(users={"S1": {"username": "ana"}, "S2": {"username": "Ana"}}), config=_config(Domain(RecordType.STUDENT, ("username",)))
    )
    assert ran.counts("student")["created"] == 2
    ran = run(
        district(users={"S1": {"username": "ana"}, "S2": {"username": "ana"}}), config=_config(Domain(RecordType.STUDENT, ("username",)))
    )
    assert ran.counts("student")["duplicate"] == 2


def test_a_domain_of_several_attributes_is_shared_only_as_a_whole():
    domain = Domain(RecordType.STUDENT, ("first_name", "last_name"))
    same_first = district(users={"S2": {"givenName": "GivenS1"}})
    same_both = district(users={"S2": {"givenName": "GivenS1", "familyName": "FamilyS1"}})
    assert run(same_first, config=_config(domain)).counts("student")["created"] == 2
    ran = run(same_both, config=_config(domain))
    assert ran.counts("student")["duplicate"] == 2
    assert ran.found("uniqueness-shared")[0]["value"] == "GivenS1, FamilyS1"


def test_domains_may_be_of_any_record_type():
    files = district(classes={"C1": {"classCode": "X"}, "C2": {"classCode": "X"}})
    ran = run(files, config=_config(Domain(RecordType.CLASS, ("class_code",))))
    assert ran.fate("class", "C1") == DUPLICATE
    assert ran.fate("enrollment", "E1") == ("excluded", "depends-on-kept")


def test_in_a_delta_all_live_records_hold_their_values():
    files = {**district(), "users": [person("S3", "student", email=SHARED)]}
    assert again(yesterday(), files, modes={"users": "delta"}).fate("student", "S3") == DUPLICATE

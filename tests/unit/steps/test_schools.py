"""Schools Mapping in the pipeline: unmapped, merged, vanished, inactive; district offices."""

import pytest

from imports.config import ImportConfig
from tests.unit.steps.kit import again, district, person, run, yesterday

pytestmark = pytest.mark.no_database
NORTH_ONLY = ImportConfig(school_mapping={"O1": "north"})
AT_O2 = {"S2": {"orgSourcedIds": "O2"}}


def test_the_first_import_stops_for_schools_and_says_what_waits():
    ran = run(district(users=AT_O2), config=ImportConfig(), stops_for_schools=True)
    assert ran.result.stopped_for_schools
    assert [(one["source_id"], one["name"], one["identifier"], one["rows"]) for one in ran.result.unmapped] == [
        ("O1", "North High", "101", 3), ("O2", "South High", "102", 1)]  # fmt: skip


def test_rows_of_an_unmapped_school_are_left_out_and_say_so():
    files = district(users=AT_O2, classes={"C2": {"schoolSourcedId": "O2"}}, courses={"K2": {"orgSourcedId": "O2"}})
    ran = run(files, config=NORTH_ONLY)
    for kind, key in (("school", "O2"), ("student", "S2"), ("class", "C2"), ("course", "K2")):
        assert ran.fate(kind, key) == ("excluded", "school-unmapped")
    assert ran.fate("enrollment", "E2") == ("excluded", "depends-on-kept")
    assert [one["source_id"] for one in ran.result.unmapped] == ["O2"]


def test_unmapping_a_school_leaves_its_live_records_as_they_are():
    ran = again(run(district(users=AT_O2)), district(users=AT_O2), config=ImportConfig(school_mapping={"O1": "O1"}))
    assert ran.fate("student", "S2") == ("excluded", "school-unmapped")
    assert ran.alive("student", "S2") is not None
    assert sum(count["deleted"] for count in ran.result.counts.values()) == 0


def test_a_person_of_a_mapped_and_an_unmapped_school_comes_in_at_the_mapped_one():
    ran = run(district(users={"S2": {"orgSourcedIds": "O2,O1"}}), config=NORTH_ONLY)
    assert ran.row("student", "S2")["primary_school"] == "north"


def test_two_schools_may_become_one():
    config = ImportConfig(school_mapping={"O1": "both", "O2": "both"})
    ran = run(district(users={"S2": {"orgSourcedIds": "O2,O1"}}, enrollments={"E1": {"schoolSourcedId": "O2"}}), config=config)
    assert (ran.row("student", "S2")["primary_school"], ran.row("student", "S2")["other_schools"]) == ("both", "")
    assert ran.row("school", "O2")["mapped_school"] == "both"
    assert not ran.found("school-differs")


def test_a_vanished_school_stays_and_stands_in_for_its_row():
    ran = again(run(district(users=AT_O2)), district(orgs={"O2": None}, users=AT_O2))
    assert ran.fate_of_leaver("school", "O2") == ("kept", "school-stays")
    assert ran.fate("student", "S2") == ("unchanged", "")


def test_an_inactive_school_that_is_live_stays_too():
    ran = again(run(district(users=AT_O2)), district(orgs={"O2": {"status": "inactive"}}, users=AT_O2))
    assert ran.fates("school", "O2") == [("kept", "status-inactive"), ("excluded", "status-inactive")]
    assert ran.fate("student", "S2") == ("unchanged", "")


def test_an_inactive_school_that_never_was_takes_its_rows_with_it():
    ran = run(district(orgs={"O2": {"status": "inactive"}}, users=AT_O2))
    assert ran.fate("student", "S2") == ("excluded", "depends-on-excluded")


def test_identical_rows_of_a_school_do_not_shut_it():
    files = district()
    files["orgs"].append(dict(files["orgs"][1]))
    ran = run(files)
    assert ran.fates("school", "O1") == [("created", ""), ("duplicate", "key-repeated")]
    assert ran.counts("student")["created"] == 2


def test_differing_rows_of_a_new_school_leave_out_what_belongs_to_it_but_keep_what_is_live():
    files = district()
    files["orgs"].append({**files["orgs"][1], "name": "Other"})
    assert run(files).fate("student", "S1") == ("excluded", "depends-on-kept")
    assert again(yesterday(), files).fate("student", "S1") == ("unchanged", "")


def test_the_district_office_counts_for_staff_only():
    ran = run(district(users={"T1": {"orgSourcedIds": "D1,O1"}, "S2": {"orgSourcedIds": "D1,O1"}, "S1": {"orgSourcedIds": "D1"}}))
    assert (ran.row("teacher", "T1")["primary_school"], ran.row("teacher", "T1")["other_schools"]) == ("D1", "O1")
    assert ran.row("student", "S2")["primary_school"] == "O1"
    assert ran.fate("student", "S1") == ("skipped", "required-attribute-missing")


def test_offices_of_an_earlier_import_stand_in_where_orgs_are_a_delta():
    files = district(users={"A2": {"role": "administrator", "orgSourcedIds": "D1", "email": "a2@example.org"}})
    ran = again(yesterday(), {**files, "orgs": []}, modes={"orgs": "delta"})
    assert ran.fate("admin", "A2") == ("created", "")
    assert ran.fate("admin", "A1") == ("unchanged", "")


def test_orgs_are_organizations_not_schools_and_count_under_no_type():
    ran = run(district(orgs={"X1": {"type": "department", "name": "Transport"}}, users={"A1": {"orgSourcedIds": "X1"}}))
    assert ran.counts("school")["in_file"] == 2
    assert set(ran.result.organizations["key"]) == {"D1", "X1"}
    assert ran.row("admin", "A1")["primary_school"] == "X1"


def test_a_school_may_be_delivered_for_the_first_time_later():
    later = {**district(), "users": [*district()["users"], person("S3", "student", orgSourcedIds="O3")]}
    later["orgs"].append({**later["orgs"][1], "sourcedId": "O3", "name": "West"})
    ran = again(
        run(district(), config=ImportConfig(school_mapping={"O1": "n", "O2": "s"})),
        later,
        config=ImportConfig(school_mapping={"O1": "n", "O2": "s"}),
    )
    assert ran.fate("school", "O3") == ("excluded", "school-unmapped")
    assert ran.counts("student") | {"in_file": 3} == ran.counts("student")
    assert ran.counts("student")["unchanged"] == 2

"""A school that is left out takes its people and classes along."""

import pytest

from dataquality.steps.filters import Condition, FilterRule
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS
from imports.config import ImportConfig
from records.attributes import RecordType
from tests.unit.steps.kit import district, run

pytestmark = pytest.mark.no_database

ONLY_NORTH = ImportConfig(
    all_missing_as_new=True, filters=(FilterRule(RecordType.SCHOOL, (Condition("name", "equals_any", ("north high",)),)),)
)


def south() -> dict[str, list[dict[str, str]]]:
    files = district(users={"S9": {"role": "student", "grades": "03", "orgSourcedIds": "O2"}})
    two_schools = {**files["users"][0], "sourcedId": "S8", "email": "s8@example.org", "orgSourcedIds": "O2,O1", "agentSourcedIds": ""}
    return {**files, "users": [*files["users"], two_schools]}


def test_the_people_of_a_school_that_is_filtered_out_go_with_it():
    ran = run(south(), config=ONLY_NORTH)
    assert ran.fate("school", "O2") == ("excluded", "filtered-out")
    assert ran.fate("student", "S9") == ("excluded", "depends-on-excluded")
    assert ran.says("depends-on-excluded", key="S9").message.startswith("Its school (O2) was left out on purpose")


def test_who_has_another_school_stays():
    assert run(south(), config=ONLY_NORTH).fate("student", "S8") == ("created", "")


def test_live_people_of_a_school_that_is_filtered_out_are_deleted_while_the_school_stays():
    files = south()
    live = run(files).live
    ran = run(files, config=ONLY_NORTH, live=live)
    assert ran.alive("student", "S9") is None
    assert ran.alive("school", "O2") is not None


def test_live_people_of_a_school_that_merely_lacks_a_value_are_kept():
    files = south()
    live = run(files).live
    files["orgs"][2]["identifier"] = ""
    config = ImportConfig(all_missing_as_new=True, requirements={**DEFAULT_REQUIREMENTS, RecordType.SCHOOL: {"identifier": "skip"}})
    ran = run(files, config=config, live=live)
    assert ran.fate("student", "S9") == ("excluded", "depends-on-kept")
    assert ran.alive("student", "S9") is not None

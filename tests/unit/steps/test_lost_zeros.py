"""Ids that lost their leading zeros in a spreadsheet program are noticed before anybody approves the damage."""

import pytest

from tests.unit.steps.kit import district, run

pytestmark = pytest.mark.no_database


def test_ids_that_lost_their_zeros_are_warned_of():
    files = district(users={"00417": {"role": "student", "grades": "03"}})
    live = run(files).live
    files["users"][-1]["sourcedId"] = "417"
    ran = run(files, live=live, apply=False)
    assert ran.one("zeros-lost")["outcome"] == "warning"
    said = ran.says("zeros-lost")
    assert (said.file, said.line, said.column) == ("users.csv", len(files["users"]) + 1, "sourcedId")
    assert "417" in said.message
    assert "00417" in said.message


def test_other_new_numbers_are_not():
    files = district(users={"00417": {"role": "student", "grades": "03"}})
    live = run(files).live
    files["users"][-1]["sourcedId"] = "418"
    assert run(files, live=live, apply=False).found("zeros-lost") == []

"""The law of the rows holds for any faulty district under any configuration, import after import."""

import copy

import pytest
from hypothesis import given, settings

from tests.property.law import (
    assert_email_is_unique,
    assert_every_loss_is_explained,
    assert_live_follows,
    assert_schools_add_up,
    assert_sums_close,
)  # fmt: skip
from tests.property.worlds import Days, days
from tests.unit.steps.kit import MemoryLive, Ran, run

pytestmark = pytest.mark.no_database


def _checked(files: dict, day: Days, live: MemoryLive, modes: dict[str, str]) -> Ran:
    before = copy.deepcopy(live.records)
    ran = run(files, config=day.config, live=live, modes=modes)
    assert_sums_close(ran.result.counts, ran.rows, ran.lines, before, live.records)
    assert_every_loss_is_explained(ran.rows, ran.findings)
    assert_live_follows(ran.rows, before, live.records, modes, set(ran.lines))
    assert_email_is_unique(live.records)
    assert_schools_add_up(ran.result.counts, ran.result.by_school)
    return ran


@given(days())
@settings(max_examples=12)
def test_two_days_of_a_faulty_district_obey_the_law(day: Days):
    live = MemoryLive()
    _checked(day.first, day, live, {})
    _checked(day.second, day, live, day.modes)
    once_more = _checked(day.second, day, live, day.modes)
    for record_type, count in once_more.result.counts.items():
        assert (count["created"], count["updated"], count["deleted"]) == (0, 0, 0), f"{record_type} changes though the files are the same"


@given(days(deltas=False))
@settings(max_examples=4)
def test_files_that_are_not_sent_leave_what_they_hold_as_it_is(day: Days):
    live = MemoryLive()
    _checked(day.first, day, live, {})
    for kept_back in (("orgs", "academicSessions", "courses"), ("users", "demographics"), ("classes", "enrollments")):
        files = {file: rows for file, rows in day.second.items() if file not in kept_back}
        _checked(files, day, live, {})

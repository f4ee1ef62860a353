"""While deletion is disabled, any faulty district under any configuration loses nothing, the law holds, and what would have gone is listed."""

import copy

import pytest
from hypothesis import given, settings

from records.attributes import RecordType
from tests.property.law import (
    assert_email_is_unique,
    assert_every_loss_is_explained,
    assert_live_follows,
    assert_schools_add_up,
    assert_sums_close,
)  # fmt: skip
from tests.property.worlds import Days, days
from tests.unit.steps.kit import MemoryLive, run

pytestmark = pytest.mark.no_database


@given(days())
@settings(max_examples=5)
def test_nothing_is_lost_and_the_law_holds(day: Days):
    live = MemoryLive()
    run(day.first, config=day.config, live=live)
    before = copy.deepcopy(live.records)
    normal = run(day.second, config=day.config, live=copy.deepcopy(live), modes=day.modes)
    ran = run(day.second, config=day.config, live=live, modes=day.modes, keeps_all=True)
    assert_sums_close(ran.result.counts, ran.rows, ran.lines, before, live.records)
    assert_every_loss_is_explained(ran.rows, ran.findings)
    assert_live_follows(ran.rows, before, live.records, day.modes, set(ran.lines))
    assert_email_is_unique(live.records)
    assert_schools_add_up(ran.result.counts, ran.result.by_school)
    for record_type in RecordType:
        assert set(before[record_type]) <= set(live.records[record_type])
        assert ran.counts(record_type)["deleted"] == 0
        touched = {row["key"] for row in ran.rows[record_type] if row["outcome"] in {"created", "updated", "unchanged"}}
        kept = {row["key"] for row in ran.rows[record_type] if row["outcome"] == "kept"}
        gone = {row["key"] for row in normal.rows[record_type] if row["outcome"] == "deleted"}
        assert gone <= kept | touched, record_type
    once_more = run(day.second, config=day.config, live=live, modes=day.modes, keeps_all=True)
    for record_type, count in once_more.result.counts.items():
        assert (count["created"], count["updated"], count["deleted"]) == (0, 0, 0), record_type


@given(days(deltas=False))
@settings(max_examples=2)
def test_the_imports_after_it_forget_that_it_ever_was_on(day: Days):
    live = MemoryLive()
    run(day.first, config=day.config, live=live)
    run(day.second, config=day.config, live=live, keeps_all=True)
    before = copy.deepcopy(live.records)
    ran = run(day.second, config=day.config, live=live)
    assert_sums_close(ran.result.counts, ran.rows, ran.lines, before, live.records)
    assert_live_follows(ran.rows, before, live.records, {}, set(ran.lines))
    once_more = run(day.second, config=day.config, live=live)
    assert all((count["created"], count["updated"], count["deleted"]) == (0, 0, 0) for count in once_more.result.counts.values())

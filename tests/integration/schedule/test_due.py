"""With a moved clock: exactly the runs that are due, once each."""

from datetime import datetime, timedelta

import pytest

from accounts.models import District
from imports.models import Rollover
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.states import ACCEPTED, State
from tests.integration.schedule.kit import Clock, Scheduled

pytestmark = pytest.mark.django_db

NIGHTLY = {"when": "daily", "hour": 2, "minute": 30}


def beats(clock: Clock, begins: str, hours: int, minutes: int = 40) -> None:
    """A scheduler that comes every so many minutes."""
    at = clock.set(begins)
    for number in range(hours * 60 // minutes + 1):
        clock.beat((at + timedelta(minutes=minutes * number)).isoformat())


@pytest.mark.parametrize(
    ("part", "begins", "due"),
    [  # Chicago: 2:00 CST becomes 3:00 CDT at 08:00 UTC on March 14, 2027; 2:00 CDT becomes 1:00 CST at 07:00 UTC on November 7
        (NIGHTLY, "2027-03-13T00:00", ["03-13 08:30", "03-14 08:00", "03-15 07:30"]),
        ({"when": "daily", "hour": 1, "minute": 30}, "2027-11-06T12:00", ["11-07 06:30", "11-08 07:30", "11-09 07:30"]),
        ({"when": "weekly", "days": ["sun"], "hour": 2, "minute": 30}, "2027-03-13T00:00", ["03-14 08:00"]),
    ],
)
def test_over_a_change_of_the_clocks_every_day_runs_once(clock, part, begins, due):
    clock.set(begins)
    one = Scheduled(part)
    beats(clock, begins, 72)
    assert one.due() == due


@pytest.mark.parametrize("begins", ["2027-03-14T05:05", "2027-11-07T04:05"])
def test_over_a_change_of_the_clocks_every_real_hour_runs_once(clock, begins):
    clock.set(begins)
    one = Scheduled({"when": "hourly", "minute": 15})
    beats(clock, begins, 6, minutes=20)
    first = datetime.fromisoformat(begins)
    assert one.due() == [f"{first + timedelta(hours=hours, minutes=10):%m-%d %H:%M}" for hours in range(6)]


def test_a_worker_that_was_down_for_three_days_runs_once(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    assert len(clock.beat("2027-06-02T07:30")) == 1
    (run,) = clock.beat("2027-06-05T12:00")
    assert f"{run.due_at:%d %H:%M}" == "05 07:30"
    assert clock.beat("2027-06-05T12:01") == []
    assert len(clock.beat("2027-06-06T07:31")) == 1
    assert one.due() == ["06-02 07:30", "06-05 07:30", "06-06 07:30"]


def test_after_its_last_day_it_runs_no_more_but_a_run_that_was_missed_before_is_made_up_for(clock):
    clock.set("2027-06-28T12:00")
    one, late = Scheduled({**NIGHTLY, "end_date": "2027-06-30"}), Scheduled({**NIGHTLY, "end_date": "2027-06-29"})
    beats(clock, "2027-06-29T00:00", 24)
    late_first = late.due()
    clock.beat("2027-07-05T00:00")
    beats(clock, "2027-07-05T00:20", 48)
    assert one.due() == ["06-29 07:30", "06-30 07:30"]
    assert late_first == late.due() == ["06-29 07:30"]


def test_a_moment_just_missed_is_not_run_before_it_is_due(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    assert clock.beat("2027-06-02T07:29:59") == []
    assert len(clock.beat("2027-06-02T07:30:00")) == 1
    assert clock.beat("2027-06-02T07:30:20") == []
    assert one.due() == ["06-02 07:30"]


def test_a_clock_that_is_set_back_runs_nothing_twice(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    clock.beat("2027-06-02T07:31")
    clock.beat("2027-06-02T07:29")
    clock.beat("2027-06-02T07:30")
    clock.beat("2027-06-02T07:32")
    assert one.due() == ["06-02 07:30"]


# --- editing ----------------------------------------------------------------------------------------------------------


def test_what_lies_before_the_moment_of_saving_is_never_run(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(None)
    clock.beat("2027-06-02T12:00")
    one.schedule(NIGHTLY)  # 2:30 of this day has gone by
    assert clock.beat("2027-06-02T12:01") == []
    assert len(clock.beat("2027-06-03T07:30")) == 1


def test_a_schedule_that_is_edited_between_two_beats_holds_from_then_on(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    clock.set("2027-06-02T07:35")  # the beat of 7:30 has not come yet
    one.schedule({**NIGHTLY, "hour": 3})
    assert clock.beat("2027-06-02T07:36") == []
    assert len(clock.beat("2027-06-02T08:30")) == 1
    clock.set("2027-06-02T09:00")
    one.schedule({**NIGHTLY, "hour": 5})
    beats(clock, "2027-06-02T09:00", 26)
    assert one.due() == ["06-02 08:30", "06-02 10:30", "06-03 10:30"]


def test_other_settings_do_not_move_it(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    clock.set("2027-06-02T07:35")
    save_config(app=one.app, document={**one.app.config.document, "drop_empty_classes": True}, by=None)
    assert len(clock.beat("2027-06-02T07:36")) == 1


def test_switched_off_nothing_runs_not_even_what_was_due(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    clock.set("2027-06-02T07:35")
    one.schedule(None)
    beats(clock, "2027-06-02T07:36", 48)
    assert one.due() == []


def test_another_time_zone_of_the_district_holds_from_then_on(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    clock.beat("2027-06-02T07:30")
    District.objects.filter(pk=one.district.pk).update(time_zone="Asia/Tokyo")  # there it is 21:00: 2:30 of that day has gone by
    assert clock.beat("2027-06-02T12:00") == []
    beats(clock, "2027-06-02T12:20", 30)
    assert one.due() == ["06-02 07:30", "06-02 17:30", "06-03 17:30"]


def test_a_run_that_was_missed_before_the_time_zone_changed_is_made_up_for(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    District.objects.filter(pk=one.district.pk).update(time_zone="Asia/Tokyo")
    assert len(clock.beat("2027-06-02T12:00")) == 1
    assert one.due() == ["06-02 07:30"]


# --- what a run meets -------------------------------------------------------------------------------------------------


def test_a_run_imports_what_waits_and_one_without_files_changes_nothing(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    one.put()
    (run,) = clock.beat("2027-06-02T07:30")
    run_sync(run.sync_id, wakes_next=False)
    run.sync.refresh_from_db()
    assert run.sync.state in ACCEPTED
    (empty,) = clock.beat("2027-06-03T07:30")
    assert (empty.is_refused, empty.sync.state) == (False, State.NO_CHANGES)


def test_a_sync_that_is_still_working_keeps_no_run_from_taking_what_waits(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled({"when": "hourly", "minute": 0})
    one.put()
    (first,) = clock.beat("2027-06-01T13:00")  # queued, and nobody works it
    one.put(users={"S1": {"phone": "5"}})
    (second,) = clock.beat("2027-06-01T14:00")
    assert (first.sync.state, second.sync.state) == (State.QUEUED, State.QUEUED)
    assert first.sync_id != second.sync_id


def test_while_imports_are_suspended_each_run_is_refused_with_the_date_and_nothing_piles_up(clock):
    clock.set("2027-06-01T12:00")
    one = Scheduled(NIGHTLY)
    one.put()
    Rollover.objects.create(district=one.district, suspends_from=clock.now, suspends_until=datetime.fromisoformat("2027-06-04T06:00+00:00"))
    beats(clock, "2027-06-02T00:00", 48)
    assert [(run.is_refused, run.sync) for run in one.runs()] == [(True, None), (True, None)]
    assert "suspended until Jun 4, 2027, 1:00 AM CDT" in one.runs()[0].outcome
    (run,) = clock.beat("2027-06-04T07:30")
    assert (run.is_refused, run.sync.state) == (False, State.QUEUED)
    assert one.due() == ["06-02 07:30", "06-03 07:30", "06-04 07:30"]


def test_the_schedules_of_districts_are_apart(clock):
    clock.set("2027-06-01T12:00")
    chicago, tokyo, off = Scheduled(NIGHTLY), Scheduled(NIGHTLY, "Asia/Tokyo"), Scheduled(None)
    beats(clock, "2027-06-01T12:00", 24)
    assert (chicago.due(), tokyo.due(), off.due()) == (["06-02 07:30"], ["06-01 17:30"], [])

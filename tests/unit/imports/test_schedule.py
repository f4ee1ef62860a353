"""The moments of a schedule, against a model that looks at the clock minute by minute."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.schedule import DAYS, FREQUENCIES, Schedule, last_slot, moment_of, next_slot, next_slots, read_schedule, slots, words_of

pytestmark = pytest.mark.no_database

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WINDOW = 4  # days
# Zones with a day on which their clock changes (or an ordinary one): by an hour at night and at midnight, by half an hour, by two hours, by a day.
CHANGES = [
    ("America/Chicago", date(2027, 3, 14)), ("America/Chicago", date(2026, 11, 1)), ("Europe/London", date(2027, 3, 28)),
    ("Australia/Lord_Howe", date(2026, 10, 4)), ("Australia/Lord_Howe", date(2027, 4, 4)), ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)), ("America/Havana", date(2026, 11, 1)), ("Asia/Beirut", date(2025, 3, 30)),
    ("Africa/Cairo", date(2026, 4, 24)), ("Antarctica/Troll", date(2026, 3, 29)), ("Antarctica/Troll", date(2026, 10, 25)),
    ("Pacific/Apia", date(2011, 12, 30)), ("America/St_Johns", date(2027, 3, 14)), ("Asia/Kathmandu", date(2027, 3, 14)), ("UTC", date(2027, 3, 1)),
]  # fmt: skip


@cache
def clock(name: str, day: date) -> list[tuple[datetime, datetime]]:
    """Every minute of some days: the moment, and what the clock shows."""
    zone, begins = ZoneInfo(name), datetime.combine(day, datetime.min.time(), UTC) - 2 * DAY
    moments = [begins + number * MINUTE for number in range((WINDOW + 2) * 24 * 60)]
    return [(moment, moment.astimezone(zone).replace(tzinfo=None, fold=0)) for moment in moments]


def runs_on(schedule: Schedule, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    return {
        "daily": True,
        "weekdays": day.weekday() < 5,
        "weekly": list(DAYS)[day.weekday()] in schedule.days,
        "monthly": day.day == schedule.day or (schedule.day > last and day.day == last),
    }[schedule.when]


def naive_days(schedule: Schedule, shown: list[tuple[datetime, datetime]]) -> set[datetime]:
    """For each day the first minute at which the clock shows the time, else the first after it has jumped over it."""
    first: dict[datetime, datetime] = {}
    for moment, wall in shown:
        first.setdefault(wall, moment)
    found = set()
    for day in {wall.date() + more * DAY for _, wall in shown for more in (-1, 0, 1)}:
        wall = datetime.combine(day, time(schedule.hour, schedule.minute))
        if not runs_on(schedule, day):
            continue
        jumped = (now for (_, before), (now, after) in zip(shown, shown[1:], strict=False) if before < wall < after)
        moment = first.get(wall) or next(jumped, None)
        if moment:
            found.add(moment)
    return found


def naive_hours(minute: int, shown: list[tuple[datetime, datetime]]) -> set[datetime]:
    """Each minute at which the clock shows it, but for one that comes back within the hour; and where less than an hour with it in was jumped over, after that."""
    found, ran = set(), {}
    for (_, before), (moment, wall) in zip(shown, shown[1:], strict=False):
        jumped = [before + number * MINUTE for number in range(1, int((wall - before) / MINUTE))]
        if len(jumped) < 60 and any(one.minute == minute for one in jumped):
            found.add(moment)
        if wall.minute == minute and (wall not in ran or moment - ran[wall] >= timedelta(hours=1)):
            found.add(moment)
            ran[wall] = moment
    return found


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    when = draw(st.sampled_from(list(FREQUENCIES)))
    days = tuple(draw(st.lists(st.sampled_from(list(DAYS)), min_size=1, unique=True))) if when == "weekly" else ()
    hour = 0 if when == "hourly" else draw(st.sampled_from([0, 1, 2, 3, 23]) | st.integers(0, 23))
    return Schedule(when, days, hour, draw(st.sampled_from([0, 15, 30, 45, 59]) | st.integers(0, 59)), day=draw(st.integers(1, 31)))


@given(schedules(), st.sampled_from(CHANGES), st.integers(0, 3))
def test_the_moments_are_those_of_a_clock_that_is_watched(schedule: Schedule, change: tuple[str, date], ends_after: int) -> None:
    name, day = change
    zone, shown = ZoneInfo(name), clock(name, day)
    ends = Schedule(schedule.when, schedule.days, schedule.hour, schedule.minute, day + (ends_after - 1) * DAY, schedule.day)
    begins, until = shown[24 * 60][0], shown[-24 * 60][0]
    model = naive_hours(schedule.minute, shown) if schedule.when == "hourly" else naive_days(schedule, shown)
    expected = sorted(moment for moment in model if begins < moment <= until)
    assert list(slots(schedule, zone, begins, until)) == expected
    assert list(slots(ends, zone, begins, until)) == [one for one in expected if one.astimezone(zone).date() <= (ends.end_date or date.max)]


@given(schedules(), st.sampled_from(CHANGES), st.lists(st.integers(0, WINDOW * 24 * 60), max_size=6))
def test_however_often_one_looks_every_moment_is_found_once(schedule: Schedule, change: tuple[str, date], looks: list[int]) -> None:
    zone, shown = ZoneInfo(change[0]), clock(*change)
    begins, until = shown[24 * 60][0], shown[-24 * 60][0]
    moments = [begins, *sorted(begins + number * MINUTE for number in looks if begins + number * MINUTE < until), until]
    found = [one for after, now in zip(moments, moments[1:], strict=False) for one in slots(schedule, zone, after, now)]
    whole = list(slots(schedule, zone, begins, until))
    assert found == whole
    assert last_slot(schedule, zone, begins, until) == (whole[-1] if whole else None)


@given(schedules(), st.sampled_from(CHANGES))
def test_the_next_ones_are_the_first_of_those_to_come(schedule: Schedule, change: tuple[str, date]) -> None:
    zone, now = ZoneInfo(change[0]), datetime.combine(change[1], datetime.min.time(), UTC)
    coming = next_slots(schedule, zone, now, 5)
    assert len(coming) == 5
    assert coming[0] == next_slot(schedule, zone, now)
    assert coming == list(slots(schedule, zone, now, coming[-1]))


@pytest.mark.parametrize(
    ("schedule", "begins", "hours", "times"),
    [  # in Chicago the clock goes from 2:00 to 3:00 on March 14, 2027, and from 2:00 back to 1:00 on November 7
        (Schedule("daily", hour=2, minute=30), "2027-03-13T12:00", 48, ["14 03:00 CDT", "15 02:30 CDT"]),
        (Schedule("daily", hour=1, minute=30), "2027-11-06T12:00", 48, ["07 01:30 CDT", "08 01:30 CST"]),
        (Schedule("hourly", minute=30), "2027-03-14T00:45", 4, ["14 01:30 CST", "14 03:30 CDT", "14 04:30 CDT", "14 05:30 CDT"]),
        (Schedule("hourly", minute=30), "2027-11-07T00:45", 4, ["07 01:30 CDT", "07 01:30 CST", "07 02:30 CST", "07 03:30 CST"]),
        (Schedule("weekdays", hour=6), "2027-07-02T12:00", 96, ["05 06:00 CDT", "06 06:00 CDT"]),
        (
            Schedule("weekly", ("mon", "thu"), 2, 30, date(2027, 6, 28)),
            "2027-06-20T12:00",
            400,
            ["21 02:30 CDT", "24 02:30 CDT", "28 02:30 CDT"],
        ),
        (Schedule("monthly", hour=6, day=31), "2027-01-31T12:00", 24 * 62, ["28 06:00 CST", "31 06:00 CDT"]),
        (Schedule("monthly", hour=6, day=30), "2028-02-01T12:00", 24 * 30, ["29 06:00 CST"]),
    ],
)
def test_the_moments_by_hand(schedule: Schedule, begins: str, hours: int, times: list[str]) -> None:
    zone = ZoneInfo("America/Chicago")
    after = datetime.fromisoformat(begins).replace(tzinfo=zone).astimezone(UTC)
    found = slots(schedule, zone, after, after + timedelta(hours=hours))
    assert [f"{one.astimezone(zone):%d %H:%M %Z}" for one in found] == times


def test_an_hour_is_never_left_out_and_never_run_twice_where_the_clock_changes_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    for minute in range(60):
        for day, hours in ((date(2026, 10, 4), 23.5), (date(2027, 4, 4), 24.5)):
            begins = moment_of(datetime.combine(day, time()), zone) - MINUTE
            found = list(slots(Schedule("hourly", minute=minute), zone, begins, begins + timedelta(hours=hours)))
            assert len(found) == 24, (minute, day)


def test_a_day_that_a_country_leaves_out_makes_no_second_run_of_the_day_after() -> None:
    zone = ZoneInfo("Pacific/Apia")  # after December 29, 2011 came the 31st
    found = list(slots(Schedule("daily"), zone, datetime(2011, 12, 29, 11, tzinfo=UTC), datetime(2011, 12, 31, 11, tzinfo=UTC)))
    assert [f"{one.astimezone(zone):%m-%d %H:%M}" for one in found] == ["12-31 00:00", "01-01 00:00"]
    last = Schedule("daily", hour=2, end_date=date(2011, 12, 30))
    assert next_slot(last, zone, datetime(2011, 12, 29, 13, tzinfo=UTC)) is None


def test_after_its_last_day_nothing_comes() -> None:
    zone, schedule = ZoneInfo("America/Chicago"), Schedule("daily", hour=23, minute=59, end_date=date(2027, 6, 30))
    last = next_slot(schedule, zone, datetime(2027, 6, 30, 12, tzinfo=UTC))
    assert last == datetime(2027, 7, 1, 4, 59, tzinfo=UTC)
    assert next_slot(schedule, zone, last) is None
    assert next_slots(schedule, zone, last - 2 * DAY, 5) == [last - DAY, last]


def test_a_moment_that_is_now_belongs_to_the_time_before_it() -> None:
    at = datetime(2027, 6, 1, 2, tzinfo=UTC)
    schedule, zone = Schedule("daily", hour=2), ZoneInfo("UTC")
    assert (list(slots(schedule, zone, at - DAY, at)), list(slots(schedule, zone, at, at + MINUTE))) == ([at], [])
    assert list(slots(schedule, zone, at, at - DAY)) == []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"when": "hourly", "minute": 0}, "Hourly, on the hour"),
        ({"when": "hourly", "minute": 1}, "Hourly, 1 minute past the hour"),
        ({"when": "hourly", "minute": 15}, "Hourly, 15 minutes past the hour"),
        ({"when": "daily", "hour": 0, "minute": 5}, "Daily at 12:05 AM"),
        ({"when": "weekdays", "hour": 12, "minute": 0, "end_date": None}, "Weekdays at 12:00 PM"),
        ({"when": "weekly", "days": ["sun"], "hour": 14, "minute": 30}, "Weekly on Sunday at 2:30 PM"),
        (
            {"when": "weekly", "days": ["thu", "mon", "tue"], "hour": 2, "minute": 30, "end_date": "2027-06-30"},
            "Weekly on Monday, Tuesday and Thursday at 2:30 AM, until June 30, 2027",
        ),
        ({"when": "monthly", "day": 28, "hour": 2}, "Monthly on day 28 at 2:00 AM"),
        ({"when": "monthly", "day": 31, "hour": 2}, "Monthly on day 31, or the last day of a shorter month, at 2:00 AM"),
    ],
)
def test_a_schedule_reads_as_a_sentence(part: dict[str, object], words: str) -> None:
    schedule = read_schedule({"schedule": part})
    assert schedule is not None
    assert words_of(schedule) == words


def test_no_schedule_is_none() -> None:
    assert read_schedule({"schedule": None}) is None
    assert read_schedule({}) is None

"""When an app runs by itself: the moments of a schedule by the district's clock, also where that clock is set forward or back.

A wall time that does not exist on a day (the clock jumps over it) stands for the first moment after the gap; one that comes twice for its first
coming. Both never make a second run. *Hourly* is every real hour, at its minute.
Source: section 6.9 of the reference and its point 34.
"""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HOURLY, DAILY, ON_WEEKDAYS, WEEKLY, MONTHLY = "hourly", "daily", "weekdays", "weekly", "monthly"
FREQUENCIES = {HOURLY: "Hourly", DAILY: "Daily", ON_WEEKDAYS: "Weekdays", WEEKLY: "Weekly", MONTHLY: "Monthly"}
DAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}
_NAMES = tuple(DAYS)
_WORKING = 5  # days of a week, from Monday on
_EVERY_MONTH_HAS = 28
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LONGEST = timedelta(days=100)  # between two runs of the rarest schedule, with room to spare


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule. `days` are of weekly ones, `day` (of the month) of monthly ones; hour and minute are by the district's clock; it ends with its last day."""

    when: str
    days: tuple[str, ...] = ()
    hour: int = 0
    minute: int = 0
    end_date: date | None = None
    day: int = 1


def read_schedule(document: Mapping[str, Any]) -> Schedule | None:
    """The schedule of a checked document; None where nothing runs by the clock."""
    part = document.get("schedule")
    if part is None:
        return None
    end, days = part.get("end_date"), part.get("days") or ()
    return Schedule(
        part["when"], tuple(day for day in DAYS if day in days), int(part.get("hour", 0)), int(part.get("minute", 0)),
        date.fromisoformat(end) if end else None, int(part.get("day", 1)),
    )  # fmt: skip


# --- moments ----------------------------------------------------------------------------------------------------------


def slots(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments at which it runs, after one moment and up to and with another, in order and in UTC."""
    begins, ends = after.astimezone(UTC), until.astimezone(UTC)
    found = _hours(schedule.minute, zone, begins, ends) if schedule.when == HOURLY else _days(schedule, zone, begins, ends)
    last = begins
    for moment in found:
        if schedule.end_date and moment.astimezone(zone).date() > schedule.end_date:
            return
        if last < moment <= ends:  # two days that the clock jumps over meet in one moment
            yield moment
            last = moment


def next_slot(schedule: Schedule, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first moment after another at which it runs; None where its end date lets no more come."""
    return next(slots(schedule, zone, after, after + _LONGEST), None)


def next_slots(schedule: Schedule, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    """The next moments at which it runs, at most so many."""
    found: list[datetime] = []
    while len(found) < count and (moment := next_slot(schedule, zone, found[-1] if found else after)):
        found.append(moment)
    return found


def last_slot(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The last moment in a time at which it should have run, however many there are; None where there is none."""
    return max(slots(schedule, zone, after, until), default=None)


def _days(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of schedules that run at most once a day, from a day before to a day after."""
    day, last = after.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY
    if schedule.end_date:
        last = min(last, schedule.end_date)
    at = time(schedule.hour, schedule.minute)
    while day <= last:
        if _runs_on(schedule, day):
            yield moment_of(datetime.combine(day, at), zone)
        day += _DAY


def _runs_on(schedule: Schedule, day: date) -> bool:
    match schedule.when:
        case "weekdays":
            return day.weekday() < _WORKING
        case "weekly":
            return _NAMES[day.weekday()] in schedule.days
        case "monthly":
            return day.day == min(schedule.day, calendar.monthrange(day.year, day.month)[1])
    return True


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which the clock shows a time first; where it jumps over that time, the first moment after the gap."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return moment
    return _change_between(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of another offset than the one before; there is a change between the two."""
    offset = _offset(before, zone)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _hours(minute: int, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every moment at which the clock shows the minute.

    A change by whole hours leaves every real hour its moment. One by half an hour does not: a time that it jumps over runs after the gap, and one that
    comes back within the hour does not run again.
    """
    hour = after.replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        first, then = _offset(hour, zone), _offset(hour + _HOUR, zone)
        found = {hour + _rest(minute, offset) for offset in (first, then)}
        found = {moment for moment in found if moment.astimezone(zone).minute == minute and not _is_echo(moment, zone)}
        if timedelta() < then - first < _HOUR:
            change = _change_between(hour, hour + _HOUR, zone)
            if _rest(minute, first + (change - hour)) < then - first:
                found.add(change)
        yield from sorted(found)
        hour += _HOUR


def _rest(minute: int, offset: timedelta) -> timedelta:
    """How long it takes from a full hour of UTC, or from a moment with that distance to one, until the clock shows the minute."""
    return (timedelta(minutes=minute) - offset) % _HOUR


def _is_echo(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock, set back, shows less than an hour later what it showed before."""
    local = moment.astimezone(zone)
    return local.fold == 1 and moment - local.replace(fold=0).astimezone(UTC) < _HOUR


# --- words ------------------------------------------------------------------------------------------------------------


def words_of(schedule: Schedule) -> str:
    """Say when it runs: "Weekly on Monday and Thursday at 2:30 AM, until June 30, 2027"."""
    end = f", until {day_words(schedule.end_date)}" if schedule.end_date else ""
    return f"{pace_words(schedule)}{end}"


def pace_words(schedule: Schedule) -> str:
    """The same without the end: "Weekly on Monday and Thursday at 2:30 AM"."""
    label = FREQUENCIES[schedule.when]
    if schedule.when == HOURLY:
        minutes = f"{schedule.minute} {'minute' if schedule.minute == 1 else 'minutes'} past the hour"
        return f"{label}, {minutes if schedule.minute else 'on the hour'}"
    at = f"at {clock_words(schedule.hour, schedule.minute)}"
    if schedule.when == WEEKLY:
        return f"{label} on {_listed([name for day, name in DAYS.items() if day in schedule.days])} {at}"
    if schedule.when == MONTHLY:
        shorter = ", or the last day of a shorter month," if schedule.day > _EVERY_MONTH_HAS else ""
        return f"{label} on day {schedule.day}{shorter} {at}"
    return f"{label} {at}"


def clock_words(hour: int, minute: int) -> str:
    """A time of day: "2:30 AM"."""
    return f"{hour % 12 or 12}:{minute:02d} {'AM' if hour < 12 else 'PM'}"


def day_words(day: date) -> str:
    """A day: "June 30, 2027"."""
    return f"{day:%B} {day.day}, {day.year}"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

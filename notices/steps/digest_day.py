"""Which day's digest is due at a moment."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_due_day(now: datetime, hour: int, zone: ZoneInfo) -> date:
    """The local date of the last moment, not after `now`, at which the clock of the zone struck that hour.

    An hour that the clock skips in spring counts from the moment it skips to; one that comes twice in autumn counts the first time.
    """
    today = now.astimezone(zone).date()
    return today if _moment(today, hour, zone) <= now else today - timedelta(days=1)


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)

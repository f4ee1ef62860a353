"""A district's own clock: its zone, and how a moment is said by it in sentences."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import District


def zone_of(district: District | None) -> ZoneInfo:
    """The district's zone; UTC when there is no district or this system does not know the zone."""
    try:
        return ZoneInfo(district.time_zone) if district else ZoneInfo("UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def say_moment(moment: datetime, district: District) -> str:
    """A moment as the district's clock shows it: "Aug 14, 2026, 7:02 AM EDT"."""
    local = moment.astimezone(zone_of(district))
    return f"{local:%b} {local.day}, {local.year}, {local.hour % 12 or 12}:{local:%M %p %Z}"

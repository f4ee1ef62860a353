"""The zone in which a district reads its times."""

from zoneinfo import ZoneInfo

from accounts.models import District


def zone_of(district: District | None) -> ZoneInfo:
    """Return the district's zone; UTC when there is no district or this system does not know the zone."""
    try:
        return ZoneInfo(district.time_zone) if district else ZoneInfo("UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")

"""Whose turn it is to make the daily digest of a district: once for each day, also after the portal was away."""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import District
from accounts.times import zone_of
from notices.models import DigestTurn, NoticeSettings
from notices.steps.digest_day import last_due_day


@dataclass(frozen=True, slots=True)
class Window:
    """The day of a digest, and the time in which it looks for changes; since None: from the beginning."""

    day: date
    since: datetime | None
    until: datetime


def is_due(district: District, settings: NoticeSettings, turn: DigestTurn | None, now: datetime) -> bool:
    """Whether the district's digest is to be looked after; also the first time, when only the beginning is noted."""
    return settings.digest_on and (turn is None or turn.day < last_due_day(now, settings.digest_hour, zone_of(district)))


def take_turn(district: District, settings: NoticeSettings, now: datetime) -> Window | None:
    """Take the turn inside the caller's transaction; None if there is nothing to do.

    A district that never had a digest waits for the next time its hour strikes: the first digest comes at the set hour too.
    """
    day = last_due_day(now, settings.digest_hour, zone_of(district))
    turn, is_new = DigestTurn.unscoped.get_or_create(district=district, defaults={"day": day})
    turn = DigestTurn.objects.of(district).select_for_update().get(pk=turn.pk)
    if is_new or turn.day >= day:
        return None
    since = turn.until
    turn.day, turn.until = day, now
    turn.save(update_fields=["day", "until"])
    return Window(day, since, now)

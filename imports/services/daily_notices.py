"""What is told by the clock: the daily digest of Data Requirements, and that a delivery did not arrive in time."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import District
from dataquality.models import Issue
from dataquality.selectors.open_issues import label_of, plural_of
from imports.models import Arrival, Delivery, ImportApp, LandingRun
from imports.selectors.rollover import is_suspended, rollover_of
from notices.models import DigestTurn, ExpectedDelivery, NoticeSettings
from notices.selectors.settings import settings_by_district
from notices.services.digest_turn import Window, is_due, take_turn
from notices.services.emit import Fact, emit
from records.rules import RULES
from roster.models import RosterState
from roster.selectors.browse import school_names

log = logging.getLogger(__name__)
REQUIREMENTS = ("required-attribute-missing", "attribute-missing")  # the rules of Data Requirements
NO_SCHOOL = "No school"
LINES = 50  # of each table; the rest is counted
Line = dict[str, int | str]


def daily_notices(now: datetime | None = None) -> None:
    """Look after every district; what goes wrong in one keeps no other from its notices."""
    moment = now or timezone.now()
    saved = settings_by_district()
    turns = {turn.district_id: turn for turn in DigestTurn.unscoped.all()}
    expected = set(ExpectedDelivery.unscoped.values_list("district_id", flat=True))
    for district in District.objects.order_by("pk"):
        settings = saved.get(district.pk) or NoticeSettings(district=district)
        try:
            if is_due(district, settings, turns.get(district.pk), moment):
                send_digest(district, settings, now)
            if district.pk in expected:
                tell_missing(district, moment)
        except DatabaseError:
            log.warning("The notices of district %s wait for the next round.", district.pk, exc_info=True)


# --- the digest -------------------------------------------------------------------------------------------------------


@transaction.atomic
def send_digest(district: District, settings: NoticeSettings, now: datetime | None = None) -> bool:
    """Tell what has changed since the last digest; nothing changed, nobody is told. Returns whether anybody is.

    An apply stamps its issues with a moment before it commits. The roster's lock keeps the digest from looking between the two: while one is
    applied the digest waits for the next round.
    """
    if connection.features.has_select_for_update_skip_locked:  # elsewhere there is one writer at a time, and this is it
        states = RosterState.objects.of(district)
        if states.exists() and states.select_for_update(skip_locked=True).first() is None:
            return False
    window = take_turn(district, settings, now or timezone.now())
    if window is None:
        return False
    facts = digest_facts(district, window)
    if not facts["opened"] and not facts["resolved"]:
        return False
    emit(
        district=district,
        event="digest.excluded",
        subject_url=reverse("quality"),
        facts=facts,
        once_key=f"digest.excluded:{window.day.isoformat()}",
    )
    return True


def digest_facts(district: District, window: Window) -> dict[str, Fact]:
    """The issues of Data Requirements that opened in the window and are open at its end, and those that were open before it and no more.

    What opened and was mended in between is no change.
    """
    issues = Issue.objects.of(district).filter(code__in=REQUIREMENTS)
    is_open = Q(resolved_at=None) | Q(resolved_at__gt=window.until)
    opened = issues.filter(is_open, opened_at__lte=window.until)
    if window.since is None:
        resolved = issues.none()
    else:
        opened = opened.filter(opened_at__gt=window.since)
        resolved = issues.filter(resolved_at__gt=window.since, resolved_at__lte=window.until, opened_at__lte=window.since)
    return {
        "opened": opened.count(),
        "resolved": resolved.count(),
        "open": issues.filter(is_open, opened_at__lte=window.until).count(),
        "requirements": _by_requirement(opened, resolved),
        "schools": _by_school(district, opened, resolved),
    }


def _by_requirement(opened: QuerySet[Issue], resolved: QuerySet[Issue]) -> list[Line]:
    counted = _counted(opened, resolved, ("record_type", "attribute", "code"))
    return [
        {"name": f"{plural_of(kind)} without {label_of(kind, attribute)}, {_fate(code)}", "opened": new, "resolved": gone}
        for (kind, attribute, code), (new, gone) in counted
    ]


def _fate(code: str) -> str:
    return "left out" if RULES[code].fate is not None else "reported"


def _by_school(district: District, opened: QuerySet[Issue], resolved: QuerySet[Issue]) -> list[Line]:
    """By the schools that the portal knows; a key that it does not know stays in the portal."""
    counted = _counted(opened, resolved, ("school",))
    names = school_names(district, (key for (key,), _ in counted))
    known: list[Line] = [{"name": names[key], "opened": new, "resolved": gone} for (key,), (new, gone) in counted if key in names]
    others = [both for (key,), both in counted if key not in names]
    rest: Line = {"name": NO_SCHOOL, "opened": sum(new for new, _ in others), "resolved": sum(gone for _, gone in others)}
    return [*known, *([rest] if others else [])]


def _counted(opened: QuerySet[Issue], resolved: QuerySet[Issue], by: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[int, int]]]:
    """Group -> (opened, resolved), the largest first."""
    both: dict[tuple[str, ...], list[int]] = {}
    for place, issues in enumerate((opened, resolved)):
        for *group, count in issues.order_by().values_list(*by).annotate(count=Count("pk")):
            both.setdefault(tuple(group), [0, 0])[place] = count
    largest = sorted(both.items(), key=lambda pair: (-sum(pair[1]), pair[0]))[:LINES]
    return [(group, (new, gone)) for group, (new, gone) in largest]


# --- deliveries that did not come -------------------------------------------------------------------------------------


def tell_missing(district: District, now: datetime) -> int:
    """Tell of every app whose delivery is overdue, once for each lapse: the next delivery ends it. Returns how many apps are told of.

    While imports are suspended nothing is expected; after that the hours begin anew.
    """
    rollover = rollover_of(district)
    if is_suspended(rollover, now):
        return 0
    resumed = rollover.suspends_until if rollover.suspends_until and rollover.suspends_until <= now else None
    return sum(_tell_missing_of(district, expected, resumed, now) for expected in ExpectedDelivery.objects.of(district))


@dataclass(frozen=True, slots=True)
class Came:
    """When files of an app came last; `mark` names what came."""

    at: datetime
    mark: str


def _last_came(district: District, kind: str) -> Came | None:
    """The last delivery with files that was meant to be imported, or in a landing zone the last file that a run would take, which may still wait."""
    real = Delivery.objects.of(district).filter(app__kind=kind, is_empty=False).exclude(syncs__is_rehearsal=True)
    real = real.exclude(syncs__landing_runs__reason=LandingRun.Reason.REPLAY)  # those came long ago
    delivery = real.order_by("-received_at", "-pk").first()
    files = Arrival.objects.of(district).filter(app__kind=kind).exclude(state=Arrival.State.IGNORED)
    file = files.order_by("-seen_at", "-pk").first()
    found = [Came(delivery.received_at, str(delivery.pk))] if delivery else []
    if file is not None:
        found.append(Came(file.seen_at, f"file {file.pk}"))
    return max(found, key=lambda came: came.at, default=None)


@transaction.atomic
def _tell_missing_of(district: District, expected: ExpectedDelivery, resumed: datetime | None, now: datetime) -> bool:
    if not ImportApp.objects.of(district).filter(kind=expected.app).exists():
        return False
    last = _last_came(district, expected.app)
    begins = max(moment for moment in (expected.since, resumed, last and last.at) if moment)
    if begins + timedelta(hours=expected.hours) > now:
        return False
    facts: dict[str, Fact] = {
        "app": ImportApp.Kind(expected.app).label,
        "hours": expected.hours,
        "last_at": last.at.isoformat() if last else None,
    }
    lapse = f"after {last.mark}" if last else f"since {expected.since.isoformat()}"
    event = emit(
        district=district,
        event="delivery.missing",
        subject_url=reverse("imports:app", args=[expected.app]),
        facts=facts,
        once_key=f"delivery.missing:{expected.app}:{lapse}",
    )
    return event is not None

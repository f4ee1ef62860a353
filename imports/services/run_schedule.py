"""Run what the schedules have due: each slot once, whoever looks and how often, whoever is killed, and however long nobody looked.

The landing zone's row is the memory: up to when slots are settled, and the slot that was taken and whose run does not stand yet. Both move on in one
transaction, so of two that look at once one takes the slot. Whoever runs it holds a lock of the operating system, which ends with the process: a slot that
was taken, that nobody has in hand, and of which no run stands, was lost with its worker and is run again. Slots that were missed start one run.
Source: docs/decisions/0023-landing-zones.md
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.times import zone_of
from imports.models import ImportApp, LandingRun, LandingZone
from imports.schedule import last_slot
from imports.selectors.schedule import schedule_of
from imports.services.run_landing import run_landing
from imports.services.tell import tell_refused
from imports.zone import Zone

log = logging.getLogger(__name__)
BROKEN = "The portal could not run the import, for a fault of its own that stands in its log. The files wait where they are; the next run tries again."


def run_due(now: datetime | None = None) -> list[LandingRun]:
    """Run what is due at a moment; what goes wrong in one app keeps no other from its runs. Returns the runs, refused ones too."""
    moment = now or timezone.now()
    runs = []
    for app in ImportApp.unscoped.filter(kind=ImportApp.Kind.SFTP).select_related("config", "district").order_by("pk"):
        try:
            if run := _run_due_of(app, moment):
                runs.append(run)
        except (DatabaseError, OSError):  # it waits in the queue of writers, or the disk is away; the slot stays due
            log.warning("The schedule of app %s waits for the next round.", app.pk, exc_info=True)
    return runs


def _run_due_of(app: ImportApp, now: datetime) -> LandingRun | None:
    zone = LandingZone.objects.of(app.district_id).filter(app=app).first()
    if zone is None or _rests(app, zone, now):
        return None
    with _in_hand(zone) as is_mine:
        due = _take(app, now) if is_mine else None
        if due is None:
            return None
        run = _run(app, due)
        LandingZone.objects.of(app.district_id).filter(pk=zone.pk, schedule_due=due).update(schedule_due=None)
        return run


def _rests(app: ImportApp, zone: LandingZone, now: datetime) -> bool:
    """Whether there is nothing to do: so it is at almost every look, and nothing is locked or written for it."""
    if zone.schedule_due is not None:
        return False
    is_known = zone.schedule_settled is not None and zone.schedule_zone == app.district.time_zone
    return schedule_of(app) is None or (is_known and _due_slot(app, zone, now) is None)


@contextmanager
def _in_hand(zone: LandingZone) -> Iterator[bool]:
    """Keep every other process and thread from running this zone's schedule; False where another one does. The system ends it with the process."""
    Zone(zone.pk).create()
    handle = os.open(Zone(zone.pk).marks / ".schedule", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)


@transaction.atomic
def _take(app: ImportApp, now: datetime) -> datetime | None:
    """The slot that is to be run now: the last that is due, or one that was lost with its worker; None where there is none."""
    zone = LandingZone.objects.of(app.district_id).select_for_update(no_key=True).get(app=app)
    app.refresh_from_db(fields=["config", "district"])  # under the lock: somebody may have saved another schedule meanwhile
    if zone.schedule_due and _stands(app, zone.schedule_due):
        zone.schedule_due = None
    slot = _due_slot(app, zone, now)
    clock = app.district.time_zone
    if slot is not None:
        zone.schedule_due = slot
    if slot is not None or zone.schedule_settled is None or zone.schedule_zone != clock:
        zone.schedule_settled, zone.schedule_zone = max(now, zone.schedule_settled or now), clock
    zone.save(update_fields=["schedule_due", "schedule_settled", "schedule_zone"])
    return zone.schedule_due


def _due_slot(app: ImportApp, zone: LandingZone, now: datetime) -> datetime | None:
    """The last slot that is not settled. After a change of the district's time zone the moments before it are still those of the old clock."""
    schedule = schedule_of(app)
    if schedule is None or zone.schedule_settled is None:
        return None
    clock = ZoneInfo(zone.schedule_zone) if zone.schedule_zone else zone_of(app.district)
    return last_slot(schedule, clock, zone.schedule_settled, now)


def _stands(app: ImportApp, due: datetime) -> bool:
    return LandingRun.objects.of(app.district_id).filter(app=app, reason=LandingRun.Reason.SCHEDULE, due_at=due).exists()


def _run(app: ImportApp, due: datetime) -> LandingRun:
    """One run. What nobody foresaw is written down as a refused run and told; else it would be tried and fail for ever, and nobody would know."""
    try:
        return run_landing(app=app, reason=LandingRun.Reason.SCHEDULE, due_at=due)
    except DatabaseError:
        raise
    except Exception:
        log.exception("The scheduled run of app %s failed.", app.pk)
        with transaction.atomic():
            values = {"district": app.district, "is_refused": True, "outcome": BROKEN}
            run, is_new = LandingRun.unscoped.get_or_create(app=app, reason=LandingRun.Reason.SCHEDULE, due_at=due, defaults=values)
            if is_new:
                tell_refused(run, {"portal-broken": "The portal could not run the import"})
        return run

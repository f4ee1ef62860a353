"""Tasks are shells: an id in, one service call. Every one may be delivered twice or never; the database says what is to be done."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from imports.services.ask_to_run import run_asked
from imports.services.daily_notices import daily_notices
from imports.services.remind import remind_held
from imports.services.rollover import tell_rollovers
from imports.services.run_schedule import run_due
from imports.services.run_sync import run_sync
from imports.services.scan_zones import scan_zones
from imports.services.sweep import sweep
from imports.services.tidy import tidy
from roster.services.purge_deleted import purge_deleted


@shared_task(name="imports.tasks.run_sync_task")
def run_sync_task(sync_id: int) -> None:
    """Work one sync."""
    run_sync(sync_id)


@shared_task(name="imports.tasks.run_landing_task")
def run_landing_task(app_id: int, user_id: int) -> None:
    """Fetch from a district's own server and import, as a person asked."""
    run_asked(app_id, user_id)


@shared_task(name="imports.tasks.sweep_task")
def sweep_task() -> None:
    """Take up what a dead worker left, and what no worker was told of."""
    sweep()


@shared_task(name="imports.tasks.schedule_task")
def schedule_task() -> None:
    """Run the imports that the schedules of SFTP apps have due."""
    run_due()


@shared_task(name="imports.tasks.scan_zones_task")
def scan_zones_task() -> None:
    """Note what arrived in the landing zones, and run where a set is complete and its app runs on arrival."""
    scan_zones()


@shared_task(name="imports.tasks.tidy_task")
def tidy_task() -> None:
    """Remove from storage what nothing refers to."""
    tidy()


@shared_task(name="imports.tasks.purge_task")
def purge_task() -> None:
    """Remove for good the records that were deleted PORTAL_PURGE_DAYS ago."""
    purge_deleted(before=timezone.now() - timedelta(days=settings.PORTAL_PURGE_DAYS))


@shared_task(name="imports.tasks.clock_task")
def clock_task() -> None:
    """Tell what the clock tells: reminders, the end of a rollover, the daily digest, deliveries that did not come."""
    remind_held()
    tell_rollovers()
    daily_notices()

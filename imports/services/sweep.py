"""The sweeper: takes up syncs whose worker is gone or that no worker was told of, and ends holds nobody decided."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Max
from django.utils import timezone

from imports.files import remove_abandoned_scratch
from imports.models import Sync
from imports.services.claim import release_lapsed
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.services.tell import tell_expired
from imports.states import WAITING, State

log = logging.getLogger(__name__)


def sweep() -> None:
    """Queue what was lost, wake workers for what is queued, expire what waited too long, remove what killed processes left on disk."""
    remove_abandoned_scratch()
    try:
        for sync_id in release_lapsed():
            wake_worker(sync_id)
        expire_waiting()
    except OperationalError:  # on SQLite a long apply keeps all others from writing
        log.info("The database was busy; the next sweep goes on.")


def expire_waiting() -> None:
    """End the holds that nobody decided within the days of the setting; the live roster stays as it is."""
    too_old = timezone.now() - timedelta(days=settings.PORTAL_HELD_EXPIRE_DAYS)
    waiting = Sync.unscoped.filter(state__in=WAITING).annotate(since=Max("transitions__at"))
    for sync_id in waiting.filter(since__lt=too_old).values_list("pk", flat=True):
        with transaction.atomic():
            sync = Sync.unscoped.select_for_update().get(pk=sync_id)
            if sync.state in WAITING:
                set_state(sync, State.EXPIRED, reason=f"Nobody decided within {settings.PORTAL_HELD_EXPIRE_DAYS} days.")
                tell_expired(sync)

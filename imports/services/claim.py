"""Claim a sync for one worker, keep the claim alive, and find claims whose worker is gone.

The claim stands in the database: a lease that the worker's heartbeat extends, and an attempt number that fences off a worker who lost it.
"""

import logging
import os
import socket
import threading
from datetime import timedelta
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from accounts.models import District
from imports.models import Sync
from imports.selectors.rollover import waits_until, workable
from imports.services.rest import newer_delivery
from imports.services.set_state import set_state
from imports.services.start_sync import supersede_older
from imports.services.tell import tell_failed
from imports.states import CLAIMED, State, SyncKind

log = logging.getLogger(__name__)
MAX_LOSSES = 3


class ClaimLost(Exception):
    """Another worker has the sync now, or it was cancelled; whoever finds this stops without writing."""


def worker_name() -> str:
    """This process, as shown on screens: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


@transaction.atomic
def claim(sync_id: int) -> Sync | None:
    """Take a queued sync if no other sync of its district is being worked; None means: not now, or not any more."""
    district_id = Sync.unscoped.filter(pk=sync_id).values_list("district_id", flat=True).first()
    if district_id is None:
        return None
    District.objects.select_for_update(no_key=True).get(pk=district_id)  # no_key: does not wait for those who only refer to it
    sync = Sync.unscoped.select_for_update(of=("self",)).select_related("app", "delivery", "config", "district").get(pk=sync_id)
    if sync.state != State.QUEUED:
        return None
    if sync.cancel_requested:
        set_state(sync, State.CANCELLED, reason="Cancelled before anything was applied.")
        return None
    if waits_until(sync):
        return None
    others = Sync.objects.all_of(district_id)
    if workable(others.filter(state=State.QUEUED, pk__lt=sync.pk)).exists() or others.filter(state__in=CLAIMED).exists():
        return None
    if sync.kind == SyncKind.REST and sync.rest_of and (newer := newer_delivery(sync.rest_of)):
        set_state(sync, State.SUPERSEDED, reason=f"Superseded by sync {newer.pk}.")
        return None
    if not sync.is_simulation:
        supersede_older(sync)
    now = timezone.now()
    sync.attempt += 1
    sync.worker, sync.lease_until, sync.started_at = worker_name(), now + _lease(), sync.started_at or now
    sync.save(update_fields=["attempt", "worker", "lease_until", "started_at"])
    set_state(sync, State.RUNNING, reason="" if sync.attempt == 1 else f"Attempt {sync.attempt}.")
    return sync


def _lease() -> timedelta:
    return timedelta(seconds=settings.PORTAL_LEASE_SECONDS)


def extend_lease(sync_id: int, attempt: int) -> bool:
    """Extend the lease of a claim; False when it is lost."""
    held = Sync.unscoped.filter(pk=sync_id, attempt=attempt, state__in=CLAIMED)
    return held.update(lease_until=timezone.now() + _lease()) == 1


class Heartbeat:
    """Extends the lease from a thread of its own while a sync is worked. A beat that the database cannot take is tried again at the next."""

    def __init__(self, sync: Sync) -> None:
        self._sync_id, self._attempt = sync.pk, sync.attempt
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{sync.pk}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(max(0.2, settings.PORTAL_LEASE_SECONDS / 5)):
                try:
                    if not extend_lease(self._sync_id, self._attempt):
                        return
                except DatabaseError:
                    log.info("A heartbeat of sync %s came through late.", self._sync_id)
        finally:
            connection.close()


def check_claim(sync: Sync) -> None:
    """Raise ClaimLost unless this worker still has the sync and nobody asked to cancel it."""
    if not _mine(sync).exists():
        raise ClaimLost(f"sync {sync.pk}")


def lock_claimed(sync: Sync) -> Sync:
    """The sync's row, locked to the end of the caller's transaction: only the worker who has the sync writes with it.

    Raises:
        ClaimLost: another worker has the sync, or it was cancelled.
    """
    locked = _mine(sync).select_for_update(of=("self",)).select_related("district", "app", "detail").first()
    if locked is None:
        raise ClaimLost(f"sync {sync.pk}")
    return locked


def _mine(sync: Sync) -> QuerySet[Sync]:
    return Sync.unscoped.filter(pk=sync.pk, attempt=sync.attempt, state__in=CLAIMED, cancel_requested=False)


def release_lapsed() -> list[int]:
    """Queue again the syncs whose worker fell silent, or fail them after too many losses. Returns the ids of those a worker could take now.

    While a worker applies, its transaction holds the row: it cannot be taken away before it ends one way or the other.
    """
    lapsed = Sync.unscoped.filter(state__in=CLAIMED, lease_until__lt=timezone.now()).values_list("pk", flat=True)
    for sync_id in list(lapsed):
        with transaction.atomic():
            sync = Sync.unscoped.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked).filter(
                pk=sync_id, state__in=CLAIMED, lease_until__lt=timezone.now()).first()  # fmt: skip
            if sync is None:
                continue
            sync.losses += 1
            sync.save(update_fields=["losses"])
            if sync.cancel_requested and sync.state == State.RUNNING:
                set_state(sync, State.CANCELLED, reason="Cancelled; its worker is gone.")
            elif sync.losses >= MAX_LOSSES:
                sync.failure = f"The worker stopped {sync.losses} times while it worked on this sync. The live roster is as it was before."
                sync.save(update_fields=["failure"])
                set_state(sync, State.FAILED, reason=sync.failure)
                tell_failed(sync)
            else:
                set_state(sync, State.QUEUED, reason=f"The worker {sync.worker} fell silent.")
    busy = Sync.unscoped.filter(state__in=CLAIMED).values("district")
    free = workable(Sync.unscoped.filter(state=State.QUEUED)).exclude(district__in=busy).order_by()
    return sorted(free.values("district").annotate(first=Min("pk")).values_list("first", flat=True))

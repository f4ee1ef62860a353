"""Queue a sync over a delivery and wake a worker."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts.models import District, User
from imports.models import Delivery, ImportApp, Sync, SyncDetail, Transition
from imports.selectors.rollover import suspended_problem, suspended_until
from imports.services.receive_delivery import DeliveryRefused
from imports.services.set_state import set_state
from imports.states import WAITING, State, SyncKind

log = logging.getLogger(__name__)
TASK = "imports.tasks.run_sync_task"  # by name: tasks call services, not the other way round


class ImportSuspended(DeliveryRefused):
    """The district takes nothing in now; the message says until when."""


def check_not_suspended(district: District) -> None:
    """Refuse while imports of the district are suspended.

    Raises:
        ImportSuspended: they are.
    """
    if until := suspended_until(district):
        raise ImportSuspended([suspended_problem(until, district)])


@transaction.atomic
def start_sync(*, delivery: Delivery, by: User | None, wake: bool = True) -> Sync:
    """Queue a sync under the app's present configuration; it supersedes a sync of the same app that waits for a person.

    Raises:
        ImportSuspended: the district takes nothing in now; nothing is queued.
    """
    app = delivery.app
    check_not_suspended(delivery.district)
    if app.config is None:
        raise ValueError(f"{app} was never activated")
    if app.configured_at is None:  # whoever uploads takes the settings as they are
        ImportApp.objects.of(app.district_id).filter(pk=app.pk).update(configured_at=timezone.now())
    sync = Sync.objects.create(district=delivery.district, app=app, delivery=delivery, config=app.config, created_by=by)
    SyncDetail.objects.create(sync=sync)
    Transition.objects.create(sync=sync, to_state=State.QUEUED, by=by)
    supersede_older(sync)
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))
    return sync


def supersede_older(sync: Sync) -> None:
    """Put aside the older syncs of the same app that wait for a person: a newer delivery has come. Rollbacks are about none, and wait on."""
    if sync.kind != SyncKind.IMPORT:
        return
    older = Sync.objects.of(sync.district_id).filter(app_id=sync.app_id, pk__lt=sync.pk, state__in=WAITING)
    waiting = older.exclude(kind=SyncKind.ROLLBACK).select_for_update()
    for one in waiting:
        set_state(one, State.SUPERSEDED, reason=f"Superseded by sync {sync.pk}.")


def wake_worker(sync_id: int) -> None:
    """Tell the workers that a sync waits. If the broker cannot be reached the sweeper finds the sync later."""
    try:
        current_app.send_task(TASK, [sync_id])
    except Exception:  # the broker's client raises what its transport raises; the sync is safe in the database
        log.warning("The broker cannot be reached; sync %s waits for the sweeper.", sync_id, exc_info=True)

"""Queue a sync over a delivery and wake a worker."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from imports.models import Delivery, ImportApp, Sync, SyncDetail, Transition
from imports.services.set_state import set_state
from imports.states import WAITING, State

log = logging.getLogger(__name__)
TASK = "imports.tasks.run_sync_task"  # by name: tasks call services, not the other way round


@transaction.atomic
def start_sync(*, delivery: Delivery, by: User | None, wake: bool = True) -> Sync:
    """Queue a sync under the app's present configuration; it supersedes a sync of the same app that waits for a person."""
    app = delivery.app
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
    """Put aside the older syncs of the same app that wait for a person: a newer run has come."""
    waiting = Sync.objects.of(sync.district_id).select_for_update().filter(app_id=sync.app_id, pk__lt=sync.pk, state__in=WAITING)
    for one in waiting:
        set_state(one, State.SUPERSEDED, reason=f"Superseded by sync {sync.pk}.")


def wake_worker(sync_id: int) -> None:
    """Tell the workers that a sync waits. If the broker cannot be reached the sweeper finds the sync later."""
    try:
        current_app.send_task(TASK, [sync_id])
    except Exception:  # the broker's client raises what its transport raises; the sync is safe in the database
        log.warning("The broker cannot be reached; sync %s waits for the sweeper.", sync_id, exc_info=True)

"""Tasks are shells: an id in, one service call. Every one may be delivered twice or never; the database says what is to be done."""

from celery import shared_task

from imports.services.run_sync import run_sync
from imports.services.sweep import sweep


@shared_task(name="imports.tasks.run_sync_task")
def run_sync_task(sync_id: int) -> None:
    """Work one sync."""
    run_sync(sync_id)


@shared_task(name="imports.tasks.sweep_task")
def sweep_task() -> None:
    """Take up what a dead worker left, and what no worker was told of."""
    sweep()

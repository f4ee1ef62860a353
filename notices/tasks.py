"""Tasks are shells: an id in, one service call. Every one may be delivered twice or never; the database says what is to be done."""

from celery import shared_task
from django.db import OperationalError

from notices.services.deliver import deliver
from notices.services.fan_out import fan_out
from notices.services.sweep import forget_old, sweep


@shared_task(name="notices.tasks.fan_out_task")
def fan_out_task(event_id: int) -> None:
    """Decide who is told of an event."""
    fan_out(event_id)


@shared_task(name="notices.tasks.deliver_task")
def deliver_task(notice_id: int) -> None:
    """Try to send one notice."""
    deliver(notice_id)


@shared_task(name="notices.tasks.sweep_task")
def sweep_task() -> None:
    """Take up what lies in the outbox."""
    try:
        sweep()
    except OperationalError:  # on SQLite a long apply keeps all others from writing; the next sweep goes on
        return


@shared_task(name="notices.tasks.forget_task")
def forget_task() -> None:
    """Remove from the log what is older than PORTAL_NOTICES_KEEP_DAYS."""
    forget_old()

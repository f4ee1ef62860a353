"""The sweeper of the outbox: takes up events and notices that no worker was told of, or whose worker is gone; forgets old ones."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from notices.models import Event, Notice
from notices.services.emit import DELIVER, wake
from notices.services.fan_out import fan_out

AT_ONCE = 200
YOUNG = timedelta(seconds=5)  # an event so young is in the hands of the worker that was woken for it


def sweep(now: datetime | None = None) -> None:
    """Fan out what lies in the outbox, and wake workers for the notices that are due."""
    now = now or timezone.now()
    for event_id in list(
        Event.unscoped.filter(fanned_out_at=None, at__lt=now - YOUNG).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        fan_out(event_id)
    for notice_id in due_notices(now):
        wake(DELIVER, notice_id)


def due_notices(now: datetime) -> list[int]:
    """The notices that can be tried now, the longest due first."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Notice.unscoped.filter(free, state=Notice.State.WAITING, next_at__lte=now - YOUNG)
    return list(due.order_by("next_at", "pk").values_list("pk", flat=True)[:AT_ONCE])


def forget_old(now: datetime | None = None) -> int:
    """Remove from the log what ended PORTAL_NOTICES_KEEP_DAYS ago; events stay, for they say what was told once. Returns how many went."""
    before = (now or timezone.now()) - timedelta(days=settings.PORTAL_NOTICES_KEEP_DAYS)
    return Notice.unscoped.filter(ended_at__lt=before).delete()[0]

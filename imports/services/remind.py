"""Remind people of syncs that wait for them, once each time a sync is held."""

import logging
import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from imports.models import Sync
from imports.services.tell import held_facts
from imports.states import State
from notices.models.settings import REMINDER_HOURS
from notices.selectors.settings import settings_by_district
from notices.services.emit import emit

log = logging.getLogger(__name__)
_HELD_SINCE = Max("transitions__at", filter=Q(transitions__to_state=State.HELD))


def remind_held(now: datetime | None = None) -> int:
    """Tell those who may decide of every sync that has been held for the hours of its district. Returns how many were told of."""
    now = now or timezone.now()
    saved = settings_by_district()
    waiting = Sync.unscoped.filter(state=State.HELD, is_simulation=False, reminded_at=None).annotate(since=_HELD_SINCE)
    reminded = 0
    for sync_id, district_id, since in list(waiting.order_by("pk").values_list("pk", "district_id", "since")):
        hours = saved[district_id].reminder_hours if district_id in saved else REMINDER_HOURS
        if hours is None or since is None or since + timedelta(hours=hours) > now:
            continue
        try:
            reminded += _remind(sync_id, since, now)
        except DatabaseError:  # it waits in the queue of writers, or is being decided; the next round is in five minutes
            log.warning("The reminder of sync %s waits for the next round.", sync_id, exc_info=True)
    return reminded


@transaction.atomic
def _remind(sync_id: int, since: datetime, now: datetime) -> bool:
    """Remind of one sync, unless somebody decided or reminded meanwhile."""
    sync = Sync.unscoped.select_for_update(of=("self",)).select_related("district", "app").filter(pk=sync_id).first()
    if sync is None or sync.state != State.HELD or sync.reminded_at is not None:
        return False
    sync.reminded_at = now
    sync.save(update_fields=["reminded_at"])
    held_for = now - since
    left = timedelta(days=settings.PORTAL_HELD_EXPIRE_DAYS) - held_for
    facts = held_facts(sync) | {"hours": int(held_for.total_seconds() // 3600), "days_left": max(1, math.ceil(left / timedelta(days=1)))}
    emit(district=sync.district, event="sync.reminder", subject_url=reverse("imports:review", args=[sync.pk]), facts=facts)
    return True

"""Purge records that were deleted long ago. They were invisible already, so the roster's version and counts stay as they are."""

from datetime import datetime

from django.db import transaction

from accounts.models import District
from accounts.services.audit import record_event
from roster.models import LIVE


def purge_deleted(*, before: datetime) -> int:
    """Remove for good the records of all districts that were deleted before that time; returns how many."""
    return sum(_purge(district, before) for district in District.objects.order_by("pk"))


@transaction.atomic
def _purge(district: District, before: datetime) -> int:
    rows = 0
    for model in LIVE.values():
        # A record that a sync brings back just now is no longer deleted when its row comes free, and is then left alone.
        rows += model.objects.of(district).filter(deleted_at__lt=before).delete()[0]
    if rows:
        record_event(district=district, action="records.purged", by=None, target="Deleted records", rows=rows, before=before.isoformat())
    return rows

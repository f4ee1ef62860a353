"""What pages of the rooms below say about syncs, which they know by number only: `{% load syncs %}`."""

from datetime import datetime
from typing import Any

from django import template
from django.db.models import Max
from django.template import Context

from accounts.models import District
from imports.models import Sync
from imports.selectors.rollover import strips_of
from imports.states import State

register = template.Library()
CHECKED = (State.COMPLETED, State.COMPLETED_WITH_ISSUES, State.NO_CHANGES)


@register.simple_tag
def last_check(district: District, app: str = "") -> datetime | None:
    """When the roster of a district, or what one app brings, was last checked: `{% last_check district as checked %}`."""
    syncs = Sync.objects.of(district).filter(state__in=CHECKED)
    return (syncs.filter(app__kind=app) if app else syncs).aggregate(at=Max("finished_at"))["at"]


@register.simple_tag
def sync_started(district: District, sync_id: int) -> datetime | None:
    """When a sync was started; None where it is no longer known."""
    return Sync.objects.of(district).filter(pk=sync_id).values_list("created_at", flat=True).first()


@register.inclusion_tag("imports/_rollover_strips.html", takes_context=True)
def rollover_strips(context: Context) -> dict[str, Any]:
    """What the district holds back now or soon, as strips: `{% rollover_strips %}`."""
    district = context.get("district")
    return {"strips": strips_of(district) if district else []}

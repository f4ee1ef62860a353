"""The delivery log: what was told to whom, and how it went."""

from django.db.models import QuerySet

from accounts.models import District
from notices.models import Attempt, Notice, Webhook

FAILED = "failed"


def delivery_log(district: District, shown: str = "") -> QuerySet[Notice]:
    """The notices of a district, newest first; `shown` "failed": those given up, and those that failed and are tried again."""
    notices = Notice.objects.of(district).select_related("event").order_by("-created_at", "-pk")
    return notices.exclude(last_error="").exclude(state__in=(Notice.State.SENT, Notice.State.DROPPED)) if shown == FAILED else notices


def attempts_of(webhook: Webhook) -> QuerySet[Attempt]:
    """The tries of a webhook, newest first."""
    return Attempt.objects.filter(notice__webhook=webhook).select_related("notice__event").order_by("-at", "-pk")

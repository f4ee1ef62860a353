"""Send a test at once, so that whoever set something up sees whether it works."""

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import District, User
from notices.kinds import TEST
from notices.models import Event, Notice, Webhook
from notices.services.deliver import Result, deliver


def try_mail(*, district: District, person: User) -> Result:
    """Send a test mail to the person and say what came of it."""
    return _try(district, Notice(channel=Notice.Channel.MAIL, person=person, to=person.email))


def try_webhook(*, webhook: Webhook) -> Result:
    """Send a test event to the webhook, also when it is off, and say what came of it."""
    return _try(webhook.district, Notice(channel=Notice.Channel.WEBHOOK, webhook=webhook, to=webhook.url))


def _try(district: District, notice: Notice) -> Result:
    with transaction.atomic():
        now = timezone.now()
        notice.district = district
        notice.event = Event.objects.create(
            district=district, kind=TEST, subject_url=reverse("notifications"), facts={}, at=now, fanned_out_at=now
        )
        notice.save()
    return deliver(notice.pk, is_patient=False) or Result(False, "Another worker has it.")

"""Decide who is told of an event, once: one notice for each person and webhook."""

from functools import partial

from django.db import transaction
from django.utils import timezone

from notices.kinds import KINDS
from notices.models import Event, Notice
from notices.selectors.recipients import people_to_tell, webhooks_to_tell
from notices.services.emit import DELIVER, wake


@transaction.atomic
def fan_out(event_id: int) -> list[int]:
    """Write the notices of an event and wake workers for them. Returns their ids; none if that was done before, or is being done."""
    event = Event.unscoped.select_for_update(of=("self",)).filter(pk=event_id, fanned_out_at=None).select_related("district").first()
    if event is None:
        return []
    notices = Notice.unscoped.bulk_create([*_mails(event), *_calls(event)])
    event.fanned_out_at = timezone.now()
    event.save(update_fields=["fanned_out_at"])
    for notice in notices:
        transaction.on_commit(partial(wake, DELIVER, notice.pk))
    return [notice.pk for notice in notices]


def _mails(event: Event) -> list[Notice]:
    people = people_to_tell(event) if event.kind in KINDS else []  # a kind that an older version knew is told to nobody
    return [Notice(district=event.district, event=event, channel=Notice.Channel.MAIL, person=each, to=each.email) for each in people]


def _calls(event: Event) -> list[Notice]:
    return [
        Notice(district=event.district, event=event, channel=Notice.Channel.WEBHOOK, webhook=each, to=each.url)
        for each in webhooks_to_tell(event)
    ]

"""Add, change and remove webhooks."""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import District, User
from accounts.services.audit import record_event
from notices.kinds import OFFERED
from notices.models import Notice, Webhook
from notices.services.post import AddressRefused, check_url
from notices.services.secrets import new_secret

MOST = 20  # webhooks of a district


class WebhookRefused(Exception):
    """The webhook cannot be saved; the message says why and how to mend it, `field` where."""

    def __init__(self, message: str, field: str = "url") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def add_webhook(*, district: District, url: str, events: Collection[str], by: User, address: str | None) -> Webhook:
    """Add a webhook that is on; its secret can be shown by `secrets.secret_of`.

    Raises:
        WebhookRefused: the address may not be called, no event is chosen, or there are too many webhooks.
    """
    District.objects.select_for_update().get(pk=district.pk)
    if Webhook.objects.of(district).count() >= MOST:
        raise WebhookRefused(f"A district can have {MOST} webhooks. Remove one that is not needed any more.")
    webhook = Webhook(district=district, url=_checked(url), events=_known(events))
    new_secret(webhook)
    webhook.save()
    record_event(district=district, action="webhook.added", by=by, target=_host(webhook), address=address, events=webhook.events)
    return webhook


@transaction.atomic
def change_webhook(*, webhook: Webhook, url: str, events: Collection[str], is_on: bool, by: User, address: str | None) -> bool:
    """Change address, events, or whether it is on; False if nothing differs. What waits for it goes to the new address.

    Raises:
        WebhookRefused: the address may not be called, or no event is chosen.
    """
    after = (_checked(url), _known(events), is_on)
    if after == (webhook.url, webhook.events, webhook.is_on):
        return False
    webhook.url, webhook.events, webhook.is_on = after
    webhook.save(update_fields=["url", "events", "is_on"])
    record_event(
        district=webhook.district, action="webhook.changed", by=by, target=_host(webhook), address=address, events=webhook.events, on=is_on
    )
    return True


@transaction.atomic
def renew_secret(*, webhook: Webhook, by: User, address: str | None) -> None:
    """Make another secret; from now on everything is signed with it."""
    new_secret(webhook)
    webhook.save(update_fields=["nonce", "mark"])
    record_event(district=webhook.district, action="webhook.secret_renewed", by=by, target=_host(webhook), address=address)


@transaction.atomic
def remove_webhook(*, webhook: Webhook, by: User, address: str | None) -> None:
    """Remove it; what waits for it is not sent any more, what was sent stays in the log."""
    waiting = webhook.notices.filter(state=Notice.State.WAITING)
    waiting.update(
        state=Notice.State.DROPPED, ended_at=timezone.now(), last_error="The webhook was removed.", claim=None, claimed_until=None
    )
    record_event(district=webhook.district, action="webhook.removed", by=by, target=_host(webhook), address=address)
    webhook.delete()


def _checked(url: str) -> str:
    url = url.strip()
    if len(url) > 500:
        raise WebhookRefused("The address has more than 500 characters. Use a shorter one.")
    try:
        check_url(url, allow_private=settings.PORTAL_WEBHOOKS_PRIVATE)
    except AddressRefused as error:
        raise WebhookRefused(str(error)) from error
    return url


def _known(events: Collection[str]) -> list[str]:
    known = [kind.name for kind in OFFERED if kind.name in events]
    if not known:
        raise WebhookRefused("Choose at least one event.", "events")
    return known


def _host(webhook: Webhook) -> str:
    """Its host alone: some addresses are secrets themselves."""
    return check_url(webhook.url, allow_private=True).hostname or ""

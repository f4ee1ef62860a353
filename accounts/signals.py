"""Write sign-ins and lock-outs into the audit trail."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_cool_off
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.current import address_of
from accounts.models import AuditEvent, User
from accounts.services.audit_person import record_event_of_person
from accounts.services.confirm import note_confirmed

LOCKED_OUT = "person.locked_out"


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A person signed in."""
    note_confirmed(request)
    record_event_of_person(person=user, action="person.signed_in", address=address_of(request))


@receiver(user_locked_out)
def note_lock_out(sender: Any, request: HttpRequest, username: str, ip_address: str | None = None, **kwargs: Any) -> None:
    """Too many attempts with the email of a member; further attempts during the same pause are not noted again."""
    person = User.objects.filter(email=(username or "").strip().lower()).first()
    if person is None:
        return
    since = timezone.now() - (get_cool_off(request) or timedelta())
    if not AuditEvent.unscoped.filter(actor=person, action=LOCKED_OUT, address=ip_address, at__gte=since).exists():
        record_event_of_person(person=person, action=LOCKED_OUT, address=ip_address)

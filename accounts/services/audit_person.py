"""Write the audit trail about a person who may belong to several districts."""

from typing import Any

from django.db import transaction

from accounts.models import Membership, User
from accounts.services.audit import record_event


@transaction.atomic
def record_event_of_person(*, person: User, action: str, address: str | None, **detail: Any) -> None:
    """Add one event to each district the person is a member of: signing in and passwords concern all of them."""
    for membership in Membership.unscoped.filter(user=person).select_related("district"):
        record_event(district=membership.district, action=action, by=person, address=address, **detail)

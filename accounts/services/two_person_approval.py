"""Ask for a second person at every approval."""

from django.db import transaction

from accounts.models import District, User
from accounts.services.audit import record_event


@transaction.atomic
def set_two_person_approval(*, district: District, is_on: bool, by: User, address: str | None) -> bool:
    """Let whoever started a sync not approve it (on), or let them (off). False: it was so already."""
    locked = District.objects.select_for_update().get(pk=district.pk)
    if locked.two_person_approval == is_on:
        return False
    locked.two_person_approval = is_on
    locked.save(update_fields=["two_person_approval"])
    record_event(
        district=locked,
        action="district.two_person_approval",
        by=by,
        address=address,
        before="off" if is_on else "on",
        after="on" if is_on else "off",
    )
    return True

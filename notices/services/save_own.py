"""Save what one person wants to be told in a district."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import District, User
from accounts.services.audit import record_event
from notices.kinds import GROUPS
from notices.models import PersonSettings


@transaction.atomic
def save_own(*, district: District, user: User, groups: Mapping[str, bool], address: str | None) -> None:
    """From now on the person's own choice counts, whatever the district's default is or becomes."""
    chosen = {group.name: bool(groups.get(group.name)) for group in GROUPS}
    PersonSettings.unscoped.update_or_create(district=district, user=user, defaults={"groups": chosen})
    off = [group.title for group in GROUPS if not chosen[group.name]]
    record_event(district=district, action="notices.own_changed", by=user, address=address, off=off)


@transaction.atomic
def follow_district(*, district: District, user: User, address: str | None) -> None:
    """From now on the person follows the district's default again."""
    if PersonSettings.objects.of(district).filter(user=user).delete()[0]:
        record_event(district=district, action="notices.own_changed", by=user, address=address, off="as the district")

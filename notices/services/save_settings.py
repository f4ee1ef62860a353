"""Save what a district tells its people."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import District, User
from accounts.services.audit import record_event
from notices.kinds import GROUPS
from notices.models import ExpectedDelivery
from notices.selectors.settings import district_groups, settings_of

_FIELDS = ("digest_on", "digest_hour", "reminder_hours")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen: group -> on or off; the digest and its hour; hours until people are reminded (None: never); kind of app -> hours or None."""

    groups: Mapping[str, bool]
    digest_on: bool
    digest_hour: int
    reminder_hours: int | None
    expected: Mapping[str, int | None]


@transaction.atomic
def save_settings(*, district: District, chosen: Chosen, by: User, address: str | None) -> list[str]:
    """Save what differs; returns what it was, in words, and writes it into the audit trail when there is anything."""
    District.objects.select_for_update().get(pk=district.pk)
    settings = settings_of(district)
    before = district_groups(settings)
    groups = {group.name: bool(chosen.groups.get(group.name)) for group in GROUPS}
    changed = [group.title for group in GROUPS if groups[group.name] != before[group.name]]
    changed += [name.replace("_", " ") for name in _FIELDS if getattr(settings, name) != getattr(chosen, name)]
    settings.groups = groups
    for name in _FIELDS:
        setattr(settings, name, getattr(chosen, name))
    settings.save()
    changed += _save_expected(district, chosen.expected)
    if changed:
        record_event(district=district, action="notices.changed", by=by, address=address, fields=changed)
    return changed


def _save_expected(district: District, expected: Mapping[str, int | None]) -> list[str]:
    changed = []
    present = {one.app: one for one in ExpectedDelivery.objects.of(district)}
    for app, hours in expected.items():
        row = present.get(app)
        if (row.hours if row else None) == hours:
            continue
        changed.append(f"expected delivery of {app}")
        if hours is None and row:
            row.delete()
        elif hours is not None:
            ExpectedDelivery.unscoped.update_or_create(district=district, app=app, defaults={"hours": hours, "since": timezone.now()})
    return changed

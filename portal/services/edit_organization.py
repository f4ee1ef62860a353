"""Fill in what the files do not carry about an organization."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from roster.models import Organization

EDITABLE = ("region", "country", "state", "zip_code", "contact_name", "contact_title", "contact_phone", "contact_email")


@transaction.atomic
def edit_organization(*, organization: Organization, values: Mapping[str, str], by: User, address: str | None) -> list[str]:
    """Save the fields of `values` that differ; return their names, and write them into the audit trail when there are any.

    Raises:
        KeyError: `values` lacks one of EDITABLE: a bug of the form.
    """
    changed = [name for name in EDITABLE if getattr(organization, name) != values[name]]
    if not changed:
        return changed
    for name in changed:
        setattr(organization, name, values[name])
    organization.save(update_fields=changed)
    record_event(
        district=organization.district,
        action="organization.changed",
        by=by,
        target=organization.name,
        address=address,
        fields=", ".join(changed),
    )
    return changed

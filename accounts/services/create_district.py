"""Create a district with its first owner."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from accounts.models import District, Membership, Role, User
from accounts.services.audit import record_event


class DistrictRefused(Exception):
    """The district cannot be created; the message says why and how to mend it."""


@transaction.atomic
def create_district(
    *, slug: str, name: str, admin_email: str, password: str | None, time_zone: str = "America/New_York"
) -> tuple[District, User]:
    """Create the district and make the person its owner; a person who exists already keeps their password.

    Raises:
        DistrictRefused: the slug is taken or malformed, or the email is not an email.
    """
    try:
        validate_slug(slug)
        validate_email(admin_email)
    except ValidationError as error:
        raise DistrictRefused(f"{slug!r} or {admin_email!r} cannot be used: {' '.join(error.messages)}") from error
    if District.objects.filter(slug=slug).exists():
        raise DistrictRefused(f"A district with the slug {slug!r} exists already. Choose another slug.")
    district = District.objects.create(slug=slug, name=name, time_zone=time_zone)
    owner = User.objects.filter(email=admin_email.lower().strip()).first() or User.objects.create_user(admin_email, password)
    Membership.objects.create(district=district, user=owner, role=Role.OWNER)
    record_event(district=district, action="district.created", by=owner, target=slug)
    return district, owner

"""Invite people to a district, change what they may do, and let them go."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.models import District, Membership, Role, User
from accounts.services.audit import record_event


class PersonRefused(Exception):
    """The change cannot be made; the message says why and how to mend it."""


@transaction.atomic
def invite_person(*, district: District, email: str, name: str, role: Role, by: User, address: str | None) -> Membership:
    """Make the person a member. Somebody new gets an account without a password; the mail with the link is `send_invitation`.

    Raises:
        PersonRefused: the email is none, or is a member already.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise PersonRefused(f"{email!r} is not an email address. Check it and try again.") from error
    person = User.objects.filter(email=email).first() or User.objects.create_user(email, None, name=name.strip())
    membership, is_new = Membership.unscoped.get_or_create(
        district=district, user=person, defaults={"role": role, "invited_at": timezone.now()}
    )
    if not is_new:
        raise PersonRefused(f"{email} is a member already, as {Role(membership.role).label}. Change the role in the list.")
    record_event(district=district, action="person.invited", by=by, target=email, address=address, role=role)
    return membership


@transaction.atomic
def renew_invitation(*, membership: Membership, by: User, address: str | None) -> None:
    """Note that the invitation is sent again.

    Raises:
        PersonRefused: the person has a password already and needs no invitation.
    """
    if membership.user.has_usable_password():
        raise PersonRefused(f"{membership.user.email} has a password already. They can reset it on the sign-in page.")
    membership.invited_at = timezone.now()
    membership.save(update_fields=["invited_at"])
    record_event(district=membership.district, action="person.invited_again", by=by, target=membership.user.email, address=address)


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: User, address: str | None) -> None:
    """Give a member another role; the role they have already is no change.

    Raises:
        PersonRefused: the district would be left without an owner.
    """
    current = _locked(membership)
    if current.role == role:
        return
    if role is not Role.OWNER:
        _demand_another_owner(current)
    before, current.role = current.role, role
    current.save(update_fields=["role"])
    record_event(
        district=membership.district,
        action="person.role_changed",
        by=by,
        target=current.user.email,
        address=address,
        before=before,
        after=role,
    )


@transaction.atomic
def remove_person(*, membership: Membership, by: User, address: str | None) -> None:
    """End a membership. The account stays, since the person may belong to other districts, and so does the audit trail.

    Raises:
        PersonRefused: the district would be left without an owner.
    """
    current = _locked(membership)
    _demand_another_owner(current)
    current.delete()
    email = current.user.email
    record_event(district=membership.district, action="person.removed", by=by, target=email, address=address, role=current.role)


def _locked(membership: Membership) -> Membership:
    """Read the membership again under the district's lock, so that two owners cannot remove each other at the same moment."""
    District.objects.select_for_update().get(pk=membership.district_id)
    current = Membership.unscoped.select_related("user").filter(pk=membership.pk).first()
    if current is None:
        raise PersonRefused("This person was removed a moment ago.")
    return current


def _demand_another_owner(membership: Membership) -> None:
    others = Membership.unscoped.filter(district=membership.district_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise PersonRefused(f"{membership.user.email} is the only owner. Make somebody else an owner first.")

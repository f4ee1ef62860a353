"""People and roles of the district. Every member sees the list; only owners change it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.current import DistrictRequest, address_of, require_member, require_owner
from accounts.forms.people import InviteForm, RoleForm
from accounts.models import Membership, Role
from accounts.services import people as services
from accounts.services.send_invitation import MailFailed, send_invitation
from accounts.services.two_person_approval import set_two_person_approval
from portal.views.administration.tabs import tabs


@require_safe
@require_member
def people(request: DistrictRequest) -> HttpResponse:
    """List the members."""
    return _page(request, InviteForm())


@require_POST
@require_owner
def invite(request: DistrictRequest) -> HttpResponse:
    """Invite a person and send them the mail."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            membership = services.invite_person(
                district=request.district,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=Role(form.cleaned_data["role"]),
                by=request.user,
                address=address_of(request),
            )
        except services.PersonRefused as error:
            form.add_error("email", str(error))
        else:
            _send(request, membership)
            return redirect("people")
    return _page(request, form, status=400)


@require_POST
@require_owner
def invite_again(request: DistrictRequest, membership_id: int) -> HttpResponse:
    """Send the invitation again, with a fresh link."""
    membership = _membership(request, membership_id)
    try:
        services.renew_invitation(membership=membership, by=request.user, address=address_of(request))
    except services.PersonRefused as error:
        messages.error(request, str(error))
    else:
        _send(request, membership)
    return redirect("people")


@require_POST
@require_owner
def change_role(request: DistrictRequest, membership_id: int) -> HttpResponse:
    """Give a member another role."""
    membership = _membership(request, membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the four roles.")
        return redirect("people")
    role = Role(form.cleaned_data["role"])
    try:
        services.change_role(membership=membership, role=role, by=request.user, address=address_of(request))
    except services.PersonRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{membership.user} is now {role.label}.")
    return redirect("people")


@require_POST
@require_owner
def remove(request: DistrictRequest, membership_id: int) -> HttpResponse:
    """End a membership."""
    membership = _membership(request, membership_id)
    try:
        services.remove_person(membership=membership, by=request.user, address=address_of(request))
    except services.PersonRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{membership.user.email} is no longer a member. Invite them again to undo it.")
    return redirect("people")


@require_POST
@require_owner
def two_person_approval(request: DistrictRequest) -> HttpResponse:
    """Ask for a second person at every approval, or no more."""
    is_on = request.POST.get("is_on") == "on"
    if not set_two_person_approval(district=request.district, is_on=is_on, by=request.user, address=address_of(request)):
        messages.success(request, "Nothing was changed.")
    elif is_on:
        messages.success(request, "Two-person approval is on: whoever started a sync cannot approve it.")
    else:
        messages.success(request, "Two-person approval is off: whoever may approve may approve what they started themselves too.")
    return redirect("people")


def _membership(request: DistrictRequest, membership_id: int) -> Membership:
    return get_object_or_404(Membership.objects.of(request.district).select_related("user", "district"), pk=membership_id)


def _send(request: DistrictRequest, membership: Membership) -> None:
    try:
        send_invitation(membership=membership, by=request.user)
    except MailFailed as error:
        messages.error(
            request, f"The membership is saved. {error} Ask whoever runs the portal to check its mail settings, then invite again."
        )
    else:
        messages.success(request, f"A mail is on its way to {membership.user.email}.")


def _page(request: DistrictRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    members = list(Membership.objects.of(request.district).select_related("user").order_by("user__name", "user__email"))
    context = {
        "tabs": tabs("people"),
        "members": members,
        "form": form,
        "roles": Role.choices,
        "owners": sum(member.role == Role.OWNER for member in members),
        "approvers": sum(member.can_approve for member in members),
    }
    return render(request, "administration/people.html", context, status=status)

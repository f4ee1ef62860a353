"""My notifications: what I am told in this district."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.current import DistrictRequest, address_of, require_member
from accounts.models import Role
from notices.kinds import GROUPS, MAILED, Group
from notices.selectors.settings import person_groups
from notices.services.save_own import follow_district, save_own


@dataclass(frozen=True, slots=True)
class Choice:
    """A group, whether it is on, and the kinds of it that the person's role gets, in words."""

    group: Group
    is_on: bool
    comes: tuple[str, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@require_member
def my_notifications(request: DistrictRequest) -> HttpResponse:
    """Show and save one's own choice."""
    if request.method == "POST":
        chosen = {group.name: group.name in request.POST.getlist("group") for group in GROUPS}
        save_own(district=request.district, user=request.user, groups=chosen, address=address_of(request))
        messages.success(request, "Your notifications are saved.")
        return redirect("my_notifications")
    groups, is_own = person_groups(request.district, request.user)
    role = Role(request.membership.role)
    context = {
        "choices": [Choice(group, groups[group.name], _comes(group, role)) for group in GROUPS],
        "is_own": is_own,
        "role": role.label.lower(),
    }
    return render(request, "notices/own.html", context)


@require_POST
@require_member
def follow(request: DistrictRequest) -> HttpResponse:
    """Follow the district's default again."""
    follow_district(district=request.district, user=request.user, address=address_of(request))
    messages.success(request, f"Your notifications follow the default of {request.district.name} again.")
    return redirect("my_notifications")


def _comes(group: Group, role: Role) -> tuple[str, ...]:
    return tuple(kind.title for kind in MAILED if kind.group == group.name and role in kind.roles)

"""The district a request is about, and who may do what in it.

`CurrentDistrictMiddleware` fills request.district and request.membership. Views take a `DistrictRequest` and say with one of the
decorators which role they need; a lacking role answers 403 in plain words, an object of another district does not exist (404).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from accounts.models import District, Membership, Role, User
from accounts.models.membership import CAN_ADMINISTER, CAN_APPROVE, CAN_EDIT

SESSION_KEY = "district"


class DistrictRequest(HttpRequest):
    """A request of a member: the middleware has seen to it that district and membership are there."""

    user: User
    district: District
    membership: Membership
    memberships: list[Membership]
    htmx: HtmxDetails


View = Callable[Concatenate[DistrictRequest, ...], HttpResponseBase]
Guarded = Callable[..., HttpResponseBase]

REFUSALS = {
    "administer": "Only owners may do this. You are {role} in {district}. Ask an owner to do it, or to make you an owner.",
    "edit": "Only owners and editors may do this. You are {role} in {district}. Ask an owner to give you the role of editor.",
    "approve": "Only owners and approvers may do this. You are {role} in {district}. Ask an owner to give you the role of approver.",
}
ROLES = {"administer": CAN_ADMINISTER, "edit": CAN_EDIT, "approve": CAN_APPROVE}


def address_of(request: HttpRequest) -> str | None:
    """Return the address the request came from, for the audit trail."""
    return request.META.get("REMOTE_ADDR") or None


def require_member(view: View) -> Guarded:
    """Let every member of the district in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "membership", None) is None:
            raise PermissionDenied("You are not a member of a district.")
        return view(cast(DistrictRequest, request), *args, **kwargs)

    return guarded


def _require(right: str) -> Callable[[View], Guarded]:
    def decorator(view: View) -> Guarded:
        @require_member
        @wraps(view)
        def guarded(request: DistrictRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            role = Role(request.membership.role)
            if role not in ROLES[right]:
                article = "an" if role.label[0] in "AEIOU" else "a"
                raise PermissionDenied(REFUSALS[right].format(role=f"{article} {role.label.lower()}", district=request.district.name))
            return view(request, *args, **kwargs)

        return guarded

    return decorator


require_editor = _require("edit")
require_approver = _require("approve")
require_owner = _require("administer")


def membership_not_required(view: Guarded) -> Guarded:
    """Mark a view that a signed-in person without any district may see, such as signing out."""
    view.membership_not_required = True  # type: ignore[attr-defined]
    return view

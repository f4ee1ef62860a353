"""Which district a request is about."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.current import SESSION_KEY
from accounts.models import Membership


class CurrentDistrictMiddleware:
    """Set request.district, request.membership and request.memberships for people who are signed in.

    The district is the one chosen in this session, else the first by name. A page that is opened by a link with `?district=slug`, as mails to
    members of several districts hold it, chooses that one if the person is a member. A membership that was taken away counts from the next
    request on. Whoever has none is shown a page that says so, whatever they asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Find the memberships of the person, one query, then go on."""
        memberships: list[Membership] = []
        if request.user.is_authenticated:
            memberships = list(Membership.unscoped.filter(user=request.user).select_related("district").order_by("district__name", "pk"))
        chosen = request.session.get(SESSION_KEY) if memberships else None
        asked = request.GET.get("district") if request.method == "GET" and len(memberships) > 1 else None
        for named in (membership.district_id for membership in memberships if membership.district.slug == asked):
            chosen = request.session[SESSION_KEY] = named
        by_district = {membership.district_id: membership for membership in memberships}
        current = by_district.get(chosen or 0) or next(iter(memberships), None)
        request.memberships = memberships  # type: ignore[attr-defined]
        request.membership = current  # type: ignore[attr-defined]
        request.district = current.district if current else None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in the view's place when it needs a district and the person has none."""
        is_open = not getattr(view, "login_required", True) or getattr(view, "membership_not_required", False)
        if is_open or not request.user.is_authenticated or request.membership is not None:  # type: ignore[attr-defined]
            return None
        return render(request, "accounts/no_membership.html", status=403)

"""Choosing among several districts."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.current import SESSION_KEY, DistrictRequest, require_member


@require_POST
@require_member
def choose_district(request: DistrictRequest) -> HttpResponse:
    """Make another district of the person's the one this session is about."""
    slug = request.POST.get("district", "")
    chosen = next((membership.district for membership in request.memberships if membership.district.slug == slug), None)
    if chosen is None:
        raise Http404("No such district")
    request.session[SESSION_KEY] = chosen.pk
    messages.success(request, f"You are now in {chosen.name}.")
    return redirect("home")

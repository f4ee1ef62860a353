"""Decisions on a sync: cancel, approve, reject."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, require_approver, require_editor
from imports.forms import ReasonForm
from imports.services.decide_sync import DecisionRefused, approve_sync, cancel_sync, reject_sync
from imports.views.scope import find_sync


@require_POST
@require_editor
def cancel(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Cancel a sync that has not begun to be applied."""
    return _decide(request, sync_id, cancel_sync, f"#{sync_id} is being cancelled. Nothing is changed.")


@require_POST
@require_approver
def approve(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Approve a held sync: exactly what was shown is applied."""
    return _decide(request, sync_id, approve_sync, f"Sync #{sync_id} is approved and is being applied.")


@require_POST
@require_approver
def reject(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Reject a held sync: nothing is applied."""
    return _decide(request, sync_id, reject_sync, f"Sync #{sync_id} is rejected. Nothing was changed.")


def _decide(request: DistrictRequest, sync_id: int, service: Callable[..., None], done: str) -> HttpResponse:
    """Call the service with the reason given; a decision that came too late is said, not raised."""
    sync = find_sync(request, sync_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["reason"])))
        return redirect("imports:sync", sync_id)
    try:
        service(sync=sync, by=request.user, reason=form.cleaned_data["reason"])
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("imports:sync", sync_id)

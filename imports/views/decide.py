"""Decisions on a sync: cancel, approve, reject."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, require_approver, require_editor
from accounts.services.confirm import confirm_password, is_fresh
from imports.forms import DecisionForm, ReasonForm
from imports.models import Sync
from imports.services.decide_sync import DecisionRefused, approve_sync, cancel_sync, limit_sync, reject_sync
from imports.states import State
from imports.views.review import show_review
from imports.views.scope import find_sync
from records.part import Part

APPROVE, REJECT = "approve", "reject"
ASKED = "You signed in some time ago. Give your password to go on."
WRONG = "That is not your password. Nothing was changed; try again."
NO_REASON = "Say why it is rejected: whoever mends the files will read it."
Service = Callable[..., None]


@require_POST
@require_editor
def cancel(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Cancel a sync that has not begun to be applied."""
    sync, form = find_sync(request, sync_id), ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["reason"])))
        return redirect("imports:sync", sync_id)
    return _carry_out(request, sync, cancel_sync, f"#{sync_id} is being cancelled. Nothing is changed.", reason=form.cleaned_data["reason"])


@require_POST
@require_approver
def approve(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Approve a held sync: exactly what was shown is applied. With types or schools, it is limited to these first, and shown again."""
    sync, form = find_sync(request, sync_id), DecisionForm(request.POST)
    is_valid = form.is_valid()
    if is_valid and (form.is_part or "everything" in request.POST):
        part = Part.of(types=form.cleaned_data["types"], schools=form.schools)
        done = "It is worked out anew for what you chose, and shown to you again before anything is applied."
        return _carry_out(request, sync, limit_sync, done, part=part, reason=form.cleaned_data["reason"])
    if not is_valid or not _confirmed(request, form):
        return show_review(request, sync, form, refused=APPROVE, status=422)
    done = f"Sync #{sync_id} is approved and is being applied."
    return _carry_out(request, sync, approve_sync, done, reason=form.cleaned_data["reason"], shown=form.cleaned_data["shown"])


@require_POST
@require_approver
def reject(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Reject a held sync, with a reason: nothing is applied."""
    sync, form = find_sync(request, sync_id), DecisionForm(request.POST)
    is_valid = form.is_valid()
    if is_valid and _is_held(sync) and not form.cleaned_data["reason"]:
        form.add_error("reason", NO_REASON)
        is_valid = False
    if not is_valid or not _confirmed(request, form):
        return show_review(request, sync, form, refused=REJECT, status=422)
    return _carry_out(request, sync, reject_sync, f"Sync #{sync_id} is rejected. Nothing was changed.", reason=form.cleaned_data["reason"])


def _is_held(sync: Sync) -> bool:
    return sync.state == State.HELD and not sync.is_simulation


def _confirmed(request: DistrictRequest, form: DecisionForm) -> bool:
    """Whether the person signed in lately, or has given the password now; else the form says what is wrong."""
    if is_fresh(request):
        return True
    password = form.cleaned_data["password"]
    if password and confirm_password(request, password):
        return True
    form.add_error("password", WRONG if password else ASKED)
    return False


def _carry_out(request: DistrictRequest, sync: Sync, service: Service, done: str, **arguments: object) -> HttpResponse:
    """Call the service; a decision that came too late, or that this person may not take, is said, not raised."""
    try:
        service(sync=sync, by=request.user, **arguments)
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("imports:review" if _is_held(sync) else "imports:sync", sync.pk)
    messages.success(request, done)
    return redirect("imports:sync", sync.pk)

"""Ask for a rollback: of a whole sync, of its deletions alone, or of one record that it deleted. Nothing is changed before the review is approved."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.current import DistrictRequest, require_approver
from imports.forms import ReasonForm
from imports.models import Sync
from imports.selectors.restorable import restoring
from imports.services.rollback import RollbackRefused, pending_rollback, start_rollback, why_not
from imports.views.scope import detail_of, find_sync
from records.attributes import SCREEN_ORDER, RecordType, display_name
from records.part import REMOVALS, Part
from roster.models import LIVE

ALL, DELETED, RECORD = "all", "deleted", "record"
MOVES = ("created", "updated", "deleted")
ONLY_DELETED = Part.of(outcomes=[REMOVALS])


@require_http_methods(["GET", "HEAD", "POST"])
@require_approver
def rollback(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Say what can be undone of the sync; on POST begin the rollback, which is then worked out and shown for approval."""
    sync = find_sync(request, sync_id)
    record = _record(request, sync)
    if request.method != "POST":
        return render(request, "imports/rollback.html", _context(sync, record))
    form, what = ReasonForm(request.POST), request.POST.get("what", "")
    parts = {ALL: None, DELETED: ONLY_DELETED, **({RECORD: record["part"]} if record else {})}
    if not form.is_valid() or what not in parts:
        problem = "Choose what is to be undone." if form.is_valid() else " ".join(map(str, form.errors["reason"]))
        return render(request, "imports/rollback.html", {**_context(sync, record), "problem": problem}, status=422)
    try:
        started = start_rollback(sync=sync, by=request.user, part=parts[what], reason=form.cleaned_data["reason"])
    except RollbackRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("imports:sync", sync.pk)
    messages.success(request, "The rollback is being worked out. Nothing is changed before somebody has looked at it and approved it.")
    return redirect("imports:sync", started.pk)


def _record(request: DistrictRequest, sync: Sync) -> dict[str, Any] | None:
    """The deleted record that the address names: its type, key, name, and the part that brings it back."""
    data = request.POST if request.method == "POST" else request.GET
    kind, key = data.get("type", ""), data.get("key", "")
    if not kind and not key:
        return None
    if kind not in set(RecordType) or "\0" in key:
        raise Http404("There is no such record.")
    record_type = RecordType(kind)
    part = restoring(sync, record_type, key)
    if part is None:
        raise Http404("The sync did not delete this record.")
    there = LIVE[record_type].objects.of(sync.district_id).filter(key=key).exclude(deleted_at=None).first()
    name = display_name(record_type, there.__dict__) if there else key
    enrollments = len(part.keys.get(RecordType.ENROLLMENT.value, ())) if part.keys and record_type is not RecordType.ENROLLMENT else 0
    return {"type": record_type, "key": key, "name": name, "part": part, "enrollments": enrollments, "is_there": there is not None}


def _context(sync: Sync, record: dict[str, Any] | None) -> dict[str, Any]:
    counts = detail_of(sync).counts
    totals = {name: sum(int(count.get(name, 0)) for count in counts.values()) for name in MOVES}
    by_type = [(kind, [int(counts.get(kind.value, {}).get(name, 0)) for name in MOVES]) for kind in SCREEN_ORDER]
    return {
        "sync": sync,
        "record": record,
        "totals": totals,
        "done": [one for one in by_type if any(one[1])],
        "refusal": why_not(sync),
        "refusal_of_deleted": why_not(sync, ONLY_DELETED),
        "pending": pending_rollback(sync),
    }

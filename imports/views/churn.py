"""Id churn of a held sync: the pairs that look like the same records, and the decision to treat them so."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.current import DistrictRequest, require_approver, require_member
from imports.models import Sync
from imports.selectors.churn import PairPage, keys_of_pairs, read_churn
from imports.services.decide_sync import DecisionRefused
from imports.services.rekey_sync import accept_rekeys, withdraw_rekeys
from imports.states import State
from imports.views.paging import read_numbered
from imports.views.scope import find_sync
from records.attributes import RecordType
from roster.selectors.browse import clean_search, school_names


@require_safe
@require_member
def churn(request: DistrictRequest, sync_id: int, record_type: str) -> HttpResponse:
    """A page of the pairs of a record type, searchable; in a held sync single ones can be ticked."""
    sync = find_sync(request, sync_id)
    search = clean_search(request.GET.get("q", ""))

    def read(offset: int, limit: int) -> PairPage:
        return read_churn(sync, record_type, search=search, offset=offset, limit=limit)

    found, page = read_numbered(request, read, lambda pairs: pairs.total)
    keys = {key for pair in found.rows for key in (pair.old_school, pair.new_school)}
    context = {
        "sync": sync,
        "record_type": RecordType(record_type),
        "page": page,
        "pairs": found.rows,
        "school_names": school_names(request.district, keys),
        "search": search,
        "can_rekey": sync.state == State.HELD and request.membership.can_approve,
    }
    return render(request, "imports/_churn_table.html" if request.htmx else "imports/churn.html", context)


@require_POST
@require_approver
def rekey(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Treat all pairs of the ticked types as the same records, or, where single pairs are ticked, those."""
    sync = find_sync(request, sync_id)
    known = {kind.value for kind in RecordType}
    types = [kind for kind in request.POST.getlist("types") if kind in known]
    single = request.POST.get("record_type", "")
    pairs = _ticked(sync, single, request.POST.getlist("pair")) if single in known else None
    try:
        accept_rekeys(sync=sync, by=request.user, record_types=types, pairs=pairs)
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("imports:review", sync_id)
    messages.success(request, "Taken in. The difference is worked out anew, and is shown again before anything is applied.")
    return redirect("imports:sync", sync_id)


def _ticked(sync: Sync, record_type: str, keys: list[str]) -> dict[str, dict[str, str]]:
    """The proposed pairs with these new keys."""
    proposed = keys_of_pairs(sync, {record_type}).get(record_type, {})
    return {record_type: {key: proposed[key] for key in keys if key in proposed}}


@require_POST
@require_approver
def undo_rekey(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Treat no records as the same any more."""
    sync = find_sync(request, sync_id)
    try:
        withdraw_rekeys(sync=sync, by=request.user)
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("imports:review", sync_id)
    messages.success(request, "Taken back. The difference is worked out anew, and is shown again before anything is applied.")
    return redirect("imports:sync", sync_id)

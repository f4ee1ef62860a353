"""The page of one sync, and the part of it that asks again while a worker has the sync."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from imports.models import Sync, SyncDetail
from imports.selectors.findings import read_findings
from imports.selectors.history import relations_of
from imports.selectors.processed import processed_files
from imports.selectors.report import rows_per_second
from imports.selectors.summary import Summary, sync_summary
from imports.states import HoldKind, State
from imports.views.by_school import SchoolTable, school_table
from imports.views.came_by_sftp import came_by_sftp
from imports.views.file_list import delivered_files
from imports.views.funnel import funnel
from imports.views.scope import can_cancel, detail_of, find_sync
from imports.views.simulate import simulation_context
from imports.views.summary_table import summary_table
from imports.views.thresholds import measures
from imports.views.words import HOLD_WORDS, describe, progress_of, queue_sentence
from records.outcomes import COUNTS, MARKS, OUTCOMES
from roster.selectors.browse import clean_search

OPENING = (*OUTCOMES, *MARKS)
HTMX_REFRESH = "HX-Refresh"


@require_safe
@require_member
def sync(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """Everything about one sync; while it works, its progress."""
    found = find_sync(request, sync_id)
    detail = detail_of(found)
    context = _status(found, request) | {
        "detail": detail,
        "delivered": delivered_files(found, detail),
        "processed": processed_files(found),
        "came": came_by_sftp(found, detail),
        "relations": relations_of([found]).get(found.pk, []),
        "transitions": found.transitions.select_related("by"),
        "consequence": consequence(detail),
        "finding_count": read_findings(found, limit=0).total,
    }
    if detail.counts and not found.delivery.is_empty:
        context |= _result(request, found, detail, sync_summary(found))
    if found.is_simulation:
        return render(request, "imports/simulation.html", context | simulation_context(request, found))
    return render(request, "imports/sync.html", context)


@require_safe
@require_member
def sync_status(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """The live part: polled every two seconds; when the worker is done the page is told to show the result."""
    found = find_sync(request, sync_id)
    response = render(request, "imports/_sync_status.html", _status(found, request) | {"is_polled": bool(request.htmx)})
    if request.htmx and not found.is_working:
        response[HTMX_REFRESH] = "true"
    return response


def consequence(detail: SyncDetail) -> str:
    """What approving does, for the button: "Delete 412, update 3,912, create 20"."""
    words = []
    for name, verb in (("deleted", "delete"), ("updated", "update"), ("created", "create")):
        count = sum(int(counts.get(name, 0)) for counts in detail.counts.values())
        if count:
            words.append(f"{verb} {count:,}")
    return ", ".join(words).capitalize() or "Change nothing"


def _status(found: Sync, request: DistrictRequest) -> dict[str, Any]:
    state = State(found.state)
    return {
        "sync": found,
        "sentence": describe(found, detail_of(found).counts),
        "progress": progress_of(found) if found.is_working else None,
        "queue": queue_sentence(found) if state is State.QUEUED else "",
        "can_cancel": can_cancel(found, request.membership),
    }


def _result(request: DistrictRequest, found: Sync, detail: SyncDetail, summary: Summary) -> dict[str, Any]:
    delivery = found.document.get("delivery", {})
    shares = measures(detail.thresholds, detail.counts, delivery)
    return {
        "summary": summary,
        "funnel": funnel(summary, detail.findings),
        "table": summary_table(summary.rows),
        "schools": _schools(request, summary),
        "measure": _measure(request),
        "all_measures": [name for name in COUNTS if name != "live"],
        "opening": OPENING,
        "shares": shares,
        "over": [share for share in shares if share.is_over],
        "update_limit": delivery.get("update_threshold"),
        "deletion_limit": delivery.get("deletion_threshold"),
        "hold_words": HOLD_WORDS.get(HoldKind(found.hold_kind), "") if found.hold_kind else "",
        "rows_per_second": rows_per_second(found),
    }


def _measure(request: DistrictRequest) -> str:
    asked = request.GET.get("measure", "")
    return asked if asked in COUNTS and asked != "live" else "in_file"


def _schools(request: DistrictRequest, summary: Summary) -> SchoolTable:
    """The breakdown by school of the one number that is asked for."""
    name = _measure(request)
    rows = [
        (school["key"], school["name"], {record_type: int(counts.get(name, 0)) for record_type, counts in school["counts"].items()})
        for school in summary.by_school
    ]
    return school_table(rows, sort=request.GET.get("sort", ""), search=clean_search(request.GET.get("q", "")))

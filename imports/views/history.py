"""Data Sync History: every sync of every app, newest on top."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from imports.models import ImportApp, Sync
from imports.selectors.history import STATE_GROUPS, Tally, Wanted, find_syncs
from imports.selectors.summary import Summary, sync_summary
from imports.states import SyncKind
from imports.views.by_school import SchoolTable, school_table
from imports.views.scope import find_sync
from imports.views.summary_table import summary_table
from imports.views.sync_list import list_syncs
from records.outcomes import COUNTS, MARKS, OUTCOMES

SYNCS_PER_PAGE = 20
GROUP_WORDS = {
    "waiting": "Waiting for a decision",
    "working": "In work",
    "applied": "Applied",
    "rolled_back": "Rolled back",
    "unchanged": "Nothing changed",
    "not_applied": "Not applied",
    "failed": "Failed",
}
GROUP_LOOKS = {"waiting": "held", "working": "running", "applied": "completed", "failed": "failed"}
KIND_WORDS = {SyncKind.IMPORT: "Imports", SyncKind.ROLLBACK: "Rollbacks", SyncKind.REST: "Rests of syncs"}
MEASURES = tuple(name for name in COUNTS if name != "live")
OPENING = (*OUTCOMES, *MARKS)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to filter by: its name in the address ("" for all), its words, how many syncs it would find, and whether it is chosen."""

    name: str
    words: str
    count: int
    is_chosen: bool
    look: str = ""


@require_safe
@require_member
def history(request: DistrictRequest) -> HttpResponse:
    """All syncs of the district, narrowed to the ticked apps (`?app=`), a group of states (`?state=`) and a kind (`?kind=`)."""
    installed = list(ImportApp.objects.of(request.district).order_by("kind"))
    wanted, tally = read_wanted(request.GET, installed), Tally.of(request.district)
    page = Paginator(find_syncs(request.district, wanted), SYNCS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "syncs": list_syncs(page),
        "installed": [(app, tally.count(replace(wanted, apps=frozenset({app.kind}))), app.kind in wanted.apps) for app in installed],
        "chosen": [app for app in installed if app.kind in wanted.apps],
        "wanted": wanted,
        "is_narrowed": bool(wanted.apps or wanted.group or wanted.kind),
        "states": _states(tally, wanted),
        "kinds": _kinds(tally, wanted),
    }
    return render(request, "imports/history.html", context)


def read_wanted(query: QueryDict, installed: Iterable[ImportApp]) -> Wanted:
    """What the address asks for; what it cannot ask for is passed over."""
    apps = frozenset(query.getlist("app")) & {app.kind for app in installed}
    group, kind = query.get("state", ""), query.get("kind", "")
    return Wanted(apps, group if group in STATE_GROUPS else "", kind if kind in SyncKind.values else "")


def _states(tally: Tally, wanted: Wanted) -> list[Choice]:
    """The groups of states there are, with all of them first; none where there is only one and nothing to choose."""
    there = [name for name in STATE_GROUPS if name in tally.groups or name == wanted.group]
    if len(there) < 2:
        return []
    every = Choice("", "All", tally.count(replace(wanted, group="")), not wanted.group)
    return [
        every,
        *(
            Choice(name, GROUP_WORDS[name], tally.count(replace(wanted, group=name)), name == wanted.group, GROUP_LOOKS.get(name, "muted"))
            for name in there
        ),
    ]


def _kinds(tally: Tally, wanted: Wanted) -> list[Choice]:
    """The kinds there are; none as long as every sync is an import."""
    there = [kind for kind in SyncKind if kind in tally.kinds or kind == wanted.kind]
    if all(kind is SyncKind.IMPORT for kind in there):
        return []
    every = Choice("", "All kinds", tally.count(replace(wanted, kind="")), not wanted.kind)
    return [every, *(Choice(kind, KIND_WORDS[kind], tally.count(replace(wanted, kind=kind)), kind == wanted.kind) for kind in there)]


@require_safe
@require_member
def sync_details(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """What *Show Details* unfolds: the summary of one sync by record type, and one number of it (`?measure=`) by school."""
    sync = find_sync(request, sync_id)
    return render(request, "imports/_details.html", details_context(sync, request.GET.get("measure", "")))


def details_context(sync: Sync, measure: str) -> dict[str, Any]:
    """What the unfolded details of a sync show."""
    summary, chosen = sync_summary(sync), measure if measure in MEASURES else "in_file"
    return {
        "sync": sync,
        "summary": summary,
        "table": summary_table(summary.rows),
        "has_numbers": bool(sync.detail.counts),
        "schools": _schools(summary, chosen),
        "measure": chosen,
        "all_measures": MEASURES,
        "opening": OPENING,
    }


def _schools(summary: Summary, measure: str) -> SchoolTable:
    rows = [
        (school["key"], school["name"], {kind: int(counts.get(measure, 0)) for kind, counts in school["counts"].items()})
        for school in summary.by_school
    ]
    return school_table(rows)

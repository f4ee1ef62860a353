"""Data Browsing: a tab per record type, a searchable list."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from records.attributes import RecordType
from roster.models import RosterState
from roster.selectors.browse import browse as browse_records
from roster.selectors.browse import clean_search, roster_state, school_names, type_tabs
from roster.selectors.search import search_everywhere
from roster.views.record_types import parse_record_type


@require_safe
@require_member
def browse(request: DistrictRequest) -> HttpResponse:
    """The students, or with a search from the top bar the hits among all records."""
    search = clean_search(request.GET.get("q", ""))
    if not search:
        return _show_list(request, RecordType.STUDENT)
    state = roster_state(request.district)
    context = {
        "tabs": _tabs(state, None),
        "hits": search_everywhere(state, search),
        "search": search,
        "breadcrumb": [("Data Browsing", "")],
    }
    return render(request, "roster/search.html", context)


@require_safe
@require_member
def browse_type(request: DistrictRequest, record_type: str) -> HttpResponse:
    """One page of one record type; a search while typing swaps the list alone."""
    return _show_list(request, parse_record_type(record_type))


def _show_list(request: DistrictRequest, chosen: RecordType) -> HttpResponse:
    state = roster_state(request.district)
    search = clean_search(request.GET.get("q", ""))
    school = request.GET.get("school", "").replace("\0", "")
    page = browse_records(state, chosen, search=search, school=school, cursor=request.GET.get("cursor", ""))
    context = {
        "tabs": _tabs(state, chosen),
        "record_type": chosen,
        "page": page,
        "total": state.counts.get(chosen, 0),
        "search": search,
        "school": school,
        "school_name": school_names(request.district, [school]).get(school, school) if school else "",
        "is_exact_search": chosen is RecordType.ENROLLMENT,
    }
    return render(request, "roster/_list.html" if request.htmx else "roster/browse.html", context)


def _tabs(state: RosterState, chosen: RecordType | None) -> list[dict[str, object]]:
    return [
        {
            "title": tab.label,
            "url": reverse("browse_type", args=[tab.record_type]),
            "count": tab.count,
            "is_current": tab.record_type is chosen,
        }
        for tab in type_tabs(state)
    ]

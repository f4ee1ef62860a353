"""Find a record: what became of it, whether it is live, deleted or was never imported."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from imports.selectors.find_record import Hits, find_records
from roster.selectors.browse import clean_search


@require_safe
@require_member
def find_record(request: DistrictRequest) -> HttpResponse:
    """What the words of `?q=` name, grouped by what became of it."""
    search = clean_search(request.GET.get("q", ""))
    found = find_records(request.district, search)
    context = {"search": search, "found": found, "groups": _groups(found)}
    return render(request, "imports/find_record.html", context)


def _groups(found: Hits) -> list[tuple[str, str, list[object]]]:
    groups = [
        ("Here", "in the live roster", found.live),
        ("Deleted", "deleted by a sync, and kept for a while", found.deleted),
        ("Left out", "in the newest files, but not imported from them", found.left_out),
        ("Gone", "known to older syncs only", found.older),
    ]
    return [(title, words, list(hits)) for title, words, hits in groups if hits]

"""Show Errors: what is wrong with the files of a sync, row by row."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from accounts.models import Membership
from imports.forms import FindingFilter
from imports.models import Sync
from imports.selectors.findings import FindingPage, read_findings, stream_findings_csv
from imports.views.paging import read_numbered
from imports.views.scope import detail_of, find_sync
from imports.views.sensitive import hides_column
from records.rules import RULES

HIDDEN = "hidden"


@require_safe
@require_member
def errors(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """The window: file name, error type, error message, with a filter above each column."""
    sync = find_sync(request, sync_id)
    form = FindingFilter(request.GET)
    wanted: dict[str, Any] = form.cleaned_data if form.is_valid() else {}

    def read(offset: int, limit: int) -> FindingPage:
        return read_findings(sync, **wanted, offset=offset, limit=limit)

    found, page = read_numbered(request, read, lambda findings: findings.total)
    context = {
        "sync": sync,
        "page": page,
        "findings": [(finding, hides_column(finding.file, finding.column, request.membership)) for finding in found.rows],
        "filters": wanted,
        "is_filtered": any(wanted.values()),
        "files": [file["name"] for file in detail_of(sync).files],
        "kinds": _kinds(sync),
    }
    return render(request, "imports/_errors_table.html" if request.htmx else "imports/errors.html", context)


@require_safe
@require_member
def errors_csv(request: DistrictRequest, sync_id: int) -> StreamingHttpResponse:
    """All errors as a CSV file."""
    sync = find_sync(request, sync_id)
    lines = stream_findings_csv(sync)
    response = StreamingHttpResponse(
        lines if request.membership.can_edit else _without_hidden(lines, request.membership), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="errors-of-sync-{sync.pk}.csv"'
    return response


def _without_hidden(chunks: Iterator[str], membership: Membership) -> Iterator[str]:
    """The same lines without the values, and the sentences that repeat them, which this member may not see."""
    for chunk in chunks:
        kept = io.StringIO()
        writer = csv.writer(kept, lineterminator="\r\n")
        for file, line, column, title, message, value, *rest in csv.reader(io.StringIO(chunk, newline="")):
            is_hidden = hides_column(file, column, membership)
            writer.writerow([file, line, column, title, HIDDEN if is_hidden else message, HIDDEN if is_hidden else value, *rest])
        yield kept.getvalue()


def _kinds(sync: Sync) -> list[tuple[str, str]]:
    """The error types of a sync by name: (code, title)."""
    codes = {str(finding["code"]) for finding in detail_of(sync).findings}
    return sorted(((code, RULES[code].title if code in RULES else code) for code in codes), key=lambda kind: kind[1])

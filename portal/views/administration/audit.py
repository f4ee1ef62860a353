"""The audit trail: who did what, when."""

import csv
from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from accounts.models import AuditEvent, District
from formats.csv_safe import neutralise
from portal.selectors.audit import audit_events, details_of, words_of
from portal.selectors.time_zone import zone_of
from portal.views.administration.tabs import search_text, tabs

PAGE_ROWS = 50
HEADER = ("Time", "Who", "Action", "What", "Target", "Details", "Address")


class Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        """Return the value."""
        return value


@require_safe
@require_member
def audit_trail(request: DistrictRequest) -> HttpResponse:
    """List the events, `?q=` filters."""
    text = search_text(request)
    page = Paginator(audit_events(request.district, text), PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [{"event": event, "words": words_of(event.action), "details": details_of(event)} for event in page]
    context = {"tabs": tabs("audit"), "rows": rows, "page": page, "q": text}
    return render(request, "administration/_audit_rows.html" if request.htmx.target == "results" else "administration/audit.html", context)


@require_safe
@require_member
def audit_csv(request: DistrictRequest) -> StreamingHttpResponse:
    """Send the same events as a CSV file, as many as there are."""
    events = audit_events(request.district, search_text(request))
    response = StreamingHttpResponse(_lines(events.iterator(chunk_size=1000), request.district), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.district.slug}.csv"'
    return response


def _lines(events: Iterator[AuditEvent], district: District) -> Iterator[str]:
    writer = csv.writer(Echo())
    zone = zone_of(district)
    yield writer.writerow(HEADER)
    for event in events:
        time = event.at.astimezone(zone).isoformat(timespec="seconds")
        cells = (time, event.actor_label, event.action, words_of(event.action), event.target, details_of(event), event.address or "")
        yield writer.writerow([neutralise(cell) for cell in cells])

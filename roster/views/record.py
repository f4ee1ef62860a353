"""Data Browsing: one record."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_member
from accounts.services.audit import record_event
from records.attributes import RecordType
from roster.selectors.browse import roster_state
from roster.selectors.record import find_record, is_deleted, read_record
from roster.views.record_types import parse_record_type


def _what_became(request: DistrictRequest, record_type: RecordType) -> HttpResponse:
    """The timeline of a record that is deleted; Http404 where there is none."""
    if not is_deleted(request.district, record_type, request.GET.get("key", "")):
        raise Http404("There is no such record.")
    return redirect(f"{reverse('imports:timeline', args=[record_type])}?{urlencode({'key': request.GET['key']})}")


@require_safe
@require_member
def record(request: DistrictRequest, record_type: str) -> HttpResponse:
    """The page of one record. That someone opened a student's is written to the audit trail."""
    chosen = parse_record_type(record_type)
    found = find_record(request.district, chosen, request.GET.get("key", ""))
    if found is None:
        return _what_became(request, chosen)
    sees_sensitive = request.membership.can_edit
    view = read_record(found, chosen, state=roster_state(request.district), sees_sensitive=sees_sensitive)
    if chosen is RecordType.STUDENT:
        record_event(
            district=request.district,
            action="student.opened",
            by=request.user,
            target=found.key,
            address=address_of(request),
            sensitive=sees_sensitive,
        )
    return render(request, "roster/record.html", {"record": view, "sees_sensitive": sees_sensitive})

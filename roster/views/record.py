"""Data Browsing: one record."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_member
from accounts.services.audit import record_event
from records.attributes import RecordType
from roster.selectors.browse import roster_state
from roster.selectors.record import find_record, read_record
from roster.views.record_types import parse_record_type


@require_safe
@require_member
def record(request: DistrictRequest, record_type: str) -> HttpResponse:
    """The page of one record. That someone opened a student's is written to the audit trail."""
    chosen = parse_record_type(record_type)
    found = find_record(request.district, chosen, request.GET.get("key", ""))
    if found is None:
        raise Http404("There is no such record. It may have been deleted by a later sync.")
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

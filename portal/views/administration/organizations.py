"""Organizations: the schools and offices of the district, and what people know about them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.current import DistrictRequest, address_of, require_member
from portal.forms.organization import OrganizationForm
from portal.services.edit_organization import edit_organization
from portal.views.administration.tabs import tabs
from records.attributes import RecordType
from roster.models import Organization, RosterState

PAGE_ROWS = 50
COUNTED = ((RecordType.STUDENT, "Students"), (RecordType.TEACHER, "Teachers"), (RecordType.CLASS, "Classes"))


@require_safe
@require_member
def organization_list(request: DistrictRequest) -> HttpResponse:
    """List the organizations; `?q=` narrows by name or identifier, while typing."""
    text = request.GET.get("q", "").strip()
    organizations = Organization.objects.of(request.district).order_by("name", "pk")
    if text:
        organizations = organizations.filter(Q(name__icontains=text) | Q(identifier__icontains=text) | Q(key__iexact=text))
    page = Paginator(organizations, PAGE_ROWS).get_page(request.GET.get("page"))
    by_school = _by_school(request)
    rows = [{"organization": each, "counts": [by_school.get(each.key, {}).get(kind, 0) for kind, _ in COUNTED]} for each in page]
    context = {"tabs": tabs("administration"), "rows": rows, "page": page, "q": text, "counted": [title for _, title in COUNTED]}
    is_part = request.htmx.target == "results"
    return render(request, "administration/_organization_rows.html" if is_part else "administration/organizations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_member
def organization(request: DistrictRequest, organization_id: int) -> HttpResponse:
    """Show one organization; owners and editors may fill in its address and contact."""
    found = get_object_or_404(Organization.objects.of(request.district), pk=organization_id)
    if request.method == "POST":
        if not request.membership.can_edit:
            raise PermissionDenied("Only owners and editors may change an organization. Ask an owner to give you the role of editor.")
        form = OrganizationForm(request.POST, instance=Organization.objects.of(request.district).get(pk=organization_id))
        if form.is_valid():
            changed = edit_organization(organization=found, values=form.cleaned_data, by=request.user, address=address_of(request))
            messages.success(request, f"{found.name} is saved." if changed else "Nothing was changed.")
            return redirect("organization", organization_id=organization_id)
    else:
        form = OrganizationForm(instance=found)
    counts = _by_school(request).get(found.key, {})
    context = {
        "organization": found,
        "form": form,
        "counts": [(title, counts.get(kind, 0)) for kind, title in COUNTED],
        "breadcrumb": [("Administration", "/administration/"), ("Organizations", "/administration/"), (found.name, "")],
    }
    return render(request, "administration/organization.html", context, status=400 if form.errors else 200)


def _by_school(request: DistrictRequest) -> dict[str, Any]:
    state = RosterState.objects.of(request.district).first()
    return state.by_school if state else {}

"""Organizations: the schools and offices of the district, and what people know about them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.current import DistrictRequest, address_of, require_member
from portal.forms.organization import OrganizationForm
from portal.selectors.organizations import COUNTED, counts_of, find_organizations
from portal.services.edit_organization import edit_organization
from portal.views.administration.tabs import search_text, tabs
from roster.models import Organization

PAGE_ROWS = 50
REFUSAL = "Only owners and editors may change an organization. Ask an owner to give you the role of editor."


@require_safe
@require_member
def organization_list(request: DistrictRequest) -> HttpResponse:
    """List the organizations; `?q=` narrows while typing."""
    text = search_text(request)
    page = Paginator(find_organizations(request.district, text), PAGE_ROWS).get_page(request.GET.get("page"))
    counts = counts_of(request.district, [each.key for each in page])
    rows = [{"organization": each, "counts": counts[each.key]} for each in page]
    context = {"tabs": tabs("administration"), "rows": rows, "page": page, "q": text, "counted": [title for _, title in COUNTED]}
    is_part = request.htmx.target == "results"
    return render(request, "administration/_organization_rows.html" if is_part else "administration/organizations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_member
def organization(request: DistrictRequest, organization_id: int) -> HttpResponse:
    """Show one organization; owners and editors may fill in its address and contact."""
    found = get_object_or_404(Organization.objects.of(request.district), pk=organization_id)
    # An instance of its own: a form writes what was typed into its instance even when that is refused.
    form = OrganizationForm(request.POST or None, instance=Organization.objects.of(request.district).get(pk=found.pk))
    if request.method == "POST":
        if not request.membership.can_edit:
            raise PermissionDenied(REFUSAL)
        if form.is_valid():
            changed = edit_organization(organization=found, values=form.cleaned_data, by=request.user, address=address_of(request))
            messages.success(request, f"{found.name} is saved." if changed else "Nothing was changed.")
            return redirect("organization", organization_id=organization_id)
    administration = reverse("administration")
    context = {
        "organization": found,
        "form": form,
        "counts": counts_of(request.district, [found.key])[found.key],
        "breadcrumb": [("Administration", administration), ("Organizations", administration), (found.name, "")],
    }
    return render(request, "administration/organization.html", context, status=400 if form.errors else 200)

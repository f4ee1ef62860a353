"""Data Quality: open issues by rule, and the records behind a rule."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from dataquality.selectors.open_issues import find_group, fix_of, open_groups, plural_of, read_issues
from roster.selectors.browse import clean_search


@require_safe
@require_member
def quality(request: DistrictRequest) -> HttpResponse:
    """The open issues of the district, grouped by record type, rule and attribute."""
    groups = open_groups(request.district)
    return render(request, "dataquality/quality.html", {"types": groups, "total": sum(group.count for group in groups)})


@require_safe
@require_member
def quality_rule(request: DistrictRequest, record_type: str, code: str) -> HttpResponse:
    """The records behind one rule on one attribute (`?attribute=`), in one app if `?app=` says so."""
    attribute, app, search = (request.GET.get(name, "").replace("\0", "") for name in ("attribute", "app", "q"))
    group = find_group(request.district, record_type, code, attribute, app)
    if group is None:
        raise Http404("No open issue of this kind is left. A later sync may have closed them.")
    page = read_issues(
        request.district, group, app=app, search=search, cursor=request.GET.get("cursor", ""), sees_sensitive=request.membership.can_edit
    )
    context = {
        "group": group,
        "type_label": plural_of(record_type),
        "fix": fix_of(group),
        "page": page,
        "app": app,
        "search": clean_search(search),
    }
    return render(request, "dataquality/_rows.html" if request.htmx else "dataquality/rule.html", context)

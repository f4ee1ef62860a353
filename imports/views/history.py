"""Data Sync History: every sync of every app, newest on top."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from imports.models import ImportApp, Sync
from imports.selectors.summary import sync_summary
from imports.views.scope import find_sync
from imports.views.summary_table import summary_table
from imports.views.words import describe_all

SYNCS_PER_PAGE = 20


@require_safe
@require_member
def history(request: DistrictRequest) -> HttpResponse:
    """All syncs of the district, narrowed to the ticked apps (`?app=`)."""
    installed = list(ImportApp.objects.of(request.district).order_by("kind"))
    chosen = [app for app in installed if app.kind in request.GET.getlist("app")]
    syncs = Sync.objects.of(request.district).select_related("app", "created_by", "config").defer("config__document")
    syncs = syncs.order_by("-created_at", "-pk")
    if chosen:
        syncs = syncs.filter(app__in=chosen)
    page = Paginator(syncs, SYNCS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "syncs": describe_all(page), "installed": installed, "chosen": chosen}
    return render(request, "imports/history.html", context)


@require_safe
@require_member
def sync_details(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """What *Show Details* unfolds: the summary table of one sync."""
    sync = find_sync(request, sync_id)
    summary = sync_summary(sync)
    return render(request, "imports/_details.html", {"sync": sync, "summary": summary, "table": summary_table(summary.rows)})

"""The page of an import app: overview, history, data quality, of SFTP the landing zone, and settings."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from dataquality.selectors.open_issues import count_open, open_groups
from imports.models import ImportApp, Sync
from imports.selectors.drift import find_drift
from imports.selectors.history import Wanted, find_syncs
from imports.views.by_school import school_table
from imports.views.config_changes import url_to_edit
from imports.views.configuration import configuration_sections, mapped_schools
from imports.views.drift import drift_line
from imports.views.landing_now import connection_of, landing_now
from imports.views.landing_tab import landing_context
from imports.views.scope import can_cancel, find_app
from imports.views.sync_list import list_syncs
from imports.views.wizard.steps import steps_of
from imports.views.words import describe_all, progress_of, queue_sentence, would_words
from roster.models import Organization
from roster.selectors.browse import clean_search, roster_state, type_tabs

EXPECTED_FILES = ("orgs.csv", "users.csv", "courses.csv", "classes.csv", "enrollments.csv", "academicSessions.csv", "demographics.csv")
SYNCS_PER_PAGE = 20
RECENT = 5  # versions and simulations on the Settings tab
TABS = {"overview": "Overview", "history": "History", "quality": "Data Quality", "landing": "Landing zone", "settings": "Settings"}


@require_safe
@require_member
def app_page(request: DistrictRequest, kind: str, tab: str = "overview") -> HttpResponse:
    """Show one tab of the app."""
    return render_app_page(request, find_app(request, kind), tab)


def render_app_page(request: DistrictRequest, app: ImportApp, tab: str, *, problems: Sequence[Any] = (), status: int = 200) -> HttpResponse:
    """The page, with the problems of a refused upload if there are any."""
    if tab not in tabs_of(app):
        raise Http404("There is no such tab.")
    latest = Sync.objects.of(request.district).filter(app=app).select_related("app", "created_by").order_by("-created_at", "-pk").first()
    working = latest if latest and latest.is_working else None
    context = {
        "app": app,
        "tab": tab,
        "tabs": _tabs(request, app, latest, tab),
        "can_edit": request.membership.can_edit,
        "can_cancel": working is not None and can_cancel(working, request.membership),
        "latest": latest,
        "sync": latest,
        "sentence": describe_all([latest])[0].sentence if latest else "",
        "progress": progress_of(working) if working else None,
        "queue": queue_sentence(latest) if latest and latest.state == "queued" else "",
        "is_preview": bool(app.config and app.config.document.get("delivery", {}).get("preview")),
        "problems": problems,
        "drift": drift_line(find_drift(app, app.config.document)) if app.config else "",
        "connection": connection_of(app) if app.kind == ImportApp.Kind.SFTP else None,
    }
    return render(request, f"imports/app_{tab}.html", context | _CONTEXTS[tab](request, app), status=status)


def tabs_of(app: ImportApp) -> dict[str, str]:
    """The tabs of an app, by their names in the address."""
    return {name: title for name, title in TABS.items() if name != "landing" or app.kind == ImportApp.Kind.SFTP}


def _tabs(request: DistrictRequest, app: ImportApp, latest: Sync | None, current: str) -> list[dict[str, Any]]:
    """The tabs as templates/components/tabs.html wants them, with the errors of the last sync and the open issues as badges."""
    badges = {"history": latest.error_count if latest else 0, "quality": count_open(request.district, app.kind)}
    return [
        {
            "title": title,
            "url": reverse("imports:app", args=[app.kind]) if name == "overview" else reverse("imports:app_tab", args=[app.kind, name]),
            "is_current": name == current,
            "count": badges.get(name) or None,
            "tone": "bad" if name == "history" else "wait",
        }
        for name, title in tabs_of(app).items()
    ]


def _overview(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    state = roster_state(request.district)
    names = dict(Organization.objects.of(request.district).values_list("key", "name"))
    schools = [(key, names.get(key, key), counts) for key, counts in state.by_school.items()]
    shown = {
        "counts": type_tabs(state),
        "schools": school_table(schools, sort=request.GET.get("sort", ""), search=clean_search(request.GET.get("q", ""))),
    }
    if app.kind == ImportApp.Kind.SFTP:
        return {**shown, "now": landing_now(app), "on": "overview"}
    return {
        **shown,
        "expected": EXPECTED_FILES,
        "upload_limit_mb": settings.PORTAL_MAX_UPLOAD_MB,
        "file_limit_mb": settings.PORTAL_MAX_FILE_MB,
    }


def _history(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    syncs = find_syncs(request.district, Wanted(apps=frozenset({app.kind})))
    page = Paginator(syncs, SYNCS_PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "syncs": list_syncs(page)}


def _quality(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    groups = open_groups(request.district, app.kind)
    return {"types": groups, "total": sum(group.count for group in groups)}


def _settings(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    document = app.config.document if app.config else {}
    versions = app.versions.select_related("created_by").defer("document").order_by("-number")
    simulations = (
        Sync.objects.all_of(request.district)
        .filter(app=app, is_simulation=True, is_rehearsal=False)
        .select_related("created_by")
        .defer("trial_document")
    )
    return {
        "sections": configuration_sections(document, app.kind),
        "schools": mapped_schools(request.district, document),
        "versions": versions[:RECENT],
        "simulations": [(one, would_words(one)) for one in simulations.order_by("-pk")[:RECENT]],
        "urls": {part: step.url(app) for step in steps_of(app) for part in step.parts} if request.membership.can_edit else {},
        "edit_url": url_to_edit(app),
    }


_CONTEXTS = {"overview": _overview, "history": _history, "quality": _quality, "landing": landing_context, "settings": _settings}

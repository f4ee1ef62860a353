"""The acts on a landing zone, and the part of the page that follows what happens in it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.current import DistrictRequest, require_editor, require_member
from imports.models import Delivery, ImportApp, LandingRun
from imports.services.ask_to_run import ask_to_run, fetches_from
from imports.services.replay import replay
from imports.services.run_landing import run_landing
from imports.views.app_page import render_app_page
from imports.views.landing_now import landing_now
from imports.views.landing_tab import space_of
from imports.views.scope import find_app


@require_POST
@require_editor
def run_import(request: DistrictRequest, kind: str) -> HttpResponse:
    """Import what waits in the landing zone at this moment, and go to the sync; files that are refused are named on the app's page.

    Where the files must be fetched first a worker does it.
    """
    app = _find(request, kind)
    host = fetches_from(app)
    if host and ask_to_run(app=app, by=request.user):
        messages.info(request, f"The files are being fetched from {host}. What comes of it stands under Runs.")
        return redirect("imports:app", app.kind)
    return _answer(request, app, run_landing(app=app, reason=LandingRun.Reason.MANUAL, by=request.user))


@require_POST
@require_editor
def replay_files(request: DistrictRequest, kind: str, delivery_id: int) -> HttpResponse:
    """Import an archived set again."""
    app = _find(request, kind)
    deliveries = Delivery.objects.of(request.district).filter(app=app).exclude(archived_as="")
    delivery = deliveries.filter(pk=delivery_id).first() if delivery_id < 2**63 else None
    if delivery is None:
        raise Http404("There is no such folder in the archive.")
    return _answer(request, app, replay(app=app, delivery=delivery, by=request.user))


@require_safe
@require_member
def landing_part(request: DistrictRequest, kind: str) -> HttpResponse:
    """The live part: asked for again and again while the page is seen; nothing (204) as long as nothing has changed."""
    app = _find(request, kind)
    now = landing_now(app)
    if request.GET.get("seen") == now.digest:
        return HttpResponse(status=204)
    on = "landing" if request.GET.get("on") == "landing" else "overview"
    context = {"app": app, "now": now, "on": on, "can_edit": request.membership.can_edit, "is_polled": True}
    return render(request, "imports/_landing_now.html", context | ({"space": space_of(app)} if on == "landing" else {}))


def _find(request: DistrictRequest, kind: str) -> ImportApp:
    """The district's SFTP app; what other apps have is no landing zone."""
    app = find_app(request, kind)
    if app.kind != ImportApp.Kind.SFTP:
        raise Http404("This app has no landing zone.")
    return app


def _answer(request: DistrictRequest, app: ImportApp, run: LandingRun) -> HttpResponse:
    if run.is_refused:
        return render_app_page(request, app, "overview", status=422)
    if run.sync_id:
        return redirect("imports:sync", run.sync_id)
    messages.info(request, run.outcome)
    return redirect("imports:app", app.kind)

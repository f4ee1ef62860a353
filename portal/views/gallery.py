"""The Application Gallery: which apps there are, and activating one."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, require_editor, require_member
from imports.models import ImportApp
from imports.services.activate_app import activate_app
from imports.views.wizard.steps import first_step_url

MODES = ("all", "import")


@dataclass(frozen=True, slots=True)
class Offer:
    """One app of the gallery."""

    kind: ImportApp.Kind
    icon: str
    summary: str
    facts: tuple[tuple[str, str], ...]  # icon, words


OFFERS = (
    Offer(
        ImportApp.Kind.CSV_UPLOAD,
        "upload",
        "Upload all roster files from your browser.",
        (
            ("completed", "Fits rosters that are mostly stable"),
            ("zip", "Seven OneRoster files each time, or one OneRoster.zip"),
            ("lightning", "Runs on each upload; no schedule"),
        ),
    ),
    Offer(
        ImportApp.Kind.SFTP,
        "server",
        "Your SIS or an SFTP client puts the files into a landing zone.",
        (
            ("completed", "Fits rosters that change often"),
            ("zip", "Eight files the first time, later any of them"),
            ("session", "Runs on demand or on a schedule"),
        ),
    ),
)


@require_member
def gallery(request: DistrictRequest) -> HttpResponse:
    """Show the apps. `?mode=import` leaves the import apps; there are no others yet."""
    mode = request.GET.get("mode", "all")
    active = set(ImportApp.objects.of(request.district).values_list("kind", flat=True))
    return render(request, "portal/gallery.html", {"offers": OFFERS, "active": active, "mode": mode if mode in MODES else "all"})


@require_POST
@require_editor
def activate(request: DistrictRequest, kind: str) -> HttpResponse:
    """Activate an app for the district and go to its wizard; one that was set up already opens on its own page."""
    if kind not in ImportApp.Kind.values:
        raise Http404("No such app")
    is_new = not ImportApp.objects.of(request.district).filter(kind=kind).exists()
    app = activate_app(district=request.district, kind=ImportApp.Kind(kind), by=request.user)
    if is_new:
        messages.success(
            request, f"{app} is activated with the usual settings. Change what is different in your district, or finish at once."
        )
    return redirect(first_step_url(app) if app.configured_at is None else reverse("imports:app", args=[kind]))

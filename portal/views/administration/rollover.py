"""Administration > Data Rollover: hold imports or deletions back between two school years, and rehearse the new year's files."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.current import DistrictRequest, address_of, require_editor, require_member, require_owner
from accounts.models import District
from accounts.services.audit import record_event
from accounts.times import say_moment, zone_of
from imports.models import Delivery, ImportApp, Rollover, Sync
from imports.selectors.rehearsal import rehearsals_of, student_drop
from imports.selectors.rollover import is_planned, is_suspended, rollover_of, waiting_syncs
from imports.sentences import Problem
from imports.services.rollover import RolloverRefused, disable_deletion, end_suspension, suspend_import
from imports.services.simulate import start_simulation
from imports.services.tidy import KEEP_SIMULATIONS
from imports.states import State
from imports.views.app_page import EXPECTED_FILES
from imports.views.scope import find_app
from imports.views.upload import Intake, take_upload
from imports.views.words import would_words
from portal.forms.rollover import DeletionForm, SuspensionForm
from portal.views.administration.tabs import tabs

SHOWN = 10  # rehearsals
SWITCH_ON = "Switch Suspend data import on to save these dates, or leave them empty."


@require_safe
@require_member
def rollover(request: DistrictRequest) -> HttpResponse:
    """Show what is held back, and the rehearsals."""
    return _page(request)


@require_POST
@require_owner
def suspension(request: DistrictRequest) -> HttpResponse:
    """Suspend imports for a period, move it, or end it."""
    district = request.district
    with timezone.override(zone_of(district)):
        form = SuspensionForm(request.POST, zone=district.time_zone)
        if form.is_valid() and form.cleaned_data["is_on"]:
            return _suspend(request, form)
        if not form.is_valid():
            return _page(request, form, status=400)
    if end_suspension(district=district, by=request.user, address=address_of(request)):
        messages.success(request, "Data import is not suspended any more. Syncs that waited go on now.")
    elif form.cleaned_data["starts"] or form.cleaned_data["ends"]:
        form.add_error("ends", SWITCH_ON)
        return _page(request, form, status=400)
    else:
        messages.success(request, "Nothing was changed.")
    return redirect("rollover")


def _suspend(request: DistrictRequest, form: SuspensionForm) -> HttpResponse:
    try:
        saved = suspend_import(
            district=request.district,
            starts=form.cleaned_data["starts"],
            ends=form.cleaned_data["ends"],
            by=request.user,
            address=address_of(request),
        )
    except RolloverRefused as refusal:
        form.add_error("ends", str(refusal))
        return _page(request, form, status=400)
    messages.success(request, f"{_period(saved, request.district)} Owners are told a day before it ends.")
    return redirect("rollover")


@require_POST
@require_owner
def deletion(request: DistrictRequest) -> HttpResponse:
    """Keep what imports would delete, or let them delete again."""
    form = DeletionForm(request.POST)
    form.is_valid()
    is_on = form.cleaned_data["is_on"]
    changed = disable_deletion(district=request.district, is_disabled=is_on, by=request.user, address=address_of(request))
    if not changed:
        messages.success(request, "Nothing was changed.")
    elif is_on:
        messages.success(request, "Data deletion is disabled. Imports create and update; what they would delete is kept.")
    else:
        messages.success(
            request, "Data deletion is enabled again. The next import deletes what its files leave out, under the limits you set."
        )
    return redirect("rollover")


@csrf_exempt  # not unprotected: `take_upload` checks the token, after role and size have been looked at without reading the files
@require_POST
@require_editor
def rehearse(request: DistrictRequest, kind: str) -> HttpResponse:
    """Take the new year's files and simulate their import, deletions and all; nothing of the live roster is changed."""
    app = find_app(request, kind)
    intake = Intake(
        app,
        begin=lambda delivery: _begin_rehearsal(request, app, delivery),
        show=lambda problems, status: _page(request, problems=problems, status=status),
    )
    return take_upload(request, intake)


def _begin_rehearsal(request: DistrictRequest, app: ImportApp, delivery: Delivery) -> Sync:
    sync = start_simulation(app=app, delivery=delivery, by=request.user, is_rehearsal=True)
    record_event(
        district=request.district, action="rollover.rehearsed", by=request.user, target=f"rehearsal {sync.pk}", address=address_of(request)
    )
    return sync


def _page(
    request: DistrictRequest, form: SuspensionForm | None = None, *, problems: list[Problem] | None = None, status: int = 200
) -> HttpResponse:
    saved, now = rollover_of(request.district), timezone.now()
    apps = [app for app in ImportApp.objects.of(request.district).order_by("activated_at", "pk") if app.config_id]
    with timezone.override(zone_of(request.district)):
        context = {
            "tabs": tabs("rollover"),
            "form": form or _form(request.district, saved),
            "saved": saved,
            "is_suspended": is_suspended(saved, now),
            "is_planned": is_planned(saved, now),
            "period": _period(saved, request.district),
            "waiting": waiting_syncs(request.district),
            "applying": Sync.objects.of(request.district).filter(state=State.APPLYING).first(),
            "apps": apps,
            "app": next((app for app in apps if app.kind == request.GET.get("app")), apps[0] if apps else None),
            "rehearsals": _rehearsals(request.district),
            "problems": problems or [],
            "expected": EXPECTED_FILES,
            "upload_limit_mb": settings.PORTAL_MAX_UPLOAD_MB,
            "file_limit_mb": settings.PORTAL_MAX_FILE_MB,
            "kept_days": KEEP_SIMULATIONS.days,
        }
        return render(request, "administration/rollover.html", context, status=status)


def _form(district: District, saved: Rollover) -> SuspensionForm:
    is_on = is_suspended(saved, timezone.now()) or is_planned(saved, timezone.now())
    initial: dict[str, Any] = {"is_on": is_on, "starts": saved.suspends_from, "ends": saved.suspends_until} if is_on else {}
    return SuspensionForm(initial=initial, zone=district.time_zone)


def _period(saved: Rollover, district: District) -> str:
    """What holds, or will hold, in a sentence."""
    now = timezone.now()
    if saved.suspends_from is None or saved.suspends_until is None:
        return "Imports run as usual."
    until = say_moment(saved.suspends_until, district)
    if is_suspended(saved, now):
        return f"Data import is suspended until {until}."
    if is_planned(saved, now):
        return f"Data import will be suspended from {say_moment(saved.suspends_from, district)} to {until}."
    return f"Imports run as usual. The last suspension ended {until}."


def _rehearsals(district: District) -> list[dict[str, Any]]:
    """The last rehearsals, each with how it ended and what became of the students."""
    listed = rehearsals_of(district).select_related("app", "created_by", "detail", "district")[:SHOWN]
    return [{"sync": one, "would": would_words(one), "students": student_drop(one)} for one in listed]

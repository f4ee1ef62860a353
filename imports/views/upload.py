"""Take an upload: from the page's script, which wants JSON, or from the plain form."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, require_editor
from imports.models import Delivery, ImportApp, Sync
from imports.sentences import Problem
from imports.services.receive_delivery import DeliveryRefused, Upload, receive_delivery
from imports.services.start_sync import check_not_suspended, start_sync
from imports.views.app_page import render_app_page
from imports.views.scope import find_app

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Intake:
    """What becomes of an upload: the app it is for, the sync that is begun over the delivery, and the page that shows why it was refused."""

    app: ImportApp
    begin: Callable[[Delivery], Sync]
    show: Callable[[list[Problem], int], HttpResponse]


@csrf_exempt  # not unprotected: `take_upload` checks the token, after role and size have been looked at without reading the files
@require_POST
@require_editor
def upload(request: DistrictRequest, kind: str) -> HttpResponse:
    """Store what was sent as a delivery and start a sync over it.

    Who may not upload, what comes while imports are suspended, and what is larger than a delivery may be, is refused before a single byte of the
    files is read.
    """
    app = find_app(request, kind)
    intake = Intake(
        app,
        begin=lambda delivery: start_sync(delivery=delivery, by=request.user),
        show=lambda problems, status: render_app_page(request, app, "overview", problems=problems, status=status),
    )
    try:
        check_not_suspended(request.district)
    except DeliveryRefused as refusal:
        return _refuse(request, intake, refusal.problems, status=409)
    return take_upload(request, intake)


def take_upload(request: DistrictRequest, intake: Intake) -> HttpResponse:
    """Take what was sent, from a view that is exempt from the check of the token: it is checked here, once the size is known to be allowed."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.PORTAL_MAX_UPLOAD_MB * MEGABYTE:
        limit = f"{settings.PORTAL_MAX_UPLOAD_MB:,} MB"
        problem = Problem(
            code="upload-too-large",
            title="Upload too large",
            message=f"The files are larger together than {limit}, the most this portal takes at once.",
            fix="Send them as one OneRoster.zip, which is much smaller, or ask the operator of the portal to raise the limit.",
            file="",
        )
        return _refuse(request, intake, [problem], status=413)
    return _take_files(request, intake)


@csrf_protect
def _take_files(request: HttpRequest, intake: Intake) -> HttpResponse:
    member_request = cast(DistrictRequest, request)
    sent = cast(list[TemporaryUploadedFile], request.FILES.getlist("files"))
    uploads = [Upload(name=file.name or "", path=Path(file.temporary_file_path())) for file in sent]
    try:
        delivery = receive_delivery(app=intake.app, uploads=uploads, source=Delivery.Source.BROWSER, by=member_request.user)
        sync = intake.begin(delivery)
    except DeliveryRefused as refusal:
        return _refuse(member_request, intake, refusal.problems, status=422)
    address = reverse("imports:sync", args=[sync.pk])
    return JsonResponse({"url": address, "ignored": delivery.ignored}, status=201) if _wants_json(request) else redirect(address)


def _refuse(request: DistrictRequest, intake: Intake, problems: list[Problem], *, status: int) -> HttpResponse:
    """Say what is wrong with the upload, as JSON for the script or on the page it came from."""
    if not _wants_json(request):
        return intake.show(problems, status)
    listed = [{"title": p.title, "message": p.message, "fix": p.fix, "file": p.file} for p in problems]
    return JsonResponse({"problems": listed}, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")

"""Take orgs.csv alone: it fills the list of schools, and imports nothing."""

from pathlib import Path
from typing import cast

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, address_of, require_editor
from imports.models import ImportApp
from imports.sentences import Problem
from imports.services.drafts import open_draft
from imports.services.read_orgs import MAX_MEGABYTES, OrgsRefused
from imports.services.school_list import FoundSchools, upload_orgs
from imports.views.scope import find_app
from imports.views.wizard.frame import frame
from imports.views.wizard.step import Page
from imports.views.wizard.steps import find_step
from imports.views.words import count_words

ENVELOPE_BYTES = 1 << 20  # what a form adds to its file
TOO_LARGE = Problem(
    "orgs-refused",
    "Too large",
    f"What was sent is larger than {MAX_MEGABYTES} MB, too large for a list of schools.",
    "Choose orgs.csv alone.",
)
NOTHING_SENT = Problem("orgs-refused", "No file", "No file was chosen.", "Choose orgs.csv from the export of your SIS.")


@csrf_exempt  # not unprotected: `_take` checks the token, after role and size have been looked at without reading the file
@require_POST
@require_editor
def upload_school_list(request: DistrictRequest, kind: str) -> HttpResponse:
    """Read the one file and say what it names; what cannot be read whole is refused, and the list stays as it was."""
    app = find_app(request, kind)
    if int(request.META.get("CONTENT_LENGTH") or 0) > (MAX_MEGABYTES << 20) + ENVELOPE_BYTES:
        return _refuse(request, app, [TOO_LARGE], status=413)
    return _take(request, app)


@csrf_protect
def _take(request: HttpRequest, app: ImportApp) -> HttpResponse:
    asked = cast(DistrictRequest, request)
    sent = cast(TemporaryUploadedFile | None, request.FILES.get("file"))
    if sent is None:
        return _refuse(asked, app, [NOTHING_SENT])
    try:
        path = Path(sent.temporary_file_path())
        found = upload_orgs(app=app, name=sent.name or "", path=path, by=asked.user, address=address_of(request))
    except OrgsRefused as refusal:
        return _refuse(asked, app, refusal.problems)
    messages.success(request, found_words(found))
    return redirect(find_step(app, "schools").url(app))


def found_words(found: FoundSchools) -> str:
    """What an orgs.csv names, beside what was known."""
    differs = [(found.new, "new"), (found.renamed, "with another name"), (found.gone, "not in it any more")]
    parts = [f"{count:,} {words}" for count, words in differs if count]
    notes = " ".join(problem.message for problem in found.notes)
    words = (
        f"orgs.csv names {count_words(found.schools, 'active school')}: {', '.join(parts) or 'the same as before'}. Nothing was imported."
    )
    return f"{words} {notes}".strip()


def _refuse(request: DistrictRequest, app: ImportApp, problems: list[Problem], *, status: int = 422) -> HttpResponse:
    """The step, with what is wrong with the file at the form that sent it."""
    step, draft = find_step(app, "schools"), open_draft(app=app, user=request.user)
    page = Page(request, app, draft, step, draft.document)
    return render(request, step.template, frame(page) | dict(step.show(page)) | {"upload_problems": problems}, status=status)

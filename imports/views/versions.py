"""The versions of a configuration: list them, compare two, restore one, and carry one out of the portal and back in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.current import DistrictRequest, require_editor, require_member
from imports.config import ConfigProblem, ConfigRefused, merge_document, without_sign_ins
from imports.config_parser import parse_config
from imports.config_words import Change
from imports.documents import MOST_BYTES, DocumentUnreadable, read_document, write_document
from imports.models import ConfigDraft, ConfigVersion, ImportApp
from imports.selectors.delivered import known_headers
from imports.services.drafts import draft_changes, fill_draft, open_draft
from imports.sign_in_document import has_sign_in
from imports.views.config_changes import ChangeGroup, by_step, changes_between, changes_of, url_to_edit
from imports.views.scope import find_app
from imports.views.words import count_words

PER_PAGE = 20
LARGEST_NUMBER = 2**31
DEFAULTS = 0  # compared like a version
REPLACE = "yes"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list, with what it changed against the one before (the first one: against the defaults)."""

    version: ConfigVersion
    changes: list[Change]
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions; None stands for the defaults. `problem`: why they cannot be compared."""

    before: ConfigVersion | None
    after: ConfigVersion | None
    groups: list[ChangeGroup]
    count: int = 0
    problem: str = ""


@require_safe
@require_member
def versions(request: DistrictRequest, kind: str) -> HttpResponse:
    """The list; with `?from=2&to=5` what differs between these two, with `?to=5` what the fifth changed."""
    return _render(request, find_app(request, kind))


def _render(request: DistrictRequest, app: ImportApp, status: int = 200, **more: Any) -> HttpResponse:
    page = Paginator(_versions(app), PER_PAGE).get_page(request.GET.get("page"))
    numbers = list(app.versions.order_by("-number").values_list("number", flat=True))
    in_force = app.config.number if app.config else 0
    context = {
        "app": app,
        "page": page,
        "lines": _lines(app, page),
        "numbers": numbers,
        "compared": (request.GET.get("from") or str(max(in_force - 1, 0)), request.GET.get("to") or str(in_force)),
        "comparison": _compare(request, app, numbers),
        "can_edit": request.membership.can_edit,
        "unsaved": _unsaved(request, app),
        "edit_url": url_to_edit(app),
    }
    return render(request, "imports/versions.html", context | more, status=status)


def _versions(app: ImportApp) -> QuerySet[ConfigVersion]:
    return app.versions.select_related("created_by").order_by("-number")


def _lines(app: ImportApp, page: Sequence[ConfigVersion]) -> list[VersionLine]:
    shown = list(page)
    older = _versions(app).filter(number__lt=shown[-1].number).first() if shown else None
    befores: list[Mapping[str, Any]] = [*(version.document for version in shown[1:]), older.document if older else {}]
    changed = changes_of(app, [(before, version.document) for version, before in zip(shown, befores, strict=True)])
    return [VersionLine(version, listed, version.pk == app.config_id) for version, listed in zip(shown, changed, strict=True)]


def _unsaved(request: DistrictRequest, app: ImportApp) -> int:
    """How many settings of the person's draft would be lost if it were filled anew."""
    draft = ConfigDraft.objects.of(app.district_id).filter(app=app, user=request.user).select_related("base", "app").first()
    return len(draft_changes(draft)) if draft else 0


def _compare(request: DistrictRequest, app: ImportApp, numbers: list[int]) -> Comparison | None:
    asked = request.GET.get("to", "")
    if not asked:
        return None
    known = {str(number): number for number in (*numbers, DEFAULTS)}
    before_text = request.GET.get("from", "") or str(max((n for n in numbers if n < known.get(asked, 0)), default=DEFAULTS))
    unknown = [text for text in (before_text, asked) if text not in known]
    if unknown:
        return Comparison(None, None, [], problem=f"There is no version {unknown[0][:20]}. Choose two of the list.")
    found = {one.number: one for one in _versions(app).filter(number__in=[known[before_text], known[asked]])}
    before, after = found.get(known[before_text]), found.get(known[asked])
    listed = changes_between(app, before.document if before else {}, after.document if after else {})
    return Comparison(before, after, by_step(app, listed), len(listed))


def _find(app: ImportApp, number: int) -> ConfigVersion:
    version = _versions(app).filter(number=number).first() if number < LARGEST_NUMBER else None
    if version is None:
        raise Http404("There is no such version.")
    return version


@require_safe
@require_member
def export_version(request: DistrictRequest, kind: str, number: int) -> HttpResponse:
    """A version as the JSON document that `configure_import --show` prints, without passwords."""
    app = find_app(request, kind)
    version = _find(app, number)
    response = HttpResponse(f"{write_document(version.document, app.kind)}\n", content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.district.slug}-{app.kind}-v{version.number}.json"'
    return response


@require_POST
@require_editor
def restore_version(request: DistrictRequest, kind: str, number: int) -> HttpResponse:
    """Put an earlier version into the person's draft. What is in there unsaved is replaced only if the person said so."""
    app = find_app(request, kind)
    version = _find(app, number)
    if _unsaved(request, app) and request.POST.get("replace") != REPLACE:
        return _render(request, app, status=409, asks=version)
    return _fill(request, app, version.document, f"Restored from version {version.number}", f"Version {version.number}")


@require_POST
@require_editor
def import_version(request: DistrictRequest, kind: str) -> HttpResponse:
    """Put an uploaded document into the person's draft, if it has no fault; else all of them are named with their paths."""
    app = find_app(request, kind)
    file = request.FILES.get("document")
    if not isinstance(file, UploadedFile):
        return _render(request, app, status=422, import_problem="No file was chosen. Choose a JSON document.")
    name = (PurePath((file.name or "").replace("\\", "/")).name or "The file")[:100]
    try:
        document = read_document(file.read(MOST_BYTES + 1))
        parse_config(merge_document(document, app.kind), app.kind, known_headers(app))
    except DocumentUnreadable as problem:
        return _render(request, app, status=422, import_problem=f"{name} {problem}")
    except ConfigRefused as refusal:
        return _refuse(request, app, name, refusal.problems)
    if _unsaved(request, app) and request.POST.get("replace") != REPLACE:
        return _render(request, app, status=409, import_problem=f"{name} is not taken: tick that it may replace your unsaved changes.")
    if has_sign_in(document):
        messages.info(
            request, f"{name} holds a user name, a password or keys. They are left out: they are set under Delivery Configuration."
        )
        document = without_sign_ins(document)
    return _fill(request, app, document, f"Imported from {name}", name)


def _refuse(request: DistrictRequest, app: ImportApp, name: str, problems: list[ConfigProblem]) -> HttpResponse:
    words = f"{name} was refused, and nothing was changed. It has {count_words(len(problems), 'fault')}:"
    return _render(request, app, status=422, import_problem=words, import_faults=problems)


def _fill(request: DistrictRequest, app: ImportApp, document: Mapping[str, Any], note: str, name: str) -> HttpResponse:
    """Fill the draft over the version in force, and go to where the first difference is set."""
    in_force = app.config
    if in_force is None:
        raise Http404("This app is not activated.")
    listed = changes_between(app, in_force.document, document)
    fill_draft(draft=open_draft(app=app, user=request.user), document=document, base=in_force, note=note if listed else "")
    if not listed:
        messages.info(request, f"{name} says what version {in_force.number} says, which is in force. There is nothing to save.")
        return redirect("imports:versions", kind=app.kind)
    differ = f"{count_words(len(listed), 'setting')} differ{'s' if len(listed) == 1 else ''}"
    messages.success(request, f"{name} is in your draft: {differ} from version {in_force.number}. Look at what it would do, then save it.")
    return redirect(url_to_edit(app, listed))

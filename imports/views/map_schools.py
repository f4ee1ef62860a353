"""Schools Mapping: the window that a sync waits for when it meets schools it does not know."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.current import DistrictRequest, require_editor, require_member
from imports.forms import NewSchoolName
from imports.models import Sync
from imports.selectors.school_suggestions import suggest_mapping
from imports.services.decide_sync import DecisionRefused
from imports.services.map_schools import save_school_mapping
from imports.states import State
from imports.views.scope import detail_of, find_sync
from mapping.steps.auto_map import SchoolChoice
from roster.models import Organization

NEW, LATER = "new", ""  # a school's action; anything else is the key of an existing school


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One unrecognised school as the form shows it: `action` is NEW, LATER or the key of an existing school."""

    number: int
    source_id: str
    name: str
    identifier: str
    rows: int
    action: str
    new_name: str
    error: str = ""

    @property
    def is_new(self) -> bool:
        """Whether *Create New School* is chosen."""
        return self.action == NEW


@require_http_methods(["GET", "HEAD", "POST"])
@require_member
def map_schools(request: DistrictRequest, sync_id: int) -> HttpResponseBase:
    """Show the window; on *Save & Run* store the mapping and go on with the same delivery."""
    sync = find_sync(request, sync_id)
    if sync.state != State.NEEDS_SCHOOL_MAPPING:
        messages.info(request, f"Sync #{sync.pk} does not wait for schools to be mapped any more.")
        return redirect("imports:sync", sync.pk)
    return _answer(request, sync=sync) if request.method == "POST" else _show(request, sync, _suggested(request, sync))


@require_editor
def _answer(request: DistrictRequest, *, sync: Sync) -> HttpResponse:
    rows = _filled_in(request, sync)
    if request.POST.get("do") == "auto":
        return _show(request, sync, _with_suggestions(sync, rows), everything_new=True)
    everything_new = _wants_everything_new(request)
    rows = _checked(request, rows, everything_new=everything_new)
    if any(row.error for row in rows):
        return _show(request, sync, rows, status=422)
    choices = {
        row.source_id: SchoolChoice(new_name=row.new_name) if row.is_new else SchoolChoice(target=row.action) for row in rows if row.action
    }
    if not choices and not everything_new:
        return _show(
            request, sync, rows, problem="No school is mapped yet. Map at least one, or choose All Missing Schools as New.", status=422
        )
    try:
        save_school_mapping(sync=sync, by=request.user, choices=choices, all_missing_as_new=everything_new)
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The schools mapping is saved. Sync #{sync.pk} goes on with the same files.")
    return redirect("imports:sync", sync.pk)


def _show(
    request: DistrictRequest, sync: Sync, rows: list[SchoolRow], *, everything_new: bool = False, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "sync": sync,
        "rows": rows,
        "problem": problem,
        "targets": _targets(request).order_by("name", "key"),
        "everything_new": everything_new or _wants_everything_new(request),
        "can_edit": request.membership.can_edit,
        "error_count": sum(bool(row.error) for row in rows),
    }
    return render(request, "imports/map_schools.html", context, status=status)


def _wants_everything_new(request: HttpRequest) -> bool:
    return request.POST.get("all_missing_as_new") == "on"


def _targets(request: DistrictRequest):  # type: ignore[no-untyped-def]
    return Organization.objects.of(request.district).filter(kind=Organization.Kind.SCHOOL)


def _unmapped(sync: Sync) -> list[SchoolRow]:
    return [
        SchoolRow(
            number,
            school["source_id"],
            school.get("name", ""),
            school.get("identifier", ""),
            school.get("rows", 0),
            LATER,
            school.get("name", ""),
        )
        for number, school in enumerate(detail_of(sync).unmapped)
    ]


def _suggested(request: HttpRequest, sync: Sync) -> list[SchoolRow]:
    """The first view: nothing chosen, unless *Auto Mapping* was asked for by a link."""
    rows = _unmapped(sync)
    return _with_suggestions(sync, rows) if "auto" in request.GET else rows


def _with_suggestions(sync: Sync, rows: list[SchoolRow]) -> list[SchoolRow]:
    """*Auto Mapping*: by identifier, then by name, else a new school. Names typed already stay."""
    found = suggest_mapping(sync)
    return [_with(row, action=choice.target or NEW) if (choice := found.get(row.source_id)) else row for row in rows]


def _filled_in(request: HttpRequest, sync: Sync) -> list[SchoolRow]:
    return [
        _with(
            row, action=request.POST.get(f"action-{row.number}", LATER), new_name=request.POST.get(f"name-{row.number}", row.name).strip()
        )
        for row in _unmapped(sync)
    ]


def _checked(request: DistrictRequest, rows: list[SchoolRow], *, everything_new: bool) -> list[SchoolRow]:
    """The rows with what is wrong at each of them."""
    known = set(_targets(request).values_list("key", flat=True))
    checked = []
    for given in rows:
        row = _with(given, action=NEW) if everything_new and not given.action else given
        if row.is_new:
            form = NewSchoolName({"name": row.new_name})
            checked.append(row if form.is_valid() else _with(row, error=" ".join(map(str, form.errors["name"]))))
        elif row.action and row.action not in known:
            checked.append(_with(row, action=LATER, error="This school does not exist any more. Choose another one."))
        else:
            checked.append(row)
    return checked


def _with(row: SchoolRow, *, action: str | None = None, new_name: str | None = None, error: str = "") -> SchoolRow:
    return SchoolRow(
        row.number, row.source_id, row.name, row.identifier, row.rows,
        row.action if action is None else action, row.new_name if new_name is None else new_name, error,
    )  # fmt: skip

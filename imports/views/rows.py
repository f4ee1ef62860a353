"""The records behind a number of a sync: what became of them and why, with old and new values where they changed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from accounts.models import District, Membership
from imports.models import Sync
from imports.selectors.drill_down import Reason, RowPage, RowView, read_rows
from imports.views.changes import Part, mark_change
from imports.views.paging import read_numbered
from imports.views.row_filter import read_filter
from imports.views.scope import detail_of, find_sync
from imports.views.sensitive import hides_attribute, hides_column
from records.attributes import RecordType, attribute_label
from roster.models import LIVE, Enrollment
from roster.selectors.browse import COLUMNS, SCHOOL_COLUMNS, enrollment_names, school_names

HIDDEN = "hidden"
PEEK = "peek"
PEEKED = 5  # rows
EXPLAINED = {
    "created": "new since the roster as it was before",
    "updated": "changed against the roster as it was before",
    "unchanged": "the same as in the roster before",
    "skipped": "left out, because a required value is missing; the records that are live stay as they are",
    "excluded": "left out on purpose or because of another row",
    "duplicate": "left out, because a value that must be unique is shared",
    "invalid": "left out, because the row cannot be read or points to nothing",
    "reported": "imported, with something to mend at the source",
    "deleted": "no longer in the files",
    "kept": "not in the files in a form that could be used, but kept as they are",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One changed attribute, old and new in parts."""

    label: str
    old: list[Part] = field(default_factory=list)
    new: list[Part] = field(default_factory=list)
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page shows it; `cells` are (heading, value) pairs."""

    row: RowView
    name: str
    school: str
    cells: list[tuple[str, str]]
    changes: list[Change]
    reasons: list[tuple[Reason, bool]]
    is_live: bool


@require_safe
@require_member
def rows(request: DistrictRequest, sync_id: int, record_type: str, outcome: str) -> HttpResponse:
    """One page of the rows of a record type that ended in an outcome, searchable, narrowed to a school or a cause if asked for."""
    sync, chosen, wanted = find_sync(request, sync_id), RecordType(record_type), read_filter(request.GET)

    def read(offset: int, limit: int) -> RowPage:
        return read_rows(sync, record_type, outcome, **wanted.arguments, offset=offset, limit=limit)

    if PEEK in request.GET:
        return _peek(request, sync, chosen, outcome, read)
    found, page = read_numbered(request, read, lambda rows: rows.total)
    schools = _schools(sync, chosen, outcome)
    context = {
        "sync": sync,
        "record_type": chosen,
        "outcome": outcome,
        "explained": EXPLAINED[outcome],
        "page": page,
        "lines": row_lines(request, chosen, outcome, found.rows),
        "headings": [attribute_label(chosen, name) for name in _columns(chosen, outcome)],
        "search": wanted.search,
        "school": wanted.school or "",
        "without_school": wanted.school == "",
        "schools": schools,
        "wanted": wanted,
        "cause": wanted.cause_words(chosen),
    }
    return render(request, "imports/_rows_table.html" if request.htmx else "imports/rows.html", context)


def _peek(request: DistrictRequest, sync: Sync, record_type: RecordType, outcome: str, read: Callable[[int, int], RowPage]) -> HttpResponse:
    """The first few of the rows, for a page that shows many causes."""
    found = read(0, PEEKED)
    context = {
        "sync": sync,
        "record_type": record_type,
        "outcome": outcome,
        "lines": row_lines(request, record_type, outcome, found.rows),
        "total": found.total,
    }
    return render(request, "imports/_rows_peek.html", context)


def _columns(record_type: RecordType, outcome: str) -> tuple[str, ...]:
    """The attributes shown as columns; for updated records the changes say it all."""
    names = tuple(name for name in COLUMNS[record_type] if name not in SCHOOL_COLUMNS)
    return () if outcome == "updated" else names


def _schools(sync: Sync, record_type: RecordType, outcome: str) -> list[tuple[str, str, int]]:
    """The schools that have such rows, by name: (key, name, rows)."""
    counts = {key: int(types.get(record_type, {}).get(outcome, 0)) for key, types in detail_of(sync).by_school.items() if key}
    names = school_names(sync.district, (key for key, count in counts.items() if count))
    return sorted(((key, names.get(key, key), count) for key, count in counts.items() if count), key=lambda school: school[1].casefold())


def row_lines(request: DistrictRequest, record_type: RecordType, outcome: str, found: list[RowView]) -> list[Line]:
    """The rows as pages show them."""
    district = request.district
    names = school_names(district, {row.school for row in found} | {_value(row.values, name) for row in found for name in SCHOOL_COLUMNS})
    live_records = LIVE[record_type].objects.of(district).filter(key__in={row.key for row in found if row.key}, deleted_at=None)
    live = set(live_records.values_list("key", flat=True))
    called = _names(district, record_type, found)
    return [
        _line(row, name, record_type, outcome, names, request.membership, is_live=row.key in live)
        for row, name in zip(found, called, strict=True)
    ]


def _names(district: District, record_type: RecordType, found: list[RowView]) -> list[str]:
    """What people call the rows; an enrollment by the names of its person and class, where these are live."""
    if record_type is not RecordType.ENROLLMENT:
        return [row.name for row in found]
    linked = ("person_id", "person_type", "class_id")
    rows = [Enrollment(key=str(at), **{name: _value(row.values, name) for name in linked}) for at, row in enumerate(found)]
    names = enrollment_names(district, rows)
    return [" in ".join(names[row.key]) if row.person_id else seen.name for row, seen in zip(rows, found, strict=True)]


def _line(
    row: RowView, name: str, record_type: RecordType, outcome: str, schools: dict[str, str], membership: Membership, *, is_live: bool
) -> Line:
    return Line(
        row=row,
        name=name,
        school=schools.get(row.school, row.school),
        cells=[
            (attribute_label(record_type, name), HIDDEN if hides_attribute(record_type, name, membership) else _value(row.values, name))
            for name in _columns(record_type, outcome)
        ],
        changes=[_change(row, record_type, changed, schools, membership) for changed in row.changed],
        reasons=[(reason, hides_column(reason.file or row.file, reason.column, membership)) for reason in row.reasons],
        is_live=is_live,
    )


def _change(row: RowView, record_type: RecordType, name: str, schools: dict[str, str], membership: Membership) -> Change:
    label = attribute_label(record_type, name)
    if hides_attribute(record_type, name, membership):
        return Change(label, is_hidden=True)
    before, after = _value(row.before or {}, name), _value(row.values, name)
    if name in SCHOOL_COLUMNS:
        before, after = schools.get(before, before), schools.get(after, after)
    return Change(label, *mark_change(before, after))


def _value(values: dict[str, str], name: str) -> str:
    return values.get(name) or ""

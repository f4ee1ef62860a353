"""The timeline of one record, live or gone: what became of it and why, every sync that touched it, and why a person is in no class."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_member
from accounts.models import District
from accounts.services.audit import record_event
from imports.models import Sync
from imports.selectors.event_words import filter_words
from imports.selectors.explain import explain_record
from imports.selectors.explain_class import explain_class, find_classes
from imports.selectors.reasons import Reason
from imports.selectors.timeline import EVENTS_PER_PAGE, Event, History, Past, Phase, phase_of
from imports.states import SyncKind
from imports.views.changes import Part, mark_change
from imports.views.paging import read_numbered
from imports.views.sensitive import hides_attribute, hides_column
from records.attributes import PERSON_TYPES, RecordType, attribute_label, display_name
from roster.models import LIVE, Enrollment, LiveRecord
from roster.selectors.browse import SCHOOL_COLUMNS, clean_search, enrollment_names, school_names

NOT_FOUND = 404
_WOULD = {Phase.WAITING: "would be", Phase.DROPPED: "would have been"}


@dataclass(frozen=True, slots=True)
class Change:
    """One changed attribute, old and new in parts."""

    label: str
    old: list[Part] = field(default_factory=list)
    new: list[Part] = field(default_factory=list)
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the page shows it.

    happened: "Created", "Would have been deleted". about: what its sync is, where that is no plain import. reasons: those that the entry above,
    of the same sync, does not tell already, each with whether its value is hidden. rules: the filter rules that decided. search: finds the row on the
    page of the sync's rows.
    """

    event: Event
    happened: str
    about: str
    changes: list[Change]
    reasons: list[tuple[Reason, bool]]
    rules: str
    search: str


@require_safe
@require_member
def timeline(request: DistrictRequest, record_type: str) -> HttpResponse:
    """The page of one record; a record that nobody ever saw is not found, but the page says where it was looked for."""
    kind, key = RecordType(record_type), request.GET.get("key", "")
    past = Past(request.district)
    history = History(past, kind, key)
    hides = _hides(request)
    answer = explain_record(history, hides)
    record = LIVE[kind].objects.of(request.district).filter(key=key).first() if "\0" not in key else None
    if not len(history) and record is None:
        context = {"record_type": kind, "answer": answer, "is_named": bool(key)}
        return render(request, "imports/timeline_unknown.html", context, status=NOT_FOUND)
    events, page = read_numbered(request, history.page, lambda _: len(history), rows=EVENTS_PER_PAGE)
    context = {
        "record_type": kind,
        "key": key,
        "name": _name(request.district, kind, record, history),
        "is_live": record is not None and record.deleted_at is None,
        "answer": answer,
        "page": page,
        "entries": _entries(request, kind, events),
        "looked_in": len(past.syncs),
        **(_class_question(request, kind, key, hides) if kind in PERSON_TYPES else {}),
    }
    if kind is RecordType.STUDENT:
        sensitive = request.membership.can_edit
        record_event(
            district=request.district, action="student.opened", by=request.user, target=key, address=address_of(request),
            sensitive=sensitive, page="timeline",
        )  # fmt: skip
    return render(request, "imports/timeline.html", context)


def _hides(request: DistrictRequest) -> Callable[[str, str], bool]:
    return lambda file, column: hides_column(file, column, request.membership)


def _name(district: District, kind: RecordType, record: LiveRecord | None, history: History) -> str:
    """What a person calls the record; of one in no table the name that the newest sync knew."""
    if isinstance(record, Enrollment):
        return " in ".join(enrollment_names(district, [record])[record.key])
    if record is not None:
        return display_name(kind, record.__dict__)
    event = history.newest()
    return event.row.name if event is not None else history.key


def _entries(request: DistrictRequest, kind: RecordType, events: list[Event]) -> list[Entry]:
    schools = {value for event in events for name, *both in event.row.changes if name in SCHOOL_COLUMNS for value in both}
    names = school_names(request.district, schools)
    entries: list[Entry] = []
    told: set[tuple[int, str, str]] = set()
    for event in events:
        fresh = [reason for reason in event.row.reasons if (event.sync.pk, reason.code, reason.message) not in told]
        told |= {(event.sync.pk, reason.code, reason.message) for reason in fresh}
        entries.append(
            Entry(
                event,
                _happened(event),
                _about(event.sync),
                [_change(request, kind, change, names) for change in event.row.changes],
                [(reason, hides_column(reason.file or event.row.file, reason.column, request.membership)) for reason in fresh],
                filter_words(event, request.district) if fresh else "",
                clean_search(event.row.key),
            )
        )
    return entries


def _happened(event: Event) -> str:
    """What happened, or what would happen, in words."""
    outcome = event.row.outcome
    if would := _WOULD.get(event.phase):
        return f"{would} {outcome}".capitalize()
    return outcome.capitalize()


def _about(sync: Sync) -> str:
    """What a sync is that is no plain import."""
    if sync.kind == SyncKind.ROLLBACK and sync.undoes_id:
        verb = "rolled" if phase_of(sync) in {Phase.APPLIED, Phase.UNDONE} else "was to roll"
        return f"{verb} back {'a part of ' if sync.scope else ''}sync #{sync.undoes_id}"
    if sync.kind == SyncKind.REST and sync.rest_of_id:
        return f"holds what was held back of sync #{sync.rest_of_id}"
    return ""


def _change(request: DistrictRequest, kind: RecordType, change: tuple[str, str, str], schools: dict[str, str]) -> Change:
    name, before, after = change
    label = attribute_label(kind, name)
    if hides_attribute(kind, name, request.membership):
        return Change(label, is_hidden=True)
    if name in SCHOOL_COLUMNS:
        before, after = schools.get(before, before), schools.get(after, after)
    return Change(label, *mark_change(before, after))


def _class_question(request: DistrictRequest, kind: RecordType, key: str, hides: Callable[[str, str], bool]) -> dict[str, Any]:
    """What `?class=` asks: the answer where it names one class, else the classes that may be meant."""
    asked = request.GET.get("class", "").replace("\0", "").strip()[:255]
    if not asked:
        return {"asked": ""}
    classes = find_classes(request.district, asked)
    is_named = len(classes) == 1 or not classes
    chosen = classes[0].key if classes else asked
    return {
        "asked": asked,
        "classes": [] if is_named else classes,
        "class_name": classes[0].class_name if len(classes) == 1 else "",
        "class_key": chosen if is_named else "",
        "class_answer": explain_class(request.district, kind, key, chosen, hides) if is_named else None,
    }

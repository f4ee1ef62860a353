"""The causes of a sync in words, each with what narrows the list of its records to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from imports.models import SyncDetail
from imports.selectors.reasons import reason_of_code
from imports.states import SyncKind
from records.attributes import RecordType, attribute_label
from records.changed import PROMOTED, REGRADED, REWRITTEN
from records.rules import RULES

_LOWER = {"SIS", "ID", "IDs", "SMS"}  # words that keep their capitals
_WOULD = {"created": "created", "updated": "updated", "deleted": "deleted", "kept": "kept as they are"}


@dataclass(frozen=True, slots=True)
class CauseView:
    """One cause: a title such as "grade promotions", what it is a part of, and the query of its list of records."""

    record_type: str
    outcome: str
    count: int
    title: str
    note: str
    percent: float
    query: dict[str, str]

    @property
    def query_string(self) -> str:
        """The query, as it stands in an address; empty where the list is not narrowed."""
        return urlencode(self.query)


def view_causes(detail: SyncDetail, schools: Mapping[str, str]) -> list[CauseView]:
    """The causes of a sync, largest first.

    Args:
        detail: of the sync.
        schools: names of schools, by key.
    """
    is_rollback = detail.sync.kind == SyncKind.ROLLBACK
    return [_view(cause, schools, is_rollback=is_rollback) for cause in detail.causes]


def _view(cause: Mapping[str, Any], schools: Mapping[str, str], *, is_rollback: bool) -> CauseView:
    kind, outcome, count, of = RecordType(cause["record_type"]), str(cause["outcome"]), int(cause["count"]), int(cause["of"])
    records = _records(kind, count)
    name, school = str(cause["cause"]), str(cause["school"])
    title, note = records, ""
    query: dict[str, str] = {}
    if outcome == "updated":
        title, query = _update(kind, name, str(cause["attribute"]), count)
        note = f"of {of:,} {_records(kind, of)} that are updated" if count < of else f"all {_records(kind, of)} that are updated"
        note = "" if of == 1 else note
    elif name == "whole-school":
        title, query = f"{schools.get(school, school)}: all {count:,} {records} deleted", {"school": school}
        note = "The school would have none left."
    elif name == "new-at-school":
        title, query = f"{schools.get(school, school)}: {count:,} {_come(records, is_rollback)}", {"school": school}
        note = f"{of:,} {_records(kind, of)} are live there now" if of else f"It has no {kind.plural.lower()} now."
    elif name == "new":
        title = _come(records, is_rollback)
    else:
        reason = reason_of_code(name, kind).title if name in RULES else name
        title, query = f"{records} {_WOULD[outcome]}: {_lowered(reason)}", {"code": name}
        note = f"of {of:,} {_WOULD[outcome]}" if count < of else ""
    return CauseView(kind.value, outcome, count, title, note, 100 * count / of if of else 0.0, query)


def _come(records: str, is_rollback: bool) -> str:
    """How records that the sync creates are called: what a rollback creates was there before."""
    return f"{records} brought back" if is_rollback else f"new {records}"


def _update(kind: RecordType, cause: str, attribute: str, count: int) -> tuple[str, dict[str, str]]:
    if cause == "promoted":
        return ("grade promotion" if count == 1 else "grade promotions"), {"changed": PROMOTED}
    if cause == "regraded":
        return ("other grade change" if count == 1 else "other grade changes"), {"changed": REGRADED}
    records = _records(kind, count)
    if cause == "rewritten":
        return f"{records} stored anew, though no value differs", {"changed": REWRITTEN}
    return f"{records} with another {_lowered(attribute_label(kind, attribute))}", {"changed": attribute}


def _records(kind: RecordType, count: int) -> str:
    return (kind.label if count == 1 else kind.plural).lower()


def _lowered(words: str) -> str:
    """Words as they stand in the middle of a sentence; abbreviations keep their capitals."""
    return " ".join(word if word in _LOWER else word.lower() for word in words.split(" "))

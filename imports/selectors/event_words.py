"""Parts of sentences about one event of a record: where its row stands, what decided it, what its sync waits for."""

from typing import Any

from accounts.models import District
from imports.config_words import rules_words
from imports.models import Sync
from imports.selectors.reasons import Reason
from imports.selectors.timeline import Event
from imports.states import State
from records.attributes import FILE_OF
from roster.selectors.browse import school_names

_ENDED = {
    State.REJECTED: "was rejected",
    State.EXPIRED: "expired before anybody decided",
    State.SUPERSEDED: "was superseded by a newer delivery",
}
_WAITS = {State.HELD: "waits for a decision"}


def place_of(event: Event) -> str:
    """Where its row stands: "users.csv line 4"; of a record without a row, the file it would stand in."""
    return f"{event.row.file} line {event.row.line:,}" if event.row.line else event.row.file or f"{FILE_OF[event.row.record_type]}.csv"


def from_where(event: Event) -> str:
    """The same in brackets, for after a verb; nothing where there is no row."""
    return f" ({place_of(event)})" if event.row.line else ""


def standing_of(sync: Sync) -> str:
    """What keeps a sync from being true: "was rejected", "waits for a decision"."""
    state = State(sync.state)
    return _ENDED.get(state) or _WAITS.get(state) or "is being worked on"


def deciding(event: Event) -> list[Reason]:
    """The reasons that decided the outcome; of a record that was kept or deleted without a code of its own, the first one."""
    reasons = event.row.reasons
    return [reason for reason in reasons if reason.code == reasons[0].code]


def mends_of(event: Event | None) -> list[str]:
    """What can be done about it."""
    return list(dict.fromkeys(reason.fix for reason in deciding(event) if reason.fix)) if event is not None else []


def filter_words(event: Event, district: District) -> str:
    """The filter rules that left its row out, in quotation marks; empty where it was something else."""
    if event.row.code != "filtered-out":
        return ""
    kind = event.row.record_type
    rules: list[dict[str, Any]] = [rule for rule in event.sync.document.get("filters", []) if rule.get("record_type") == kind]
    values = (str(value) for rule in rules for condition in rule["conditions"] for value in condition.get("values") or ())
    return f"“{rules_words(kind, list(rules), school_names(district, values))}”"

"""Sentences of the review: what would happen, and what a rollback leaves alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.selectors.part_words import listed
from records.attributes import SCREEN_ORDER, RecordType

_NAMED = 3  # record types that are named
_CONFLICTS = {
    "changed": "changed again since; they stay as they are now.",
    "merged": "changed again since; only the values that are still as this sync left them are brought back.",
    "gone": "deleted since; there is nothing to bring back.",
    "back": "back in the roster already; they stay as they are now.",
    "taken": "not brought back, because another record holds one of their unique values by now.",
    "stranded": "not brought back, because their class or person is not in the roster any more.",
    "purged": "not brought back, because they were removed for good since.",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """One line of what a rollback leaves alone; `sync` is 0 where it is not known."""

    record_type: RecordType
    count: int
    words: str
    sync: int


def conflict_words(one: Mapping[str, Any]) -> Conflict:
    """A conflict as `SyncDetail.conflicts` keeps it, in words."""
    what = str(one["what"])
    return Conflict(RecordType(one["record_type"]), int(one["count"]), _CONFLICTS.get(what, what), int(one.get("sync") or 0))


def would_words(counts: Mapping[str, Mapping[str, int]]) -> str:
    """What approving would do, in one sentence: the deletions first, for they are what one looks for."""
    parts = []
    for name in ("deleted", "updated", "created"):
        by_type = {kind: int(counts.get(kind.value, {}).get(name, 0)) for kind in SCREEN_ORDER}
        largest = sorted((kind for kind in SCREEN_ORDER if by_type[kind]), key=lambda kind: -by_type[kind])
        if largest:
            named = [_counted(kind, by_type[kind]) for kind in largest[:_NAMED]]
            rest = sum(by_type[kind] for kind in largest[_NAMED:])
            named += [f"{rest:,} other record{'' if rest == 1 else 's'}"] if rest else []
            parts.append(f"{name.removesuffix('d')} {listed(named)}")
    if not parts:
        return "Approving it would change nothing in the live roster."
    return f"Approving it would {'; '.join(parts)}. Nothing is changed yet."


def _counted(kind: RecordType, count: int) -> str:
    return f"{count:,} {(kind.label if count == 1 else kind.plural).lower()}"

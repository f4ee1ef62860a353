"""The answer to a question about a record, in sentences whose parts may lead to a sync or a record."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from accounts.models import District
from accounts.times import zone_of
from imports.models import Sync
from imports.selectors.reasons import Reason
from records.attributes import RecordType

_SMALL = frozenset({"A", "An", "In", "Its", "Line", "No", "People", "Several", "The", "This"})
_SAID = " The row was left out."
Hides = Callable[[str, str], bool]  # file, column: whether its values are hidden from the reader


class Fate(StrEnum):
    """What became of a record, in one word."""

    LIVE = "live"
    DELETED = "deleted"
    PURGED = "purged"
    LEFT_OUT = "left out"
    WAITING = "waiting"
    DROPPED = "not imported"
    UNDONE = "rolled back"
    RENAMED = "renamed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence; one that names a sync or a record leads to it."""

    text: str
    sync: int = 0
    record_type: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a record and why.

    sentences: the first one answers, the others add to it. mends: what can be done about it. restorable_until: of a deleted one.
    deleted_by: the sync that deleted it, where a rollback of it can be asked for.
    """

    fate: Fate
    sentences: list[Sentence]
    mends: list[str] = field(default_factory=list)
    restorable_until: datetime | None = None
    deleted_by: Sync | None = None

    @property
    def text(self) -> str:
        """The whole answer as plain text."""
        return " ".join(sentence.text for sentence in self.sentences)


def sentence(*parts: str | Piece) -> Sentence:
    """A sentence of plain parts and of parts that lead somewhere; empty parts are left out."""
    return Sentence(tuple(Piece(part) if isinstance(part, str) else part for part in parts if part))


def named_sync(sync: Sync | int) -> Piece:
    """The sync as sentences name it: "sync #12"."""
    number = sync if isinstance(sync, int) else sync.pk
    return Piece(f"sync #{number}", sync=number)


def named_record(record_type: RecordType | str, key: str) -> Piece:
    """The record as sentences name it: "class C-9"."""
    return Piece(f"{record_type} {key}", record_type=str(record_type), key=key)


def day_of(district: District, moment: datetime) -> str:
    """The day in the district's zone: "Aug 3, 2026"."""
    local = moment.astimezone(zone_of(district))
    return f"{local:%b} {local.day}, {local.year}"


def told(reason: Reason, hides: Hides) -> str:
    """What a reason says, without the value where the reader may not see it."""
    if hides(reason.file, reason.column):
        return f"{reason.title}: the value of {reason.column} is shown to owners and editors only."
    return reason.message


def inline(message: str) -> str:
    """A sentence as the end of another one: without the capital of a small word, its full stop, and what the other one says already."""
    first, blank, rest = message.removesuffix(_SAID).partition(" ")
    return f"{first.lower() if first in _SMALL else first}{blank}{rest}".rstrip(".")

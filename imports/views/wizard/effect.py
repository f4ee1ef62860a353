"""What a draft would do to the last delivery, beside what the configuration in force does."""

from dataclasses import dataclass

from imports.trial import TrialResult
from imports.views.words import count_words
from records.attributes import SCREEN_ORDER, RecordType


@dataclass(frozen=True, slots=True)
class Line:
    """One record type: rows in the file, rows accepted, rows left out, and how the last two differ from now."""

    record_type: RecordType
    in_file: int
    accepted: int
    left_out: int
    delta: int
    parts: tuple[tuple[str, int, int], ...]  # outcome, rows, more than now

    @property
    def label(self) -> str:
        """The record type in the plural."""
        return self.record_type.plural


@dataclass(frozen=True, slots=True)
class Effect:
    """The record types that have rows, and one sentence on all of them."""

    lines: tuple[Line, ...]
    sentence: str
    assumes_schools: bool
    sync_id: int  # whose delivery was counted


OUTCOMES = ("skipped", "excluded", "duplicate", "invalid", "reported")


def effect_of(drafted: TrialResult, in_force: TrialResult, sync_id: int) -> Effect:
    """Compare the counts of a draft with those of the configuration in force, over the same delivery."""
    lines = tuple(
        _line(kind, drafted, in_force) for kind in SCREEN_ORDER if drafted.count(kind, "in_file") or in_force.count(kind, "in_file")
    )
    return Effect(lines, _sentence(lines), drafted.assumes_schools, sync_id)


def _line(kind: RecordType, drafted: TrialResult, in_force: TrialResult) -> Line:
    accepted, total = drafted.count(kind, "accepted"), drafted.count(kind, "in_file")
    parts = tuple((name, drafted.count(kind, name), drafted.count(kind, name) - in_force.count(kind, name)) for name in OUTCOMES)
    return Line(
        kind,
        total,
        accepted,
        total - accepted,
        accepted - in_force.count(kind, "accepted"),
        tuple(one for one in parts if one[1] or one[2]),
    )


def _sentence(lines: tuple[Line, ...]) -> str:
    """Say "Your changes leave out 12 students and with them 84 enrollments more than now"."""
    moved = [line for line in lines if line.delta]
    if not moved:
        return "The same rows would be accepted as now."
    out = [_words(line) for line in moved if line.delta < 0]
    back = [_words(line) for line in moved if line.delta > 0]
    sentences = []
    if out:
        sentences.append(f"Your changes leave out {_chained(out)} more than now.")
    if back:
        sentences.append(f"Your changes let in {_chained(back)} more than now.")
    return " ".join(sentences)


def _words(line: Line) -> str:
    return count_words(abs(line.delta), line.record_type.label.lower(), line.label.lower())


def _chained(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    rest = words[1:]
    return f"{words[0]} and with them {' and '.join(rest) if len(rest) < 3 else ', '.join(rest[:-1]) + ' and ' + rest[-1]}"

"""What goes along with records that are left out, held row against row, and in words."""

from collections.abc import Mapping

from imports.views.words import count_words
from records.attributes import SCREEN_ORDER, RecordType
from records.frames import Frames, accepted
from records.rules import NUMBERS

Counts = Mapping[RecordType, int]


def fallen_under(frames: Frames, code: str) -> dict[RecordType, int]:
    """How many judged rows of each type a rule has left out."""
    return {kind: int((frame["_reason"].to_numpy() == NUMBERS[code]).sum()) for kind, frame in frames.items()}


def gone_along(without: Frames, with_them: Frames, code: str = "") -> dict[RecordType, int]:
    """How many rows are accepted without some settings and not with them, but for those that the rule of the settings (`code`) leaves out itself.

    Args:
        without, with_them: the same rows, judged without and with the settings.
    """
    gone = {kind: accepted(frame) & ~accepted(with_them[kind]) for kind, frame in without.items()}
    if code:
        gone = {kind: mask & (with_them[kind]["_reason"].to_numpy() != NUMBERS[code]) for kind, mask in gone.items()}
    return {kind: int(mask.sum()) for kind, mask in gone.items() if mask.any()}


def counts_words(counts: Counts) -> str:
    """The counts as a list: "12 students, 3 teachers and 84 enrollments"."""
    words = [count_words(counts[kind], kind.label.lower(), kind.plural.lower()) for kind in SCREEN_ORDER if counts.get(kind)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""

"""What goes along with records that are left out, by the step that follows dependencies, and in words."""

from collections.abc import Mapping

from imports.config import ImportConfig
from imports.steps.dependencies import DependencyParams, follow_dependencies
from imports.trial import Base
from imports.views.words import count_words
from records.attributes import SCREEN_ORDER, RecordType
from records.frames import Frames, accepted

Counts = Mapping[RecordType, int]


def accepted_counts(frames: Frames) -> dict[RecordType, int]:
    """How many records of each type are accepted."""
    return {kind: int(accepted(frame).sum()) for kind, frame in frames.items()}


def followed_counts(frames: Frames, base: Base, config: ImportConfig) -> dict[RecordType, int]:
    """How many are accepted once the records went that depend on others which are not."""
    followed, _ = follow_dependencies(frames, base.links, DependencyParams(config.drop_empty_classes))
    return accepted_counts(followed)


def gone_along(without: Counts, with_them: Counts, left_out: Counts) -> dict[RecordType, int]:
    """How many records more go than those that are left out themselves.

    Args:
        without, with_them: `followed_counts` without and with what leaves records out.
        left_out: how many it leaves out itself.
    """
    also = {kind: without[kind] - with_them[kind] - left_out.get(kind, 0) for kind in without}
    return {kind: count for kind, count in also.items() if count > 0}


def counts_words(counts: Counts) -> str:
    """The counts as a list: "12 students, 3 teachers and 84 enrollments"."""
    words = [count_words(counts[kind], kind.label.lower(), kind.plural.lower()) for kind in SCREEN_ORDER if counts.get(kind)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""

"""The schools of a district: how many of which level, which feeds which, what they are called."""

from dataclasses import dataclass

import numpy as np

from synthetic.catalog import ELEMENTARY, HIGH, LEVEL_GRADES, MIDDLE
from synthetic.ids import stream
from synthetic.names import word_lists
from synthetic.tables import Ints

_STUDENTS_PER_SCHOOL = (430, 650, 1200)
_LEVEL_NAMES = ("Elementary School", "Middle School", "High School")


@dataclass(frozen=True, slots=True)
class Schools:
    """One position is one school: its name, level, identifier, and the school its leavers go to (NONE after high school)."""

    district: str
    state: int  # which of the states of the vocabulary
    names: tuple[str, ...]
    level: Ints
    identifier: Ints
    ranges: tuple[range, range, range]  # positions by level
    feeds: Ints

    def __len__(self) -> int:
        """How many schools there are."""
        return len(self.names)


def build_schools(students: int, seed: int) -> Schools:
    """As many schools of each level as a district of this size has."""
    rng = stream(seed, "schools")
    grades = sum(len(level) for level in LEVEL_GRADES)
    counts = [
        max(least, round(students * len(LEVEL_GRADES[level]) / grades / _STUDENTS_PER_SCHOOL[level]))
        for level, least in ((ELEMENTARY, 2), (MIDDLE, 1), (HIGH, 1))
    ]
    starts = np.cumsum([0, *counts])
    ranges = tuple(range(int(a), int(b)) for a, b in zip(starts[:-1], starts[1:], strict=True))
    level = np.repeat(np.arange(3), counts)
    feeds = np.full(len(level), -1)
    for lower, upper in ((ELEMENTARY, MIDDLE), (MIDDLE, HIGH)):
        feeds[ranges[lower].start : ranges[lower].stop] = ranges[upper].start + np.arange(counts[lower]) * counts[upper] // counts[lower]
    words = word_lists("schools.txt")
    names = tuple(f"{name} {_LEVEL_NAMES[kind]}" for kind in range(3) for name in _place_names(words, counts[kind], rng))
    identifier = rng.permutation(9_000)[: len(level)] + 1 if len(level) <= 9_000 else np.arange(len(level)) + 1
    district = f"{rng.choice(words['districts'])} Unified School District"
    return Schools(district, int(rng.integers(1_000)), names, level, identifier, (ranges[0], ranges[1], ranges[2]), feeds)


def _place_names(words: dict[str, list[str]], count: int, rng: np.random.Generator) -> list[str]:
    """Different names; beyond some 1,200 they come round again with a number."""
    places = [f"{first} {second}" for first in words["first"] for second in words["second"]]
    people = words["honored"]
    names = [people[i] for i in rng.permutation(len(people))[: count // 7]] + [places[i] for i in rng.permutation(len(places))]
    return [names[i % len(names)] + (f" No. {i // len(names) + 1}" if i >= len(names) else "") for i in range(count)]

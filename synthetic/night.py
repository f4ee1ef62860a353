"""What one night's changes have in common: its budgets, its date, and which rows have had their change already."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthetic.district import District
from synthetic.tables import Enrollments, Flags, Ints, extend, filled

_UPDATED, _REMOVED, _ADDED = 0.70, 0.15, 0.15


@dataclass(frozen=True, slots=True)
class Budget:
    """How many rows of one file may change in which way."""

    updated: int
    removed: int
    added: int


def budget(rows: int, share: float) -> Budget:
    """The share of the rows, split into updated, removed and added."""
    return Budget(*(round(part * share * rows) for part in (_UPDATED, _REMOVED, _ADDED)))


@dataclass(slots=True)
class Night:
    """The state of one step. Only rows that were there before it are `free` to change, and each only once."""

    d: District
    rng: np.random.Generator
    today: int  # days since 1970
    people: Flags
    classes: Flags
    enrollments: Flags
    by_person: Ints  # student enrollments ordered by person
    starts: Ints
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, d: District, rng: np.random.Generator, today: int) -> "Night":
        """Everything that lives is free."""
        rows = np.flatnonzero(d.enrollments.alive & ~d.enrollments.is_teacher)
        person = d.enrollments.person[rows]
        order = rows[np.argsort(person, kind="stable")]
        starts = np.searchsorted(d.enrollments.person[order], np.arange(len(d.people.role) + 1))
        return cls(d, rng, today, d.people.alive.copy(), d.classes.alive.copy(), d.enrollments.alive.copy(), order, starts)

    def count(self, kind: str, number: int) -> None:
        """Note how many changes of this kind were made."""
        self.counts[kind] = self.counts.get(kind, 0) + number

    def pick(self, candidates: Ints, wanted: int) -> Ints:
        """So many of the candidates, or all of them, in random order."""
        return self.rng.permutation(candidates)[: max(0, wanted)]

    def rounded(self, wanted: float) -> int:
        """A whole number that is right on average over many nights."""
        return int(wanted + self.rng.random())

    def timetable(self, person: int) -> Ints:
        """The live enrollments a student had when the night began."""
        rows = self.by_person[self.starts[person] : self.starts[person + 1]]
        return rows[self.d.enrollments.alive[rows]]

    def unenroll(self, rows: Ints) -> None:
        """Remove enrollments."""
        self.d.enrollments.alive[rows] = False
        self.enrollments[rows] = False

    def enroll(self, person: Any, classes: Any) -> None:
        """Add enrollments of students from today on."""
        extend(self.d.enrollments, filled(Enrollments, len(classes), classes=classes, person=person, begin=self.today))

    @staticmethod
    def changed(free: Flags, alive: Flags) -> int:
        """How many rows that were there before and still are have been changed tonight."""
        return int((alive[: len(free)] & ~free).sum())

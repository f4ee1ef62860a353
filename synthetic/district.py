"""The whole district in memory, as the files of one day show it."""

from dataclasses import dataclass

import numpy as np

from synthetic.catalog import Catalog, load_catalog
from synthetic.classes import build_classes
from synthetic.names import Names, load_names
from synthetic.people import FIRST_MAIL_NUMBER, build_people
from synthetic.schools import Schools, build_schools
from synthetic.tables import Classes, Enrollments, People


@dataclass(slots=True)
class District:
    """What a day's files are written from. Serial numbers stay, so a record keeps its sourcedId from day to day."""

    seed: int
    day: int
    schools: Schools
    catalog: Catalog
    names: Names
    people: People
    classes: Classes
    enrollments: Enrollments
    next_mail_number: int

    def mail_numbers(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Numbers no e-mail address of this district has had yet."""
        self.next_mail_number += count
        return np.arange(self.next_mail_number - count, self.next_mail_number)


def build_district(students: int, seed: int) -> District:
    """The district on day 0.

    Raises:
        ValueError: fewer than one student.
    """
    if students < 1:
        raise ValueError(f"A district needs at least one student, not {students}.")
    schools, catalog, names = build_schools(students, seed), load_catalog(), load_names()
    people = build_people(schools, names, students, seed)
    classes, enrollments = build_classes(schools, catalog, people, seed)
    return District(seed, 0, schools, catalog, names, people, classes, enrollments, len(people.role) + FIRST_MAIL_NUMBER)

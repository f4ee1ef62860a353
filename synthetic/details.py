"""Changed names, e-mail addresses, telephone numbers and birthplaces of people who stay where they are."""

from collections.abc import Callable

import numpy as np

from synthetic.names import Names
from synthetic.night import Budget, Night
from synthetic.tables import NONE, STUDENT, Ints

_NAMES, _MAILS = 0.3, 0.35  # of the updates left over; the rest are telephone numbers
_BIRTHPLACES = 0.1


def change_details(night: Night, users: Budget, share: float) -> None:
    """New names, addresses and numbers until the budget is used up, at least one name and one address."""
    left = max(2, users.updated - night.changed(night.people, night.d.people.alive))
    chosen = night.pick(np.flatnonzero(night.people), left)
    night.people[chosen] = False
    renamed, mailed, phoned = np.split(chosen, [max(1, round(_NAMES * left)), max(2, round((_NAMES + _MAILS) * left))])
    _rename(night, renamed)
    _new_mail(night, mailed)
    people = night.d.people
    people.phone[phoned] = (people.phone[phoned] + night.rng.integers(1, 40_000, len(phoned))) % 40_000
    night.count("name_changes", len(renamed))
    night.count("email_changes", len(mailed))
    night.count("phone_changes", len(phoned))
    _correct_birthplaces(night, share)


def _rename(night: Night, rows: Ints) -> None:
    """Grown-ups marry, students' names are corrected; some of either take or drop a second last name. A third get a new address too."""
    people, names, rng = night.d.people, night.d.names, night.rng
    doubled = rng.random(len(rows)) < 0.25
    is_student = people.role[rows] == STUDENT
    _change_second_name(rng, names, night, rows[doubled])
    married = rows[~doubled & ~is_student]
    people.family[married] = _other(people.family[married], lambda: names.family_names(rng, rng.permutation(people.origin)[: len(married)]))
    people.family2[married] = NONE
    corrected = rows[~doubled & is_student]
    people.given[corrected] = _other(
        people.given[corrected], lambda: names.given_names(rng, people.origin[corrected], people.sex[corrected])
    )
    _new_mail(night, rows[rng.random(len(rows)) < 0.33])


def _change_second_name(rng: np.random.Generator, names: Names, night: Night, rows: Ints) -> None:
    people = night.d.people
    added = _other(people.family[rows], lambda: names.family_names(rng, rng.permutation(people.origin)[: len(rows)]))
    has_one = people.family2[rows] != NONE
    people.family2[rows] = np.where(has_one, NONE, added)
    people.is_hyphenated[rows] = ~has_one


def _other(old: Ints, draw: Callable[[], Ints]) -> Ints:
    """Drawn words, drawn again where they are what was there before."""
    new = draw()
    while (new == old).any():
        new = np.where(new == old, draw(), new)
    return new


def _new_mail(night: Night, rows: Ints) -> None:
    """An address from the name of today with a number never used before."""
    people = night.d.people
    people.mail_given[rows], people.mail_family[rows] = people.given[rows], people.family[rows]
    people.mail_number[rows] = night.d.mail_numbers(len(rows))


def _correct_birthplaces(night: Night, share: float) -> None:
    """Only demographics.csv shows these."""
    people, old = night.d.people, len(night.people)
    students = np.flatnonzero(people.alive[:old] & (people.role[:old] == STUDENT))
    chosen = night.pick(students, night.rounded(_BIRTHPLACES * share * len(students)))
    people.place[chosen] = (people.place[chosen] + 1) % max(r.stop for r in night.d.names.states.values())
    night.count("birthplaces_corrected", len(chosen))

"""Who comes, goes and changes school in a night, and what that does to timetables and contacts."""

import numpy as np

from synthetic.night import Budget, Night
from synthetic.people import add_contacts, new_adults, new_families, new_students
from synthetic.tables import GUARDIAN, NONE, PARENT, STUDENT, TEACHER, Ints, extend

_WITHDRAWN, _TRANSFERRED = 0.60, 0.25  # of the enrollments that may be removed; the rest are dropped courses


def move_people(night: Night, users: Budget, enrollments: Budget) -> None:
    """Withdrawals, transfers, new entrants, teachers replaced, and contacts until the budget of users is used up."""
    per_student = max(1.0, len(night.by_person) / max(1, int((night.d.people.alive & (night.d.people.role == STUDENT)).sum())))
    leaving = max(1, min(round(_WITHDRAWN * enrollments.removed / per_student), round(0.6 * users.removed)))
    before = int(night.d.people.alive.sum())
    withdrawn = _withdraw(night, leaving)
    removed = before - int(night.d.people.alive.sum())
    added = _enter(night, withdrawn)
    _transfer(night, max(1, round(_TRANSFERRED * enrollments.removed / per_student)))
    replaced = _replace_teachers(night, night.rounded(0.05 * users.removed))
    _remove_contacts(night, users.removed - removed - replaced)
    _add_single_contacts(night, users.added - added - replaced)


def _free_students(night: Night) -> Ints:
    return np.flatnonzero(night.people & (night.d.people.role[: len(night.people)] == STUDENT))


def _withdraw(night: Night, wanted: int) -> int:
    """Students leave the district, and with the last child of a family its contacts. One student always stays; returns how many left."""
    students = _free_students(night)
    leaving = night.pick(students, min(wanted, len(students) - 1))
    people = night.d.people
    people.alive[leaving] = night.people[leaving] = False
    for student in leaving:
        night.unenroll(night.timetable(int(student)))
    here = people.alive & (people.role == STUDENT)
    needed = np.zeros(len(people.role), dtype=bool)
    for agents in (people.agent1[here], people.agent2[here]):
        needed[agents[agents != NONE]] = True
    orphaned = np.flatnonzero(people.alive & (people.role >= GUARDIAN) & ~needed)
    people.alive[orphaned] = night.people[orphaned] = False
    night.count("withdrawals", len(leaving))
    return len(leaving)


def _transfer(night: Night, wanted: int) -> None:
    """Students move to another school with their grade, into the timetable of a classmate there; their contacts follow."""
    people, done = night.d.people, 0
    students = _free_students(night)
    by_grade = {grade: students[people.grade[students] == grade] for grade in np.unique(people.grade[students])}
    for student in night.pick(students, wanted * 4):
        if done == wanted:
            break
        same_grade = by_grade[people.grade[student]]
        mates = same_grade[night.rng.integers(0, len(same_grade), 12)]
        mates = mates[(people.school[mates] != people.school[student]) & night.people[mates]]
        if not len(mates):
            continue
        night.unenroll(night.timetable(int(student)))
        people.school[student] = people.school[mates[0]]
        night.people[student] = False
        for agent in (people.agent1[student], people.agent2[student]):
            if agent != NONE and people.school[agent] != people.school[student]:
                people.school[agent] = people.school[student]
                night.people[agent] = False
        night.enroll(student, night.d.enrollments.classes[night.timetable(int(mates[0]))])
        done += 1
    night.count("transfers", done)


def _enter(night: Night, wanted: int) -> int:
    """New students, each with the timetable of a classmate; half of them bring contacts. Returns how many people came."""
    d, rng = night.d, night.rng
    mates = night.pick(_free_students(night), wanted)
    families = new_families(rng, d.schools, d.names, len(mates))
    each = np.arange(len(mates))
    rows = new_students(rng, d.schools, d.names, families, each, d.people.grade[mates])
    rows.school = d.people.school[mates]
    rows.mail_number = d.mail_numbers(len(mates))
    entered = extend(d.people, rows)
    with_contacts = np.flatnonzero(rng.random(len(mates)) < 0.5)
    contacts = add_contacts(rng, d.names, d.people, families, with_contacts, each, entered)
    d.people.mail_number[contacts] = d.mail_numbers(len(contacts))
    tables = [night.timetable(int(mate)) for mate in mates]
    if tables:
        night.enroll(np.repeat(entered, [len(t) for t in tables]), d.enrollments.classes[np.concatenate(tables)])
    night.count("entrants", len(entered))
    return len(entered) + len(contacts)


def _replace_teachers(night: Night, wanted: int) -> int:
    """A teacher leaves; a new one takes over all of the classes."""
    people, e = night.d.people, night.d.enrollments
    leaving = night.pick(np.flatnonzero(night.people & (people.role[: len(night.people)] == TEACHER)), wanted)
    rows = new_adults(night.rng, night.d.names, np.full(len(leaving), TEACHER), people.school[leaving])
    rows.school2 = people.school2[leaving]
    rows.mail_number = night.d.mail_numbers(len(leaving))
    successor = np.arange(len(people.role))
    people.alive[leaving] = night.people[leaving] = False
    successor[leaving] = extend(people, rows)
    taught = np.flatnonzero(e.alive & np.isin(e.person, leaving))
    e.person[taught] = successor[e.person[taught]]
    night.enrollments[taught] = False
    night.count("teachers_replaced", len(leaving))
    return len(leaving)


def _remove_contacts(night: Night, wanted: int) -> None:
    """Contacts are taken off their children's records and the roster."""
    people = night.d.people
    gone = night.pick(np.flatnonzero(night.people & (people.role[: len(night.people)] >= GUARDIAN)), wanted)
    people.alive[gone] = night.people[gone] = False
    for agent in (people.agent1, people.agent2):
        affected = np.flatnonzero(np.isin(agent, gone))
        agent[affected] = NONE
        night.people[affected[affected < len(night.people)]] = False
    night.count("contacts_removed", len(gone))


def _add_single_contacts(night: Night, wanted: int) -> None:
    """Students who had nobody get a parent."""
    people = night.d.people
    old = len(night.people)
    lonely = np.flatnonzero(night.people & (people.role[:old] == STUDENT) & (people.agent1[:old] == NONE) & (people.agent2[:old] == NONE))
    children = night.pick(lonely, wanted)
    rows = new_adults(night.rng, night.d.names, np.full(len(children), PARENT), people.school[children], people.origin[children])
    rows.family, rows.family2 = people.family[children], np.full(len(children), NONE)
    rows.phone, rows.mail_family = people.phone[children], people.family[children]
    rows.mail_number = night.d.mail_numbers(len(children))
    people.agent1[children] = extend(people, rows)
    night.people[children] = False
    night.count("contacts_added", len(children))

"""Sections replaced and rescheduled, students who switch section or course, start dates put right."""

import numpy as np

from synthetic.catalog import ELEMENTARY
from synthetic.night import Budget, Night
from synthetic.tables import NONE, STUDENT, Classes, Flags, Ints, extend, filled
from synthetic.years import meeting_days

_PERIODS = 8
_TRIES = 3


def replace_sections(night: Night, classes: Budget) -> None:
    """A section closes; its people go on in a new one of the same course."""
    d = night.d
    c, e = d.classes, d.enrollments
    closed = night.pick(np.flatnonzero(night.classes), classes.removed)
    if not len(closed):
        return
    # A section number is used once: new ones follow the highest that the course has had at this school.
    rows = filled(Classes, len(closed), **{name: getattr(c, name)[closed] for name in ("course", "school", "meets", "grade", "room")})
    rows.section = _free_sections(c, closed)
    rows.period = c.period[closed] % _PERIODS + 1
    opened = np.full(len(c.course), NONE)
    c.alive[closed] = night.classes[closed] = False
    opened[closed] = extend(c, rows)
    moved = np.flatnonzero(e.alive & (opened[e.classes] != NONE))
    e.classes[moved] = opened[e.classes[moved]]
    night.enrollments[moved] = False
    night.count("sections_replaced", len(closed))


def _course_at_school(c: Classes, rows: Ints) -> Ints:
    return c.school[rows].astype(np.int64) * 10_000 + c.course[rows]


def _free_sections(c: Classes, closed: Ints) -> Ints:
    everywhere = _course_at_school(c, np.arange(len(c.course)))
    keys, where = np.unique(everywhere, return_inverse=True)
    highest = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(highest, where, c.section)
    mine = where[closed]
    order = np.argsort(mine, kind="stable")
    sizes = np.unique(mine[order], return_counts=True)[1]
    rank = np.empty(len(closed), dtype=np.int64)
    rank[order] = np.arange(len(closed)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return highest[mine] + 1 + rank


def reschedule(night: Night, classes: Budget) -> None:
    """Sections get another period, and some another room; at least one."""
    c = night.d.classes
    chosen = night.pick(np.flatnonzero(night.classes), max(1, classes.updated))
    c.period[chosen] = (c.period[chosen] + night.rng.integers(1, _PERIODS, len(chosen)) - 1) % _PERIODS + 1
    moved = chosen[night.rng.random(len(chosen)) < 0.4]
    c.room[moved] = night.rng.integers(1, 5, len(moved)) * 100 + night.rng.integers(1, 30, len(moved))
    night.classes[chosen] = False
    night.count("sections_rescheduled", len(chosen))


def change_courses(night: Night, removed: int, added: int) -> None:
    """Older students drop so many courses, and students take up so many they see in a classmate's timetable."""
    d = night.d
    e = d.enrollments
    old = len(night.enrollments)
    may_drop = night.enrollments & ~e.is_teacher[:old] & _is_choice(night)[e.classes[:old]]
    dropped = night.pick(np.flatnonzero(may_drop), removed)
    night.unenroll(dropped)
    night.count("courses_dropped", len(dropped))
    pairs = _new_courses(night, added)
    night.enroll([p for p, _ in pairs], [c for _, c in pairs])
    night.count("courses_added", len(pairs))


def _is_choice(night: Night) -> Flags:
    """Per class: not a homeroom, not elementary."""
    d = night.d
    is_homeroom = np.array([course.is_homeroom for course in d.catalog.courses])
    return np.asarray(~is_homeroom[d.classes.course] & (d.schools.level[d.classes.school] != ELEMENTARY))


def _new_courses(night: Night, wanted: int) -> list[tuple[int, int]]:
    """Pairs of student and class: a course the student does not take, from the timetable of someone in the same grade and school."""
    d, rng = night.d, night.rng
    people, course = d.people, d.classes.course
    old = len(night.people)
    students = np.flatnonzero(people.alive[:old] & (people.role[:old] == STUDENT))
    key = people.school[students] * 100 + people.grade[students]
    students, key = students[np.argsort(key, kind="stable")], np.sort(key)
    pairs: list[tuple[int, int]] = []
    seen: set[int] = set()
    for place in rng.integers(0, len(students), max(0, wanted) * _TRIES):
        if len(pairs) == wanted:
            break
        student = int(students[place])
        mates = students[np.searchsorted(key, key[place]) : np.searchsorted(key, key[place], side="right")]
        offered = d.enrollments.classes[night.timetable(int(rng.choice(mates)))]
        own = course[d.enrollments.classes[night.timetable(student)]]
        offered = offered[~np.isin(course[offered], own)]
        if len(offered) and student not in seen and night.people[student]:
            seen.add(student)
            pairs.append((student, int(offered[0])))
    return pairs


def adjust_enrollments(night: Night, enrollments: Budget) -> None:
    """Until the budget is used up: half switch to another section of their course, half have their first day corrected."""
    left = max(2, enrollments.updated - night.changed(night.enrollments, night.d.enrollments.alive))
    switched = _switch_sections(night, left // 2)
    e, old = night.d.enrollments, len(night.enrollments)
    first, end = (days.astype(np.int64)[night.d.classes.meets[e.classes[:old]]] for days in meeting_days())
    would_show = (first < night.today) & (night.today < end) & (e.begin[:old] != night.today)
    chosen = night.pick(np.flatnonzero(night.enrollments & would_show), left - switched)
    e.begin[chosen] = night.today
    night.enrollments[chosen] = False
    night.count("start_dates_corrected", len(chosen))


def _switch_sections(night: Night, wanted: int) -> int:
    """To the next section of the same course, school and terms (and grade, where sections have one)."""
    d = night.d
    c, e, old = d.classes, d.enrollments, len(night.enrollments)
    following = _next_section(c)
    may_switch = night.enrollments & ~e.is_teacher[:old] & _is_choice(night)[e.classes[:old]]
    candidates = np.flatnonzero(may_switch & (following[e.classes[:old]] != e.classes[:old]))
    chosen = night.pick(candidates, wanted)
    target = following[e.classes[chosen]]
    taken = e.alive & np.isin(e.person, e.person[chosen])
    size = len(c.course)
    is_new = ~np.isin(e.person[chosen].astype(np.int64) * size + target, e.person[taken].astype(np.int64) * size + e.classes[taken])
    chosen, target = chosen[is_new], target[is_new]
    e.classes[chosen] = target
    night.enrollments[chosen] = False
    night.count("section_switches", len(chosen))
    return len(chosen)


def _next_section(c: Classes) -> Ints:
    """Per class: the next live one of its kind in the ring, itself where it is the only one."""
    rows = np.flatnonzero(c.alive)
    order = rows[np.lexsort((c.section[rows], c.grade[rows], c.meets[rows], _course_at_school(c, rows)))]
    key = np.stack([_course_at_school(c, order), c.meets[order], c.grade[order]])
    starts = np.flatnonzero(np.r_[True, (key[:, 1:] != key[:, :-1]).any(axis=0)])
    following = np.arange(len(c.course))
    following[order[:-1]] = order[1:]
    lasts = np.r_[starts[1:], len(order)] - 1
    following[order[lasts]] = order[starts]
    return following

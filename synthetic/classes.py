"""The classes of a new district and who is in them: every student's timetable cut into sections of 18 to 30."""

from dataclasses import dataclass

import numpy as np

from synthetic.catalog import ELEMENTARY, LEVEL_GRADES, Catalog, Slot
from synthetic.ids import stream
from synthetic.schools import Schools
from synthetic.tables import NONE, TEACHER, Classes, Enrollments, Ints, People, filled
from synthetic.years import WHOLE_YEAR_BY_TRIMESTER

_SECTION_AIM, _SECTION_MOST = 24, 30
_SECTIONS = 10_000  # room for section numbers in a key
_MEETINGS = 4
_CO_TAUGHT = 0.08
_PERIODS = 8


@dataclass(frozen=True, slots=True)
class Requests:
    """One row is one student wanting one course; rows of one `group` are cut into sections, or `section` is already known."""

    student: Ints
    group: Ints
    section: Ints


def build_classes(schools: Schools, catalog: Catalog, people: People, seed: int) -> tuple[Classes, Enrollments]:
    """All classes with their teachers, and the enrollments of students and teachers."""
    rng = stream(seed, "classes")
    students = np.flatnonzero(people.grade != NONE)
    requests = [_elementary(rng, catalog, people, students)]
    for grade in range(LEVEL_GRADES[ELEMENTARY].stop, len(catalog.slots)):
        requests += _secondary(rng, catalog, people, students, grade, len(schools))
    taken = Requests(*(np.concatenate([getattr(r, name) for r in requests]) for name in ("student", "group", "section")))
    section = np.where(taken.section == NONE, _sections(rng, taken.group), taken.section)
    keys, class_of = np.unique(taken.group * _SECTIONS + section, return_inverse=True)
    classes = _classes(catalog, keys)
    teacher = _teachers(catalog, schools, people, classes)
    _rooms_and_periods(classes, teacher)
    return classes, _enrollments(rng, people, classes, taken.student, class_of, teacher)


def _group(catalog: Catalog, school: Ints, course: Ints, meets: int) -> Ints:
    return (school.astype(np.int64) * len(catalog.courses) + course) * _MEETINGS + meets


def _elementary(rng: np.random.Generator, catalog: Catalog, people: People, students: Ints) -> Requests:
    """A homeroom group stays together all day; its special is art, music or physical education in turn."""
    young = students[people.grade[students] < LEVEL_GRADES[ELEMENTARY].stop]
    school, grade = people.school[young], people.grade[young]
    group_number = _sections(rng, school * len(catalog.slots) + grade)
    courses = np.array([[slot.courses[0] for slot in catalog.slots[g]] for g in LEVEL_GRADES[ELEMENTARY]])
    specials = np.array(catalog.slots[0][-1].courses)
    rows = [courses[grade, slot] for slot in range(courses.shape[1] - 1)]
    rows.append(specials[(group_number + grade) % len(specials)])
    return Requests(
        student=np.tile(young, len(rows)),
        group=np.concatenate([_group(catalog, school, course, WHOLE_YEAR_BY_TRIMESTER) for course in rows]),
        section=np.tile(grade * 100 + group_number, len(rows)),
    )


def _secondary(rng: np.random.Generator, catalog: Catalog, people: People, students: Ints, grade: int, schools: int) -> list[Requests]:
    """Each slot of the grade: a choice among the courses the school is large enough to offer."""
    here = students[people.grade[students] == grade]
    school = people.school[here]
    of_grade = np.bincount(school, minlength=schools)
    of_school = np.bincount(people.school[students], minlength=schools)
    unknown = np.full(len(here), NONE)
    requests = []
    for slot in catalog.slots[grade]:
        course = _chosen(rng, slot, of_school if slot.whole_school else of_grade, school)
        requests.append(Requests(here, _group(catalog, school, course, slot.meets), unknown))
    return requests


def _chosen(rng: np.random.Generator, slot: Slot, students_at: Ints, school: Ints) -> Ints:
    offered = np.clip(students_at // slot.seats, 1, len(slot.courses))[school]
    picked: Ints = np.array(slot.courses)[(rng.random(len(school)) ** 1.3 * offered).astype(int)]
    return picked


def _sections(rng: np.random.Generator, group: Ints) -> Ints:
    """A section number, from 1, for each member of each group; members are shuffled and spread evenly."""
    order = np.lexsort((rng.random(len(group), dtype=np.float32), group))
    sizes = np.unique(group[order], return_counts=True)[1]
    sections = np.maximum(-(-sizes // _SECTION_MOST), np.rint(sizes / _SECTION_AIM).astype(int))
    rank = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    numbers = np.empty(len(group), dtype=np.int64)
    numbers[order] = rank % np.repeat(sections, sizes) + 1
    return numbers


def _classes(catalog: Catalog, keys: Ints) -> Classes:
    group, section = np.divmod(keys, _SECTIONS)
    rest, meets = np.divmod(group, _MEETINGS)
    school, course = np.divmod(rest, len(catalog.courses))
    grade = np.where(meets == WHOLE_YEAR_BY_TRIMESTER, section // 100, NONE)
    return filled(Classes, len(keys), course=course, school=school, meets=meets, section=section, grade=grade)


def _teachers(catalog: Catalog, schools: Schools, people: People, classes: Classes) -> Ints:
    """The main teacher of each class, from its school, by department; elementary homerooms keep theirs for all but the special."""
    staff = np.flatnonzero(people.role == TEACHER)  # ordered by school
    count = np.bincount(people.school[staff], minlength=len(schools))
    first = staff[0] + np.cumsum(count) - count
    subjects = np.unique([c.subject for c in catalog.courses], return_inverse=True)[1]
    is_homeroom = np.array([c.is_homeroom for c in catalog.courses])[classes.course]
    is_elementary = schools.level[classes.school] == ELEMENTARY
    by_department = np.lexsort((classes.section, classes.course, subjects[classes.course], classes.school))
    place = np.empty(len(by_department), dtype=np.int64)
    for wanted in (is_homeroom, ~is_homeroom):
        rows = by_department[wanted[by_department]]
        classes_at = np.bincount(classes.school[rows], minlength=len(schools))
        rank = np.arange(len(rows)) - (np.cumsum(classes_at) - classes_at)[classes.school[rows]]
        place[rows] = rank * count[classes.school[rows]] // classes_at[classes.school[rows]]
    place = np.where(is_elementary, _elementary_place(catalog, classes, count), place)
    main: Ints = first[classes.school] + place
    return main


def _elementary_place(catalog: Catalog, classes: Classes, teachers_at: Ints) -> Ints:
    """Homeroom groups take the first teachers of the school in order; the specials take those left over."""
    group = classes.school.astype(np.int64) * _SECTIONS + classes.section
    groups = np.unique(group)
    groups_at = np.bincount(groups // _SECTIONS, minlength=len(teachers_at))
    rank = np.searchsorted(groups, group) - (np.cumsum(groups_at) - groups_at)[classes.school]
    teachers, busy = teachers_at[classes.school], groups_at[classes.school]
    special = np.isin(classes.course, catalog.slots[0][-1].courses) & (teachers > busy)
    return np.where(special, busy + rank % np.maximum(1, teachers - busy), rank % teachers)


def _rooms_and_periods(classes: Classes, teacher: Ints) -> None:
    """A teacher keeps one room and teaches one period after the other."""
    order = np.argsort(teacher, kind="stable")
    per_teacher = np.unique(teacher[order], return_counts=True)[1]
    rank = np.arange(len(order)) - np.repeat(np.cumsum(per_teacher) - per_teacher, per_teacher)
    classes.period[order] = rank % _PERIODS + 1
    classes.room = (teacher % 97 // 30 + 1) * 100 + teacher % 97 % 30 + 1


def _enrollments(rng: np.random.Generator, people: People, classes: Classes, student: Ints, class_of: Ints, teacher: Ints) -> Enrollments:
    """Students, main teachers, and second teachers of co-taught classes; a teacher of two schools helps at the second one."""
    everyone = np.arange(len(teacher))
    shared = np.flatnonzero(rng.random(len(teacher)) < _CO_TAUGHT)
    colleague = teacher[shared] + 1  # never beyond the end: administrators come after the teachers
    colleague = np.where(people.school[colleague] == classes.school[shared], colleague, teacher[shared] - 1)
    is_possible = (people.school[colleague] == classes.school[shared]) & (people.role[colleague] == TEACHER)
    shared, colleague = shared[is_possible], colleague[is_possible]
    visitor, visited = _visitors(rng, people, classes)
    pairs = np.unique(np.stack([np.r_[shared, visited], np.r_[colleague, visitor]]), axis=1)
    class_col = np.concatenate([class_of, everyone, pairs[0]])
    person_col = np.concatenate([student, teacher, pairs[1]])
    is_teacher = np.arange(len(class_col)) >= len(student)
    is_primary = is_teacher & (np.arange(len(class_col)) < len(student) + len(teacher))
    return filled(Enrollments, len(class_col), classes=class_col, person=person_col, is_teacher=is_teacher, is_primary=is_primary)


def _visitors(rng: np.random.Generator, people: People, classes: Classes) -> tuple[Ints, Ints]:
    """Up to two classes at the second school for each teacher who has one."""
    visitors = np.repeat(np.flatnonzero(people.school2 != NONE), 2)
    counts = np.bincount(classes.school, minlength=int(max(classes.school.max(), people.school.max())) + 1)
    school = people.school2[visitors]
    visitors, school = visitors[counts[school] > 0], school[counts[school] > 0]
    by_school = np.argsort(classes.school, kind="stable")
    start = np.cumsum(counts) - counts
    return visitors, by_school[start[school] + (rng.random(len(school)) * counts[school]).astype(int)]

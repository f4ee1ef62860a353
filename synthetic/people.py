"""The people of a new district: families with their children, staff, and the contacts of about half of the families."""

from dataclasses import dataclass

import numpy as np

from synthetic.catalog import LEVEL_GRADES
from synthetic.ids import stream
from synthetic.names import FEMALE, MALE, RACES, Names
from synthetic.schools import Schools
from synthetic.tables import ADMIN, GUARDIAN, NONE, PARENT, RELATIVE, STUDENT, TEACHER, Ints, People, extend, filled
from synthetic.years import age_cutoff

DISTRICT_OFFICE = NONE  # people without a school belong to the district's own organization
FIRST_MAIL_NUMBER = 10_000
_CHILDREN = (0.60, 0.28, 0.09, 0.03)  # families with one, two, three, four children at school
_GAPS = (0.03, 0.22, 0.34, 0.22, 0.12, 0.07)  # years between siblings; none for twins
_GRADES = sum(len(level) for level in LEVEL_GRADES)
_STUDENTS_PER_TEACHER = 16
_WHITE = RACES.index("white")


@dataclass(frozen=True, slots=True)
class Families:
    """One position is one family: what its members share."""

    origin: Ints
    family: Ints
    family2: Ints
    is_hyphenated: Ints
    zone: Ints  # its elementary school
    phone: Ints
    race: Ints
    race2: Ints
    is_hispanic: Ints


def build_people(schools: Schools, names: Names, students: int, seed: int) -> People:
    """Students first, then teachers, administrators and contacts."""
    rng = stream(seed, "people")
    sizes = rng.choice(len(_CHILDREN), students, p=_CHILDREN) + 1
    family_of = np.repeat(np.arange(students), sizes)[:students]
    families = new_families(rng, schools, names, int(family_of[-1]) + 1)
    people = new_students(rng, schools, names, families, family_of)
    extend(people, _staff(rng, schools, names, people))
    _name_staff_mail(names, people)
    chosen = np.flatnonzero(rng.random(len(families.origin)) < 0.5)
    add_contacts(rng, names, people, families, chosen, family_of, np.arange(students))
    return people


def new_families(rng: np.random.Generator, schools: Schools, names: Names, count: int) -> Families:
    """Families with their names, part of town and descent."""
    share = np.array([o.share for o in names.origins], dtype=float)
    origin = rng.choice(len(share), count, p=share / share.sum())
    family = names.family_names(rng, origin)
    hispanic = _of_origin(names, "hispanic_pct", origin)
    has_two_names = rng.random(count) < np.where(hispanic > 50, 0.55, 0.03)
    family2 = np.where(has_two_names, names.family_names(rng, origin), NONE)
    family2[family2 == family] = NONE
    race = np.array([o.race for o in names.origins])[origin]
    other = np.where(race == _WHITE, rng.integers(0, _WHITE, count), _WHITE)
    weights = rng.gamma(9.0, size=len(schools.ranges[0]))
    return Families(
        origin=origin,
        family=family,
        family2=family2,
        is_hyphenated=(family2 != NONE) & (rng.random(count) < np.where(hispanic > 50, 0.15, 0.9)),
        zone=rng.choice(len(weights), count, p=weights / weights.sum()),
        phone=rng.integers(0, 40_000, count),
        race=race,
        race2=np.where(rng.random(count) * 100 < _of_origin(names, "two_pct", origin), other, NONE),
        is_hispanic=rng.random(count) * 100 < hispanic,
    )


def _of_origin(names: Names, setting: str, origin: Ints) -> Ints:
    return np.array([getattr(o, setting) for o in names.origins], dtype=float)[origin]


def new_students(
    rng: np.random.Generator, schools: Schools, names: Names, families: Families, family_of: Ints, grade: Ints | None = None
) -> People:
    """The children: `family_of` names the family of each, siblings next to each other. Their grades are drawn unless given."""
    count = len(family_of)
    is_sibling = np.r_[False, family_of[1:] == family_of[:-1]]
    gap = np.where(is_sibling, rng.choice(len(_GAPS), count, p=_GAPS), 0)
    if grade is None:
        eldest = rng.integers(0, _GRADES, int(family_of.max()) + 1)
        gaps_before = np.cumsum(gap) - np.cumsum(gap)[np.flatnonzero(~is_sibling)][np.cumsum(~is_sibling) - 1]
        grade = (eldest[family_of] - gaps_before) % _GRADES
    first_in_age = np.maximum.accumulate(np.where(is_sibling & (gap == 0), 0, np.arange(count)))  # twins point at their twin
    sex = rng.integers(0, 2, count)
    origin = families.origin[family_of]
    given = _children_names(rng, names, origin, sex)
    middle = _middle_names(rng, names, origin, sex)
    return filled(
        People,
        count,
        role=STUDENT,
        origin=origin,
        sex=sex,
        given=given,
        middle=middle,
        family=families.family[family_of],
        family2=families.family2[family_of],
        is_hyphenated=families.is_hyphenated[family_of],
        school=_school_of(schools, families.zone[family_of], grade),
        grade=grade,
        birth=_birth_days(rng, grade)[first_in_age],
        race=families.race[family_of],
        race2=families.race2[family_of],
        is_hispanic=families.is_hispanic[family_of],
        place=_birth_places(rng, names, schools, origin),
        phone=families.phone[family_of],
        mail_given=given,
        mail_family=families.family[family_of],
        mail_number=np.arange(count) + FIRST_MAIL_NUMBER,
        is_enabled=True,
    )


def _children_names(rng: np.random.Generator, names: Names, origin: Ints, sex: Ints) -> Ints:
    """Most from the family's own origin, some from the commonest one."""
    own, common = names.given_names(rng, origin, sex), names.given_names(rng, np.zeros_like(origin), sex)
    return np.where(rng.random(len(origin)) < 0.12, common, own)


def _middle_names(rng: np.random.Generator, names: Names, origin: Ints, sex: Ints) -> Ints:
    """A name for a third, an initial for a fifth, nothing for the rest."""
    kind = rng.random(len(origin))
    letter = names.letters.start + rng.integers(0, len(names.letters), len(origin))
    return np.where(kind < 0.33, names.given_names(rng, origin, sex), np.where(kind < 0.53, letter, NONE))


def _school_of(schools: Schools, zone: Ints, grade: Ints) -> Ints:
    """The school of the zone that has this grade."""
    middle = schools.feeds[zone]
    return np.where(grade < LEVEL_GRADES[1].start, zone, np.where(grade < LEVEL_GRADES[2].start, middle, schools.feeds[middle]))


def _birth_days(rng: np.random.Generator, grade: Ints) -> Ints:
    """Born in the twelve months that lead to this grade; four in a hundred are a year older."""
    cutoff = age_cutoff().astype("datetime64[Y]").astype(int)
    year = cutoff - 5 - grade - (rng.random(len(grade)) < 0.04)
    last_day = (year.astype("datetime64[Y]").astype("datetime64[M]") + 8).astype("datetime64[D]")
    born: Ints = last_day.astype(np.int64) - rng.integers(0, 365, len(grade))
    return born


def _birth_places(rng: np.random.Generator, names: Names, schools: Schools, origin: Ints) -> Ints:
    """Seven in ten in the district's own state, the others in the country or where the family comes from."""
    home = list(names.states.values())[schools.state % len(names.states)]
    at_home = home.start + rng.integers(0, len(home), len(origin))
    anywhere = rng.integers(0, max(r.stop for r in names.states.values()), len(origin))
    starts, sizes = (np.array(v) for v in zip(*((o.places.start, len(o.places)) for o in names.origins), strict=True))
    abroad = starts[origin] + (rng.random(len(origin)) * sizes[origin]).astype(int)
    is_abroad = rng.random(len(origin)) * 100 < _of_origin(names, "abroad_pct", origin)
    return np.where(is_abroad, abroad, np.where(rng.random(len(origin)) < 0.75, at_home, anywhere))


def new_adults(rng: np.random.Generator, names: Names, role: Ints, school: Ints, origin: Ints | None = None) -> People:
    """Grown-ups with names of their own; their e-mail addresses still need a number."""
    count = len(role)
    if origin is None:
        share = np.array([o.share for o in names.origins], dtype=float)
        share[0] *= 2  # staff is less varied than the children it teaches
        origin = rng.choice(len(share), count, p=share / share.sum())
    sex = np.where(rng.random(count) < 0.72, FEMALE, MALE)
    given, family = names.given_names(rng, origin, sex), names.family_names(rng, origin)
    family2 = np.where(rng.random(count) < 0.05, names.family_names(rng, rng.permutation(origin)), NONE)
    family2[family2 == family] = NONE
    return filled(
        People,
        count,
        role=role,
        origin=origin,
        sex=sex,
        given=given,
        middle=_middle_names(rng, names, origin, sex),
        family=family,
        family2=family2,
        is_hyphenated=family2 != NONE,
        school=school,
        phone=rng.integers(0, 40_000, count),
        mail_given=given,
        mail_family=family,
        is_enabled=True,
    )


def _staff(rng: np.random.Generator, schools: Schools, names: Names, students: People) -> People:
    """One teacher for sixteen students, some at two schools; a principal per school, assistants, the district office."""
    everywhere = np.arange(len(schools))
    per_school = np.bincount(students.school, minlength=len(schools))
    teacher_school = np.repeat(everywhere, np.maximum(1, np.rint(per_school / _STUDENTS_PER_TEACHER).astype(int)))
    admin_school = np.repeat(everywhere, 1 + per_school // 500)
    office = np.full(max(2, len(students.role) // 4_000), DISTRICT_OFFICE)
    school = np.concatenate([teacher_school, admin_school, office])
    staff = new_adults(rng, names, np.where(np.arange(len(school)) < len(teacher_school), TEACHER, ADMIN), school)
    second = rng.integers(0, len(schools), len(school))
    shares_time = (staff.role == TEACHER) & (rng.random(len(school)) < 0.04) & (second != school)
    staff.school2 = np.where(shares_time, second, NONE)
    return staff


def _name_staff_mail(names: Names, people: People) -> None:
    """The first of a name has the plain address, the others a number."""
    staff = np.flatnonzero(np.isin(people.role, (TEACHER, ADMIN)))
    spelling = np.unique(names.ascii_words.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    both = spelling[people.mail_given[staff]] * len(spelling) + spelling[people.mail_family[staff]]
    people.mail_number[staff] = staff + FIRST_MAIL_NUMBER
    people.mail_number[staff[np.unique(both, return_index=True)[1]]] = 0


def add_contacts(
    rng: np.random.Generator, names: Names, people: People, families: Families, chosen: Ints, family_of: Ints, children: Ints
) -> Ints:
    """One or two contacts for each chosen family, entered with its `children` (serials, `family_of` in step). Returns the contacts."""
    family = np.concatenate([chosen, chosen[rng.random(len(chosen)) < 0.6]])
    is_second = np.arange(len(family)) >= len(chosen)
    role = rng.choice([PARENT, GUARDIAN, RELATIVE], len(family), p=(0.76, 0.19, 0.05))
    eldest = np.full(len(families.origin), NONE)
    eldest[family_of[::-1]] = children[::-1]
    rows = new_adults(rng, names, role, people.school[eldest[family]], families.origin[family])
    keeps_name = rng.random(len(family)) < 0.8
    mother_name = np.where(families.family2[family] == NONE, families.family[family], families.family2[family])
    rows.family = np.where(keeps_name, np.where(is_second, mother_name, families.family[family]), rows.family)
    rows.family2 = np.where(keeps_name, NONE, rows.family2)
    rows.is_hyphenated = rows.family2 != NONE
    rows.mail_family = rows.family.copy()
    rows.phone = np.where(is_second, rows.phone, families.phone[family])
    rows.is_enabled = rng.random(len(family)) < 0.85
    rows.mail_number = np.arange(len(family)) + len(people.role) + FIRST_MAIL_NUMBER
    contacts = extend(people, rows)
    for column, of_this in (("agent1", ~is_second), ("agent2", is_second)):
        agent = np.full(len(families.origin), NONE, dtype=np.int32)
        agent[family[of_this]] = contacts[of_this]
        getattr(people, column)[children] = agent[family_of]
    return contacts

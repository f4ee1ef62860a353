"""A day's district as the columns of the seven files: text as it stands in the cell, quotes included."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthetic.catalog import GRADE_CODES
from synthetic.district import District
from synthetic.ids import guids, padded, scattered
from synthetic.names import FEMALE, RACES
from synthetic.tables import ADMIN, NONE, ROLE_NAMES, STUDENT, TEACHER, Ints
from synthetic.years import SCHOOL_YEAR_ENDS, meeting_days, meeting_sessions, sessions

Cells = dict[str, Any]  # header -> an Arrow string column, or one string for all rows; headers left out are empty
_ROLES = pa.array(ROLE_NAMES)
_TRUTH = pa.array(["false", "true"])
_AREA_CODES = pa.array(["612", "651", "763", "952"])
_RESIDENCE = ("01652", "01653", "01654")  # CEDS: own attendance area, another one, another district
_RACE_HEADERS = ("americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white")


def cell(items: tuple[str, ...]) -> str:
    """A list in one cell, quoted when it has more than one item."""
    return f'"{",".join(items)}"' if len(items) > 1 else "".join(items)


def _joined(*parts: Any, by: str = "") -> pa.Array:
    return pc.binary_join_element_wise(*parts, by)


def _looked_up(words: pa.Array, positions: Ints) -> pa.Array:
    """The words at these positions; null where there is none."""
    return words.take(pa.array(positions, mask=positions == NONE))


def _pair(first: pa.Array, second: pa.Array) -> pa.Array:
    """One or two ids as a list cell; a null is an absent id, two nulls an empty cell."""
    both = _joined('"', first, ",", second, '"')
    return pc.fill_null(pc.coalesce(both, first, second), "")


def _flags(values: Ints) -> pa.Array:
    return _TRUTH.take(pa.array(values.astype(np.int8)))


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype("datetime64[D]")).cast(pa.string())


def _slug(d: District) -> str:
    name = d.schools.district.removesuffix(" Unified School District")
    return "".join(c for c in name.lower().replace("í", "i") if c.isalpha())


def _district_id(d: District) -> str:
    return str(guids(d.seed, "district", np.zeros(1, dtype=np.int64))[0])


def _school_ids(d: District, positions: Ints) -> pa.Array:
    return _looked_up(guids(d.seed, "schools", np.arange(len(d.schools))), positions)


def _people_ids(d: District, serials: Ints) -> pa.Array:
    """Their sourcedIds; null for nobody."""
    ids = guids(d.seed, "people", np.maximum(serials, 0))
    return pc.if_else(pa.array(serials != NONE), ids, None) if (serials == NONE).any() else ids


def orgs(d: District, rows: Ints) -> Cells:
    """Row 0 is the district, the others are its schools."""
    schools = rows[rows > 0] - 1
    ids = [_district_id(d)] * (len(rows) - len(schools)) + _school_ids(d, schools).to_pylist()
    is_school = rows > 0
    return {
        "sourcedId": pa.array(ids),
        "name": pa.array([d.schools.names[row - 1] if row else d.schools.district for row in rows]),
        "type": pa.array(np.where(is_school, "school", "district").tolist()),
        "identifier": pa.array([f"{d.schools.identifier[row - 1]:04d}" if row else "0001-01" for row in rows]),
        "parentSourcedId": pa.array([_district_id(d) if row else "" for row in rows]),
    }


def academic_sessions(d: District, rows: Ints) -> Cells:
    """The sessions of the school year; they never change."""
    chosen = [sessions()[row] for row in rows]
    return {
        "sourcedId": pa.array([s.source_id for s in chosen]),
        "title": pa.array([s.title for s in chosen]),
        "type": pa.array([s.type for s in chosen]),
        "startDate": pa.array([s.start for s in chosen]),
        "endDate": pa.array([s.end for s in chosen]),
        "parentSourcedId": pa.array([s.parent for s in chosen]),
        "schoolYear": str(SCHOOL_YEAR_ENDS),
    }


def courses(d: District, rows: Ints) -> Cells:
    """The district's courses."""
    chosen = [d.catalog.courses[row] for row in rows]
    return {
        "sourcedId": guids(d.seed, "courses", rows),
        "schoolYearSourcedId": sessions()[0].source_id,
        "title": pa.array([c.title for c in chosen]),
        "courseCode": pa.array([c.code for c in chosen]),
        "grades": pa.array([cell(tuple(GRADE_CODES[g] for g in c.grades)) for c in chosen]),
        "orgSourcedId": _district_id(d),
        "subjects": pa.array([c.subject for c in chosen]),
        "subjectCodes": pa.array([c.sced for c in chosen]),
    }


def users(d: District, rows: Ints) -> Cells:
    """Everybody: students, staff, contacts."""
    p, words = d.people, d.names.words
    role = p.role[rows]
    is_staff = np.isin(role, (TEACHER, ADMIN))
    login = _logins(d, rows)
    numbers = padded(scattered(rows, 8, d.seed), 9)
    state_ids = padded(scattered(rows, 10, d.seed), 10)
    phone = _joined("(", _AREA_CODES.take(pa.array(p.phone[rows] // 10_000)), ") 555-", padded(p.phone[rows] % 10_000, 4))
    slug = _slug(d)
    domains = pa.array([f"@students.{slug}.example", f"@{slug}.example", f"@{slug}.example", *(["@mail.example"] * 3)])
    family2 = pc.fill_null(_looked_up(words, p.family2[rows]), "")
    joiner = pa.array(["", " ", "-"]).take(pa.array(np.where(p.family2[rows] == NONE, 0, 1 + p.is_hyphenated[rows])))
    school = pc.fill_null(_school_ids(d, p.school[rows]), _district_id(d))
    return {
        "sourcedId": _people_ids(d, rows),
        "enabledUser": _flags(p.is_enabled[rows]),
        "orgSourcedIds": _pair(school, _school_ids(d, p.school2[rows])),
        "role": _ROLES.take(pa.array(role)),
        "username": login,
        "userIds": _user_ids(role, state_ids, login),
        "givenName": words.take(pa.array(p.given[rows])),
        "familyName": _joined(words.take(pa.array(p.family[rows])), joiner, family2),
        "middleName": pc.fill_null(_looked_up(words, p.middle[rows]), ""),
        "identifier": pc.if_else(pa.array((role == STUDENT) | is_staff), numbers, ""),
        "email": _joined(login, domains.take(pa.array(role))),
        "sms": pc.if_else(pa.array(role != STUDENT), phone, ""),
        "phone": phone,
        "agentSourcedIds": _pair(_people_ids(d, p.agent1[rows]), _people_ids(d, p.agent2[rows])),
        "grades": pc.fill_null(_looked_up(pa.array(GRADE_CODES), p.grade[rows]), ""),
    }


def _user_ids(role: Ints, state_ids: pa.Array, login: pa.Array) -> pa.Array:
    """Students have the state's number, staff the directory's name as well, contacts nothing."""
    of_student = _joined("{State:", state_ids, "}")
    of_staff = _joined('"{State:', state_ids, "},{LDAP:", login, '}"')
    return pc.case_when(pc.make_struct(pa.array(role == STUDENT), pa.array(np.isin(role, (TEACHER, ADMIN)))), of_student, of_staff, "")


def _logins(d: District, rows: Ints) -> pa.Array:
    """What stands before the @: a student's initial, name and number; a grown-up's names, and a number unless first of that name."""
    p, names = d.people, d.names
    number = p.mail_number[rows]
    digits = pc.if_else(pa.array(number > 0), pa.array(number).cast(pa.string()), "")
    family = names.ascii_words.take(pa.array(p.mail_family[rows]))
    of_student = _joined(names.initials.take(pa.array(p.mail_given[rows])), family, digits)
    of_adult = _joined(names.ascii_words.take(pa.array(p.mail_given[rows])), ".", family, digits)
    return pc.if_else(pa.array(p.role[rows] == STUDENT), of_student, of_adult)


def demographics(d: District, rows: Ints) -> Cells:
    """One row per student."""
    p = d.people
    country, state, city = (pa.array(column) for column in zip(*d.names.places, strict=True))
    place = pa.array(p.place[rows])
    races = {header: _flags((p.race[rows] == race) | (p.race2[rows] == race)) for race, header in enumerate(_RACE_HEADERS[: len(RACES)])}
    residence = np.select([rows % 37 == 0, rows % 61 == 0], [1, 2], 0)
    return {
        "sourcedId": _people_ids(d, rows),
        "birthDate": _dates(p.birth[rows]),
        "sex": pa.array(["female", "male"]).take(pa.array((p.sex[rows] != FEMALE).astype(np.int8))),
        **races,
        "demographicRaceTwoOrMoreRaces": _flags(p.race2[rows] != NONE),
        "hispanicOrLatinoEthnicity": _flags(p.is_hispanic[rows]),
        "countryOfBirthCode": country.take(place),
        "stateOfBirthAbbreviation": state.take(place),
        "cityOfBirth": city.take(place),
        "publicSchoolResidenceStatus": pa.array(_RESIDENCE).take(pa.array(residence)),
    }


def classes(d: District, rows: Ints) -> Cells:
    """One row per section."""
    c, catalog = d.classes, d.catalog.courses
    course = pa.array(c.course[rows])
    of_courses = ((k.title, k.code, k.subject, k.sced, cell(tuple(GRADE_CODES[g] for g in k.grades))) for k in catalog)
    titles, codes, subjects, sced, grades = (pa.array(column).take(course) for column in zip(*of_courses, strict=True))
    section = padded(c.section[rows], 3)
    period = pa.array(c.period[rows]).cast(pa.string())
    next_period = pa.array(c.period[rows] % 8 + 1).cast(pa.string())
    is_double = np.char.startswith(np.array([k.subject for k in catalog]), "Science")[c.course[rows]] & (rows % 3 == 0)
    kinds = pa.array(["homeroom" if k.is_homeroom else "scheduled" for k in catalog])
    return {
        "sourcedId": guids(d.seed, "classes", rows),
        "title": _joined(titles, " ", section),
        "grades": pc.coalesce(_looked_up(pa.array(GRADE_CODES), c.grade[rows]), grades),
        "courseSourcedId": guids(d.seed, "courses", c.course[rows]),
        "classCode": _joined(codes, "-", section),
        "classType": kinds.take(course),
        "location": _joined("Room ", pa.array(c.room[rows]).cast(pa.string())),
        "schoolSourcedId": _school_ids(d, c.school[rows]),
        "termSourcedIds": pa.array(meeting_sessions()).take(pa.array(c.meets[rows])),
        "subjects": subjects,
        "subjectCodes": sced,
        "periods": pc.if_else(pa.array(is_double), _joined('"', period, ",", next_period, '"'), period),
    }


def enrollments(d: District, rows: Ints) -> Cells:
    """One row per person in a class."""
    e, c = d.enrollments, d.classes
    in_class = e.classes[rows]
    first, end = (days.astype(np.int64)[c.meets[in_class]] for days in meeting_days())
    begin = np.minimum(np.maximum(first, e.begin[rows]), end - 1)
    return {
        "sourcedId": guids(d.seed, "enrollments", rows),
        "classSourcedId": guids(d.seed, "classes", in_class),
        "schoolSourcedId": _school_ids(d, c.school[in_class]),
        "userSourcedId": _people_ids(d, e.person[rows]),
        "role": _ROLES.take(pa.array(e.is_teacher[rows].astype(np.int8))),
        "primary": _flags(e.is_primary[rows]),
        "beginDate": _dates(begin),
        "endDate": _dates(end),
    }


Renderer = Callable[[District, Ints], Cells]
RENDERERS: dict[str, Renderer] = {
    "orgs": orgs,
    "academicSessions": academic_sessions,
    "courses": courses,
    "users": users,
    "demographics": demographics,
    "classes": classes,
    "enrollments": enrollments,
}


def live_rows(d: District, file: str) -> Ints:
    """Which rows the file shows today, as serial numbers."""
    people = d.people.alive
    alive: dict[str, Any] = {
        "users": people,
        "demographics": people & (d.people.role == STUDENT),
        "classes": d.classes.alive,
        "enrollments": d.enrollments.alive,
    }
    if file in alive:
        return np.flatnonzero(alive[file])
    return np.arange({"orgs": len(d.schools) + 1, "academicSessions": len(sessions()), "courses": len(d.catalog.courses)}[file])


def lines(headers: tuple[str, ...], cells: Cells) -> pa.Array:
    """The rows as CSV lines without their line ends."""
    return pc.binary_join_element_wise(*(cells.get(header, "") for header in headers), ",")

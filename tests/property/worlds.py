"""Small districts with faults anywhere, two days of them, and configurations: what hypothesis draws from."""

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from dataquality.steps.filters import Condition, FilterRule
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS
from dataquality.steps.uniqueness import Domain
from formats.oneroster.tables import TABLES
from imports.config import ImportConfig
from mapping.steps.attributes import default_sources
from records.attributes import RecordType
from tests.unit.steps.kit import District, Raw, Row, district, mapped, person


@cache
def _whole() -> District:
    files = district(
        orgs={"O3": {"name": "West High", "type": "school", "identifier": "103", "parentSourcedId": "D1"}},
        courses={"K2": {"orgSourcedId": "O2"}, "K3": {"orgSourcedId": "D1", "schoolYearSourcedId": ""}},
        classes={"C3": {"schoolSourcedId": "O2", "courseSourcedId": "K2"}, "C4": {"schoolSourcedId": "O3", "termSourcedIds": "T1,Y1"}},
    )
    files["users"] += [
        person("S3", "student", orgSourcedIds="O2,O1", agentSourcedIds="P1,P2", grades="04"),
        person("S4", "student", orgSourcedIds="O3", grades="03,04"),
        person("T2", "teacher", orgSourcedIds="O2,D1"), person("T3", "teacher"), person("X1", "aide"),
        person("T1", "administrator", email="t1.teacher@example.org"), person("P2", "guardian"),
    ]  # fmt: skip
    for number, row in enumerate(files["users"]):
        row["identifier"] = f"I{number}"
    files["demographics"] += [
        {"sourcedId": key, "birthDate": "2016-01-01", "sex": "male", "metadata.lunch": "free"} for key in ("S3", "S4")
    ]
    base = files["enrollments"][0]
    files["enrollments"] += [
        {**base, "sourcedId": f"E{number}", "classSourcedId": class_id, "userSourcedId": who, "schoolSourcedId": school, "role": role, "primary": ""}
        for number, (class_id, who, school, role) in enumerate(
            (("C3", "S3", "O2", "student"), ("C3", "T2", "O2", "teacher"), ("C4", "S4", "O3", "student"), ("C4", "T1", "O3", "administrator"),
             ("C2", "X1", "O1", "aide"), ("C1", "S3", "O1", "student"), ("C2", "T3", "O1", "teacher")), start=5)
    ]  # fmt: skip
    return files


def whole() -> District:
    """The faultless district that faults are put into."""
    return {file: [dict(row) for row in rows] for file, rows in _whole().items()}


IDS = ("S1", "S2", "S3", "T1", "T2", "A1", "P1", "C1", "C2", "C3", "K1", "K2", "Y1", "O1", "O2", "O3", "D1", "E1", "new-1", "new-2")
WORDS = ("", "", "bogus", "O9", "O1,O9", "inactive", "tobedeleted", "active", "student", "teacher", "administrator", "aide", "parent", "techer",
         "t1.teacher@example.org", "S1.STUDENT@example.org", "99", "K", "3", "01,bad", "yes", "maybe", "2026-02-30", "8/9/2026", "female", "homeroom",
         "I1", "I5", "a\"quote", "Ünïcode,comma", "x" * 300)  # fmt: skip
LINES = ("{key},cut", "{key}" + ",," * 30, ",", "{key},\0", '{key},"open')


def _set(files: District, file: str, place: int, header: str, value: str) -> None:
    row = files[file][place % len(files[file])]
    if isinstance(row, dict):
        row[header] = value


def _fault(files: District, kind: str, file: str, place: int, header: int, value: str, line: str) -> None:
    rows = files[file]
    headers = [column.header for column in TABLES[file]]
    name = headers[header % len(headers)]
    if not rows or not isinstance(rows[place % len(rows)], dict):
        return
    row: Row = rows[place % len(rows)]
    if kind == "value":
        _set(files, file, place, name, value)
    elif kind == "drop":
        rows.remove(row)
    elif kind == "again":
        rows.append(dict(row))
    elif kind == "differs":
        rows.append({**row, name: value})
    elif kind == "new":
        rows.append({**row, "sourcedId": f"new-{place}", "email": f"new{place}@example.org", "identifier": f"N{place}"})
    elif kind == "broken" and not (line.endswith('"open') and any(isinstance(one, Raw) for one in rows)):
        rows[rows.index(row)] = Raw(line.format(key=row["sourcedId"]))


KINDS = ("value", "value", "value", "value", "drop", "again", "differs", "new", "broken")
FAULTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.sampled_from(tuple(TABLES)), st.integers(0, 12), st.integers(0, 18),
        st.one_of(st.sampled_from(WORDS), st.sampled_from(IDS)), st.sampled_from(LINES),
    ),
    max_size=8,
)  # fmt: skip

RULES = (
    FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("03",)),)),
    FilterRule(RecordType.STUDENT, (Condition("email", "contains", ("example",)), Condition("grades", "is_empty")), "any"),
    FilterRule(RecordType.TEACHER, (Condition("primary_school", "equals_any", ("O1",)),)),
    FilterRule(RecordType.CLASS, (Condition("class_name", "does_not_contain", ("C2",)),)),
    FilterRule(RecordType.ENROLLMENT, (Condition("end_date", "is_future"),)),
    FilterRule(RecordType.COURSE, (Condition("course_code", "is_not_empty"),)),
)
REQUIREMENTS = (
    DEFAULT_REQUIREMENTS,
    {},
    {**DEFAULT_REQUIREMENTS, RecordType.STUDENT: {"gender": "skip", "contacts": "report"}, RecordType.SESSION: {"title": "skip"}},
)
DOMAINS = (
    Domain(RecordType.STUDENT, ("username",)), Domain(RecordType.TEACHER, ("first_name", "last_name")), Domain(RecordType.CLASS, ("class_code",)),
    Domain(RecordType.STUDENT, ("email", "grades")),
)  # fmt: skip


@dataclass(frozen=True)
class Days:
    """Two deliveries under one configuration, and how the files of the second are sent."""

    first: District
    second: District
    config: ImportConfig
    modes: dict[str, str]


@st.composite
def configs(draw: st.DrawFn) -> ImportConfig:
    """Any configuration; the SIS ID of students sometimes comes from identifier."""
    is_all = draw(st.booleans())
    return ImportConfig(
        aides_as_teachers=draw(st.booleans()),
        all_missing_as_new=is_all,
        school_mapping={"O3": "O1", "O2": "south"} if draw(st.booleans()) else {} if is_all else {"O1": "north", "O2": "south"},
        sources=mapped(RecordType.STUDENT, sis_id="users.identifier") if draw(st.integers(0, 4)) == 0 else default_sources(),
        requirements=draw(st.sampled_from(REQUIREMENTS)),
        filters=tuple(draw(st.lists(st.sampled_from(RULES), max_size=2, unique=True))),
        drop_empty_classes=draw(st.booleans()),
        uniqueness=tuple(draw(st.lists(st.sampled_from(DOMAINS), max_size=2, unique=True))),
    )


@st.composite
def days(draw: st.DrawFn, *, deltas: bool = True) -> Days:
    """A district with faults, the same with others, and a configuration."""
    deliveries = []
    for _ in range(2):
        files = whole()
        for fault in draw(FAULTS):
            _fault(files, *fault)
        deliveries.append(files)
    modes = (
        draw(st.dictionaries(st.sampled_from(tuple(TABLES)), st.just("delta"), max_size=3))
        if deltas and draw(st.integers(0, 3)) == 0
        else {}
    )
    return Days(deliveries[0], deliveries[1], draw(configs()), modes)

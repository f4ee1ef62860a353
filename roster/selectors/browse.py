"""Data Browsing: the lists. Counts come from the roster's state, pages are keyset pages: no page counts or walks a million rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import District
from records.attributes import PERSON_TYPES, SCREEN_ORDER, RecordType, attribute_label, display_name
from roster.models import LIVE, Admin, Class, Contact, Enrollment, LiveRecord, Organization, RosterState, Student, Teacher
from roster.selectors.keyset import PAGE_ROWS, Page, read_page

LONGEST_SEARCH = 100  # characters

# The attributes a list shows beside the name and the key.
COLUMNS: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("identifier",),
    RecordType.SESSION: ("type", "start_date", "end_date", "school_year"),
    RecordType.COURSE: ("course_code", "grades", "subjects"),
    RecordType.STUDENT: ("grades", "email", "primary_school"),
    RecordType.TEACHER: ("email", "username", "primary_school"),
    RecordType.ADMIN: ("email", "username", "primary_school"),
    RecordType.CONTACT: ("user_type", "email", "primary_school"),
    RecordType.CLASS: ("class_code", "class_type", "grades", "school_id"),
    RecordType.ENROLLMENT: ("role", "begin_date", "end_date", "school_id"),
}
SCHOOL_COLUMNS = ("primary_school", "school_id", "org_id")
MEMBERS = (RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS)  # what the list of schools counts

# What a search looks through, and the order of the list. An index begins with each order, or the table is a small one.
_BY_NAME = ("last_name", "first_name", "id")
_ORDER: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("name", "id"),
    RecordType.SESSION: ("start_date", "title", "id"),
    RecordType.COURSE: ("title", "id"),
    **dict.fromkeys(PERSON_TYPES, _BY_NAME),
    RecordType.CLASS: ("key",),
    RecordType.ENROLLMENT: ("key",),
}
_PEOPLE: dict[str, type[Student | Teacher | Admin | Contact]] = {
    RecordType.STUDENT: Student,
    RecordType.TEACHER: Teacher,
    RecordType.ADMIN: Admin,
    RecordType.CONTACT: Contact,
}
_CONTAINS: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("name", "identifier", "key"),
    RecordType.SESSION: ("title", "key"),
    RecordType.COURSE: ("title", "course_code", "key"),
    **dict.fromkeys(PERSON_TYPES, ("last_name", "first_name", "email", "username", "key", "identifier")),
    RecordType.CLASS: ("class_name", "class_code", "key"),
    RecordType.ENROLLMENT: (),
}


@dataclass(frozen=True, slots=True)
class TypeTab:
    """One tab of Data Browsing."""

    record_type: RecordType
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Member:
    """How many records of a type a school has."""

    record_type: RecordType
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: `cells` are (heading, value) pairs; a school has members, and `organization`, what they call it by."""

    key: str
    name: str
    cells: list[tuple[str, str]]
    members: list[Member]
    organization: str = ""


@dataclass(frozen=True, slots=True)
class BrowsePage:
    """One page of a list."""

    record_type: RecordType
    headings: list[str]
    rows: list[Row]
    before: str
    after: str


def roster_state(district: District) -> RosterState:
    """The district's roster state; an empty one before the first import."""
    return RosterState.objects.of(district).first() or RosterState(district=district)


def type_tabs(state: RosterState) -> list[TypeTab]:
    """The nine tabs in screen order, with the live records of each."""
    return [TypeTab(record_type, record_type.plural, int(state.counts.get(record_type.value, 0))) for record_type in SCREEN_ORDER]


def clean_search(text: str) -> str:
    """What a person typed into a search field, fit for a query."""
    return " ".join(text.replace("\0", "").split())[:LONGEST_SEARCH]


def browse(
    state: RosterState, record_type: RecordType, *, search: str = "", school: str = "", cursor: str = "", limit: int = PAGE_ROWS
) -> BrowsePage:
    """One page of the live records of a type, narrowed by a search (all words must be found) and to one school."""
    rows = LIVE[record_type].objects.of(state.district).filter(deleted_at=None)
    if school and (column := _school_column(record_type)):
        rows = rows.filter(**{column: school})
    page = Page([])
    for found in _searches(rows, record_type, clean_search(search)):
        page = read_page(found, _ORDER[record_type], cursor, limit=limit)
        if page.rows:
            break
    return BrowsePage(
        record_type,
        headings(record_type),
        _list_rows(state, record_type, page),
        page.before,
        page.after,
    )


def school_names(district: District, keys: Iterable[str]) -> dict[str, str]:
    """Names of the portal's schools and offices by key; a district's own office reads *District office*. Unknown keys are left out."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    found = Organization.objects.of(district).filter(key__in=wanted).values_list("key", "name", "kind")
    return {key: "District office" if kind == Organization.Kind.DISTRICT else name for key, name, kind in found}


def enrollment_names(district: District, enrollments: Iterable[Enrollment]) -> dict[str, tuple[str, str]]:
    """For each enrollment's key: what its person and its class are called. At most one query per kind of person and one for classes."""
    listed = list(enrollments)
    people: dict[tuple[str, str], str] = {}
    for person_type in {row.person_type for row in listed}:
        if person_type in _PEOPLE:
            table = _PEOPLE[person_type].objects.of(district)
            ids = {row.person_id for row in listed if row.person_type == person_type}
            for key, first, last in table.filter(key__in=ids).values_list("key", "first_name", "last_name"):
                people[person_type, key] = f"{first} {last}".strip()
    classes = Class.objects.of(district).filter(key__in={row.class_id for row in listed})
    titles = dict(classes.values_list("key", "class_name"))
    return {
        row.key: (people.get((row.person_type, row.person_id)) or row.person_id, titles.get(row.class_id) or row.class_id) for row in listed
    }


def _school_column(record_type: RecordType) -> str:
    if record_type in PERSON_TYPES:
        return "primary_school"
    return "school_id" if record_type is RecordType.CLASS else ""


def _searches(rows: QuerySet[LiveRecord], record_type: RecordType, search: str) -> list[QuerySet[LiveRecord]]:
    """What to look for, quickest first, until something is found: the record of that key, people of that name, the words anywhere."""
    if not search:
        return [rows]
    if record_type is RecordType.ENROLLMENT:  # only what an index can find: there are millions of them
        return [rows.filter(Q(key=search) | Q(person_id=search) | Q(class_id=search))]
    by_name = [_containing(rows, ("last_name", "first_name"), search)] if record_type in _PEOPLE else []  # in an index, so quick
    return [rows.filter(key=search), *by_name, _containing(rows, _CONTAINS[record_type], search)]


def _containing(rows: QuerySet[LiveRecord], columns: tuple[str, ...], search: str) -> QuerySet[LiveRecord]:
    """The rows in which every word is found in one of the columns."""
    for word in search.split():
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(found)
    return rows


def members_of(state: RosterState, organization: str) -> list[Member]:
    """What belongs to a school, counted, in the order of MEMBERS."""
    counts = state.by_school.get(organization, {})
    return [Member(record_type, record_type.plural, int(counts.get(record_type, 0))) for record_type in MEMBERS]


def _list_rows(state: RosterState, record_type: RecordType, page: Page) -> list[Row]:
    columns = COLUMNS[record_type]
    schools = school_names(state.district, (getattr(row, name) for row in page.rows for name in columns if name in SCHOOL_COLUMNS))
    pairs = enrollment_names(state.district, page.rows) if record_type is RecordType.ENROLLMENT else {}
    rows = []
    for row in page.rows:
        values = [getattr(row, name) for name in columns]
        shown = [schools.get(value, value) if name in SCHOOL_COLUMNS else value for name, value in zip(columns, values, strict=True)]
        name = " in ".join(pairs[row.key]) if row.key in pairs else display_name(record_type, row.__dict__)
        organization = row.mapped_school if record_type is RecordType.SCHOOL else ""
        members = members_of(state, organization) if organization else []
        rows.append(Row(row.key, name, list(zip(headings(record_type), shown, strict=True)), members, organization))
    return rows


def headings(record_type: RecordType) -> list[str]:
    """What stands above the columns of a list, beside name and key."""
    return [attribute_label(record_type, name) for name in COLUMNS[record_type]]

"""Data Browsing: one record, in the sections a person reads it in, with what it refers to by name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import District
from records.attributes import ATTRIBUTES, PERSON_TYPES, Attribute, RecordType, attribute_label, display_name
from roster.models import LIVE, Class, Course, Enrollment, LiveRecord, Organization, RosterState, School, Session
from roster.selectors.browse import Member, enrollment_names, members_of, school_names

MOST_RELATED = 200  # rows of a related list; the rest is a search away

IDENTIFIERS = ("sis_id", "username", "identifier", "user_ids")
CONTACT_INFORMATION = ("email", "phone", "sms", "contacts")
DEMOGRAPHICS = (
    "gender", "birth_date", "american_indian_or_alaska_native", "asian", "black_or_african_american",
    "native_hawaiian_or_other_pacific_islander", "white", "two_or_more_races", "hispanic_or_latino",
    "country_of_birth", "state_of_birth", "city_of_birth", "public_school_residence_status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """One value on a record's page; with a record type and key it links to that record."""

    text: str
    record_type: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """An attribute and its values; a hidden one has values that this reader may not see."""

    label: str
    values: list[Value]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A titled block of facts."""

    title: str
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """One line of a related list."""

    name: Value
    role: str = ""
    dates: str = ""
    school: str = ""
    enrollment: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Records that point to this one."""

    title: str
    rows: list[RelatedRow]
    search: str = ""  # finds all of them on the list of `record_type`
    record_type: str = ""
    is_cut: bool = False

    @property
    def has_roles(self) -> bool:
        """Whether the lines are enrollments, with role and dates."""
        return bool(self.search)

    @property
    def has_schools(self) -> bool:
        """Whether any line names a school."""
        return any(row.school for row in self.rows)


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record as its page shows it."""

    record_type: RecordType
    key: str
    name: str
    main: list[Section]
    aside: list[Section]
    related: list[Related]
    first_sync: int
    last_sync: int
    members: list[Member]
    organization: str


def find_record(district: District, record_type: RecordType, key: str) -> LiveRecord | None:
    """The live record of that key, or None; a deleted one is hidden."""
    if "\0" in key:
        return None
    return LIVE[record_type].objects.of(district).filter(key=key, deleted_at=None).first()


def is_deleted(district: District, record_type: RecordType, key: str) -> bool:
    """Whether there was a record of that key that is deleted, and not purged yet."""
    return "\0" not in key and LIVE[record_type].objects.of(district).filter(key=key).exclude(deleted_at=None).exists()


def read_record(record: LiveRecord, record_type: RecordType, *, state: RosterState, sees_sensitive: bool) -> RecordView:
    """Everything a record's page shows. Sensitive values of readers who may not see them are not even looked up."""
    facts = _facts(record, record_type, sees_sensitive=sees_sensitive)
    main, aside = _sections(record, record_type, facts, sees_sensitive=sees_sensitive)
    if record_type is RecordType.SCHOOL:
        aside += _organization(record)
    return RecordView(
        record_type,
        record.key,
        display_name(record_type, record.__dict__),
        main=[section for section in main if section.facts],
        aside=[section for section in aside if section.facts],
        related=_related(record, record_type),
        first_sync=record.first_sync,
        last_sync=record.last_sync,
        members=members_of(state, record.mapped_school) if isinstance(record, School) else [],
        organization=record.mapped_school if isinstance(record, School) else "",
    )


def _facts(record: LiveRecord, record_type: RecordType, *, sees_sensitive: bool) -> dict[str, Fact]:
    """The standard attributes that have a value, by name, with every id that is known turned into a name and a link."""
    shown: dict[str, tuple[Attribute, list[str]]] = {}
    hidden: set[str] = set()
    for attribute in ATTRIBUTES[record_type]:
        value = record.key if attribute.name == "sis_id" else str(getattr(record, attribute.name, ""))
        if not value:
            continue
        if attribute.is_sensitive and not sees_sensitive:
            hidden.add(attribute.name)
        shown[attribute.name] = (attribute, _split(attribute, value))
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, (attribute, parts) in shown.items():
        if attribute.refers_to and name not in hidden:
            wanted[_target(record, attribute)].update(parts)
    links = {target: _links(record.district, target, keys) for target, keys in wanted.items()}
    return {
        name: Fact(
            attribute.label,
            [] if name in hidden else [links.get(_target(record, attribute), {}).get(part) or Value(part) for part in parts],
            is_hidden=name in hidden,
        )
        for name, (attribute, parts) in shown.items()
    }


def _target(record: LiveRecord, attribute: Attribute) -> str:
    if attribute.refers_to == "person" and isinstance(record, Enrollment):
        return record.person_type
    return attribute.refers_to


def _split(attribute: Attribute, value: str) -> list[str]:
    if attribute.kind == "boolean":
        return [{"true": "Yes", "false": "No"}.get(value, value)]
    return [part.strip() for part in value.split(",") if part.strip()] if attribute.is_list else [value]


def _links(district: District, target: str, keys: Iterable[str]) -> dict[str, Value]:
    """The records of those keys by name. A person may be of any kind; an org may be a school or an office that has no page."""
    wanted = set(keys)
    if target in ("school", "org"):
        pages = dict(School.objects.of(district).filter(mapped_school__in=wanted, deleted_at=None).values_list("mapped_school", "key"))
        return {
            key: Value(name, "school" if key in pages else "", pages.get(key, "")) for key, name in school_names(district, wanted).items()
        }
    if target == "person":
        found: dict[str, Value] = {}
        for person_type in PERSON_TYPES:
            found |= _links(district, person_type.value, wanted)
        return found
    if target not in set(LIVE):
        return {}
    record_type = RecordType(target)
    rows = LIVE[record_type].objects.of(district).filter(key__in=wanted, deleted_at=None)
    return {row.key: Value(display_name(record_type, row.__dict__), target, row.key) for row in rows}


def _sections(
    record: LiveRecord, record_type: RecordType, facts: dict[str, Fact], *, sees_sensitive: bool
) -> tuple[list[Section], list[Section]]:
    """The blocks of the page: what matters at the left, identifiers and further information at the right."""
    is_person = record_type in PERSON_TYPES
    apart = {*IDENTIFIERS, *CONTACT_INFORMATION, *DEMOGRAPHICS} if is_person else {"sis_id", "identifier"}
    identifiers = [facts[name] for name in IDENTIFIERS if name in facts]
    source_id = getattr(record, "source_id", "")
    if source_id and source_id != record.key:
        identifiers.append(Fact("sourcedId in users.csv", [Value(source_id)]))
    main = [Section("Main information", [fact for name, fact in facts.items() if name not in apart])]
    if is_person:
        main.append(Section("Contact information", [facts[name] for name in CONTACT_INFORMATION if name in facts]))
        main.append(Section("Demographics", [facts[name] for name in DEMOGRAPHICS if name in facts]))
    hides_extra = is_person and not sees_sensitive  # nobody has said which of a district's own attributes are harmless
    extra = [
        Fact(attribute_label(record_type, name), [] if hides_extra else [Value(str(value))], is_hidden=hides_extra)
        for name, value in sorted((record.extra or {}).items())
        if value
    ]
    return main, [Section("Identifiers", identifiers), Section("Further information", extra)]


def _organization(record: LiveRecord) -> list[Section]:
    """What people filled in for the organization a school is mapped to."""
    organization = Organization.objects.of(record.district).filter(key=getattr(record, "mapped_school", "")).first()
    if organization is None:
        return []
    values = [
        ("Mapped to", organization.name), ("Region", organization.region), ("Country", organization.country), ("State", organization.state),
        ("Zip code", organization.zip_code), ("Contact", organization.contact_name), ("Contact title", organization.contact_title),
        ("Contact phone", organization.contact_phone), ("Contact email", organization.contact_email),
    ]  # fmt: skip
    return [Section("Organization", [Fact(label, [Value(value)]) for label, value in values if value])]


def _related(record: LiveRecord, record_type: RecordType) -> list[Related]:
    if record_type is RecordType.CLASS:
        people = Enrollment.objects.of(record.district).filter(class_id=record.key, deleted_at=None)
        teaching = _enrollments("Teachers", people.exclude(role="student"), record)
        return [teaching, _enrollments("Students", people.filter(role="student"), record)]
    if record_type in PERSON_TYPES and record_type is not RecordType.CONTACT:
        classes = Enrollment.objects.of(record.district).filter(person_id=record.key, person_type=record_type.value, deleted_at=None)
        return [_enrollments("Classes", classes, record)]
    if record_type is RecordType.COURSE:
        return [_classes("Classes", Class.objects.of(record.district).filter(course_id=record.key, deleted_at=None))]
    if record_type is RecordType.SESSION:
        parts = Session.objects.of(record.district).filter(parent_id=record.key, deleted_at=None).order_by("start_date", "id")
        courses = Course.objects.of(record.district).filter(school_year_id=record.key, deleted_at=None).order_by("title", "id")
        return [_plain("Part sessions", parts, RecordType.SESSION), _plain("Courses of this school year", courses, RecordType.COURSE)]
    return []


def _enrollments(title: str, rows: Iterable[LiveRecord], record: LiveRecord) -> Related:
    """The other side of each enrollment: the class of a person, the person of a class."""
    listed = list(rows.order_by("id")[: MOST_RELATED + 1])  # type: ignore[attr-defined]
    names = enrollment_names(record.district, listed)
    schools = school_names(record.district, (row.school_id for row in listed))
    of_class = isinstance(record, Class)
    lines = []
    for row in listed[:MOST_RELATED]:
        person, class_name = names[row.key]
        other = Value(person, row.person_type, row.person_id) if of_class else Value(class_name, "class", row.class_id)
        role = f"{row.role.title()}{', primary' if row.primary == 'true' else ''}"
        dates = " – ".join(filter(None, (row.begin_date, row.end_date)))
        lines.append(RelatedRow(other, role, dates, schools.get(row.school_id, row.school_id), row.key))
    lines.sort(key=lambda line: line.name.text.casefold())
    return Related(title, lines, search=record.key, record_type="enrollment", is_cut=len(listed) > MOST_RELATED)


def _classes(title: str, rows: Iterable[LiveRecord]) -> Related:
    listed = list(rows.order_by("class_name", "id")[: MOST_RELATED + 1])  # type: ignore[attr-defined]
    schools = school_names(listed[0].district, (row.school_id for row in listed)) if listed else {}
    lines = [
        RelatedRow(Value(row.class_name or row.key, "class", row.key), school=schools.get(row.school_id, row.school_id)) for row in listed
    ]
    return Related(title, lines[:MOST_RELATED], is_cut=len(listed) > MOST_RELATED)


def _plain(title: str, rows: Iterable[LiveRecord], record_type: RecordType) -> Related:
    listed = list(rows[: MOST_RELATED + 1])  # type: ignore[index]
    lines = [RelatedRow(Value(display_name(record_type, row.__dict__), record_type.value, row.key)) for row in listed]
    return Related(title, lines[:MOST_RELATED], is_cut=len(listed) > MOST_RELATED)

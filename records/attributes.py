"""The nine record types and their attributes, as one table that every screen, rule, file and live table is made from.

Source: the attribute names of the configuration document; labels are those of the screens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class RecordType(StrEnum):
    """The nine record types, in the order in which they can be decided: what is referred to comes first."""

    SCHOOL = "school"
    SESSION = "session"
    COURSE = "course"
    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"
    CONTACT = "contact"
    CLASS = "class"
    ENROLLMENT = "enrollment"

    @property
    def label(self) -> str:
        return self.value.title()

    @property
    def plural(self) -> str:
        return "Classes" if self is RecordType.CLASS else f"{self.label}s"


PERSON_TYPES = (RecordType.STUDENT, RecordType.TEACHER, RecordType.ADMIN, RecordType.CONTACT)
STAFF_TYPES = (RecordType.TEACHER, RecordType.ADMIN)
UNIQUE_EMAIL_TYPES = (RecordType.STUDENT, RecordType.TEACHER, RecordType.ADMIN)
SCREEN_ORDER = (
    RecordType.SCHOOL, RecordType.STUDENT, RecordType.TEACHER, RecordType.ADMIN, RecordType.CONTACT,
    RecordType.COURSE, RecordType.CLASS, RecordType.ENROLLMENT, RecordType.SESSION,
)  # fmt: skip

FILE_OF: dict[RecordType, str] = {
    RecordType.SCHOOL: "orgs",
    RecordType.SESSION: "academicSessions",
    RecordType.COURSE: "courses",
    RecordType.STUDENT: "users",
    RecordType.TEACHER: "users",
    RecordType.ADMIN: "users",
    RecordType.CONTACT: "users",
    RecordType.CLASS: "classes",
    RecordType.ENROLLMENT: "enrollments",
}

ROLE_TYPES: dict[str, RecordType] = {
    "student": RecordType.STUDENT,
    "teacher": RecordType.TEACHER,
    "aide": RecordType.TEACHER,
    "proctor": RecordType.TEACHER,
    "administrator": RecordType.ADMIN,
    "parent": RecordType.CONTACT,
    "guardian": RecordType.CONTACT,
    "relative": RecordType.CONTACT,
}
AIDE_ROLES = ("aide", "proctor")  # imported only where switched on


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a record type: `name` in documents, `label` on screens, `source` the default header that feeds it.

    `kind` names the value rule (`records.values`); `refers_to` says which records its ids name.
    """

    name: str
    label: str
    source: str
    kind: str = "text"
    refers_to: str = ""
    is_sensitive: bool = False

    @property
    def is_list(self) -> bool:
        return self.kind in {"list", "grades", "refs", "user_ids"}


def _demographics() -> tuple[Attribute, ...]:
    races = (
        ("american_indian_or_alaska_native", "American Indian or Alaska Native", "americanIndianOrAlaskaNative"),
        ("asian", "Asian", "asian"),
        ("black_or_african_american", "Black or African American", "blackOrAfricanAmerican"),
        ("native_hawaiian_or_other_pacific_islander", "Native Hawaiian or Other Pacific Islander", "nativeHawaiianOrOtherPacificIslander"),
        ("white", "White", "white"),
        ("two_or_more_races", "Two or More Races", "demographicRaceTwoOrMoreRaces"),
        ("hispanic_or_latino", "Hispanic or Latino", "hispanicOrLatinoEthnicity"),
    )
    places = (
        ("country_of_birth", "Country of Birth", "countryOfBirthCode"),
        ("state_of_birth", "State of Birth", "stateOfBirthAbbreviation"),
        ("city_of_birth", "City of Birth", "cityOfBirth"),
        ("public_school_residence_status", "Public School Residence Status", "publicSchoolResidenceStatus"),
    )
    return (
        Attribute("gender", "Gender", "demographics.sex", "enum", is_sensitive=True),
        Attribute("birth_date", "Birth Date", "demographics.birthDate", "date", is_sensitive=True),
        *(Attribute(name, label, f"demographics.{header}", "boolean", is_sensitive=True) for name, label, header in races),
        *(Attribute(name, label, f"demographics.{header}", is_sensitive=True) for name, label, header in places),
    )


def _person(*, student: bool) -> tuple[Attribute, ...]:
    return (
        Attribute("sis_id", "SIS ID", "users.sourcedId", "id"),
        Attribute("first_name", "First Name", "users.givenName"),
        Attribute("middle_name", "Middle Name", "users.middleName"),
        Attribute("last_name", "Last Name", "users.familyName"),
        Attribute("username", "Username", "users.username"),
        Attribute("email", "Email Address", "users.email"),
        Attribute("user_type", "User Type", "users.role", "enum"),
        *((Attribute("grades", "Grades", "users.grades", "grades"),) if student else ()),
        Attribute("primary_school", "Primary School", "users.orgSourcedIds", "ref", "school"),
        Attribute("other_schools", "Other Schools", "users.orgSourcedIds", "refs", "school"),
        Attribute("identifier", "Identifier", "users.identifier"),
        Attribute("user_ids", "User IDs", "users.userIds", "user_ids"),
        Attribute("phone", "Phone", "users.phone", is_sensitive=True),
        Attribute("sms", "SMS", "users.sms", is_sensitive=True),
        *(_demographics() if student else ()),
        Attribute("contacts", "Contacts", "users.agentSourcedIds", "refs", "person"),
        Attribute("enabled", "Enabled", "users.enabledUser", "boolean"),
    )


ATTRIBUTES: dict[RecordType, tuple[Attribute, ...]] = {
    RecordType.SCHOOL: (
        Attribute("sis_id", "SIS ID", "orgs.sourcedId", "id"),
        Attribute("name", "School Name", "orgs.name"),
        Attribute("identifier", "Identifier", "orgs.identifier"),
        Attribute("parent_id", "Parent Id", "orgs.parentSourcedId", "ref", "org"),
    ),
    RecordType.SESSION: (
        Attribute("sis_id", "SIS ID", "academicSessions.sourcedId", "id"),
        Attribute("title", "Title", "academicSessions.title"),
        Attribute("type", "Type", "academicSessions.type", "enum"),
        Attribute("start_date", "Start Date", "academicSessions.startDate", "date"),
        Attribute("end_date", "End Date", "academicSessions.endDate", "date"),
        Attribute("parent_id", "Parent Id", "academicSessions.parentSourcedId", "ref", "session"),
        Attribute("school_year", "School Year", "academicSessions.schoolYear", "year"),
    ),
    RecordType.COURSE: (
        Attribute("sis_id", "SIS ID", "courses.sourcedId", "id"),
        Attribute("title", "Course Title", "courses.title"),
        Attribute("course_code", "Course Code", "courses.courseCode"),
        Attribute("grades", "Grades", "courses.grades", "grades"),
        Attribute("org_id", "Organization Id", "courses.orgSourcedId", "ref", "org"),
        Attribute("school_year_id", "School Year Id", "courses.schoolYearSourcedId", "ref", "session"),
        Attribute("subjects", "Subjects", "courses.subjects", "list"),
        Attribute("subject_codes", "Subject Codes", "courses.subjectCodes", "list"),
    ),
    RecordType.STUDENT: _person(student=True),
    RecordType.TEACHER: _person(student=False),
    RecordType.ADMIN: _person(student=False),
    RecordType.CONTACT: _person(student=False),
    RecordType.CLASS: (
        Attribute("sis_id", "SIS ID", "classes.sourcedId", "id"),
        Attribute("class_name", "Class Name", "classes.title"),
        Attribute("class_code", "Class Code", "classes.classCode"),
        Attribute("class_type", "Class Type", "classes.classType", "enum"),
        Attribute("grades", "Grades", "classes.grades", "grades"),
        Attribute("course_id", "Course Id", "classes.courseSourcedId", "ref", "course"),
        Attribute("school_id", "School Id", "classes.schoolSourcedId", "ref", "school"),
        Attribute("term_ids", "Term Ids", "classes.termSourcedIds", "refs", "session"),
        Attribute("location", "Location", "classes.location"),
        Attribute("subjects", "Subjects", "classes.subjects", "list"),
        Attribute("subject_codes", "Subject Codes", "classes.subjectCodes", "list"),
        Attribute("periods", "Periods", "classes.periods", "list"),
    ),
    RecordType.ENROLLMENT: (
        Attribute("sis_id", "SIS ID", "enrollments.sourcedId", "id"),
        Attribute("class_id", "Class ID", "enrollments.classSourcedId", "ref", "class"),
        Attribute("person_id", "Person Id", "enrollments.userSourcedId", "ref", "person"),
        Attribute("school_id", "School Id", "enrollments.schoolSourcedId", "ref", "school"),
        Attribute("role", "Role", "enrollments.role", "enum"),
        Attribute("primary", "Primary", "enrollments.primary", "boolean"),
        Attribute("begin_date", "Begin Date", "enrollments.beginDate", "date"),
        Attribute("end_date", "End Date", "enrollments.endDate", "date"),
    ),
}

# Which attribute says to which school a record belongs, for the breakdown by school; a session belongs to none.
SCHOOL_ATTRIBUTE: dict[RecordType, str] = {
    RecordType.SCHOOL: "mapped_school",
    RecordType.COURSE: "org_id",
    **dict.fromkeys(PERSON_TYPES, "primary_school"),
    RecordType.CLASS: "school_id",
    RecordType.ENROLLMENT: "school_id",
}

# Columns of the live tables that the portal works out and no header feeds.
DERIVED: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("mapped_school",),
    **dict.fromkeys(PERSON_TYPES, ("source_id",)),
    RecordType.ENROLLMENT: ("person_type",),
}


def attribute_names(record_type: RecordType) -> tuple[str, ...]:
    """The standard attribute names of a record type, in table order."""
    return tuple(attribute.name for attribute in ATTRIBUTES[record_type])


def find_attribute(record_type: RecordType, name: str) -> Attribute | None:
    """The standard attribute of that name, or None (a district's own extra attribute, or a misspelling)."""
    return next((attribute for attribute in ATTRIBUTES[record_type] if attribute.name == name), None)


def attribute_label(record_type: RecordType, name: str) -> str:
    """The screen's label of an attribute; a district's own extra attribute is shown by its name in words."""
    found = find_attribute(record_type, name)
    return found.label if found else name.removeprefix("metadata.").replace("_", " ").strip().title()


def live_columns(record_type: RecordType) -> tuple[str, ...]:
    """The text columns of the live table: the key, the derived ones and every attribute but sis_id (which is the key)."""
    return ("key", *DERIVED.get(record_type, ()), *(name for name in attribute_names(record_type) if name != "sis_id"))


def record_types() -> Iterator[RecordType]:
    """All nine record types, in the order in which they can be decided."""
    return iter(RecordType)


def display_name(record_type: RecordType, values: dict[str, str]) -> str:
    """What a person would call this record: a name, a title, or for an enrollment who is in which class."""
    if record_type in PERSON_TYPES:
        name = " ".join(filter(None, (values.get("first_name", ""), values.get("last_name", ""))))
    elif record_type is RecordType.ENROLLMENT:
        name = f"{values.get('person_id', '')} in {values.get('class_id', '')}"
    else:
        name = values.get("name") or values.get("title") or values.get("class_name") or ""
    return name or values.get("key", "") or "(no name)"

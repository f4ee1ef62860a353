"""The columns of the seven OneRoster rostering files and of manifest.csv, versions 1.0 and 1.1, as data.

Source: 1EdTech OneRoster CSV tables 1.1 and the 1.0 differences. Kinds are those of `records.values`.
"""

from dataclasses import dataclass

ONEROSTER_ZIP = "OneRoster.zip"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file.

    `required` means the header must be there; `kind` names the value rule; `refers_to` is the file whose sourcedId it holds.
    """

    header: str
    required: bool = False
    kind: str = "text"
    options: tuple[str, ...] = ()
    refers_to: str = ""
    old_header: str = ""  # the 1.0 spelling, where it differs
    since_11: bool = False  # not in 1.0: there its header may be missing


STATUS = ("active", "tobedeleted", "inactive")
USER_ROLES = ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
ENROLLMENT_ROLES = ("administrator", "proctor", "student", "teacher")
TOLERATED_ENROLLMENT_ROLES = ("aide", "guardian", "parent", "relative")
ORG_TYPES = ("department", "school", "district", "local", "state", "national")
SESSION_TYPES = ("gradingPeriod", "semester", "schoolYear", "term")
CLASS_TYPES = ("homeroom", "scheduled")
GENDERS = ("male", "female")
GRADES = ("IT", "PR", "PK", "TK", "KG", *(f"{n:02d}" for n in range(1, 14)), "PS", "UG", "Other")

_STAMP = (
    Column("sourcedId", required=True, kind="id"),
    Column("status", kind="enum", options=STATUS),
    Column("dateLastModified", kind="datetime"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "orgs": (
        *_STAMP,
        Column("name", required=True),
        Column("type", required=True, kind="enum", options=ORG_TYPES),
        Column("identifier"),
        Column("parentSourcedId", kind="ref", refers_to="orgs"),
    ),
    "academicSessions": (
        *_STAMP,
        Column("title", required=True),
        Column("type", required=True, kind="enum", options=SESSION_TYPES),
        Column("startDate", required=True, kind="date"),
        Column("endDate", required=True, kind="date"),
        Column("parentSourcedId", kind="ref", refers_to="academicSessions"),
        Column("schoolYear", required=True, kind="year", since_11=True),
    ),
    "courses": (
        *_STAMP,
        Column("schoolYearSourcedId", kind="ref", refers_to="academicSessions", old_header="schoolYearId"),
        Column("title", required=True),
        Column("courseCode"),
        Column("grades", kind="grades", old_header="grade"),
        Column("orgSourcedId", required=True, kind="ref", refers_to="orgs"),
        Column("subjects", kind="list"),
        Column("subjectCodes", kind="list", since_11=True),
    ),
    "users": (
        *_STAMP,
        Column("enabledUser", required=True, kind="boolean", since_11=True),
        Column("orgSourcedIds", required=True, kind="refs", refers_to="orgs"),
        Column("role", required=True, kind="enum", options=USER_ROLES),
        Column("username", required=True),
        Column("userIds", kind="user_ids", old_header="userId"),
        Column("givenName", required=True),
        Column("familyName", required=True),
        Column("middleName", since_11=True),
        Column("identifier"),
        Column("email"),
        Column("sms"),
        Column("phone"),
        Column("agentSourcedIds", kind="refs", refers_to="users", old_header="agents"),
        Column("grades", kind="grades", since_11=True),
        Column("password", kind="secret", since_11=True),
    ),
    "demographics": (
        Column("sourcedId", required=True, kind="id", refers_to="users", old_header="userSourcedId"),
        *_STAMP[1:],
        Column("birthDate", kind="date", old_header="birthdate"),
        Column("sex", kind="enum", options=GENDERS),
        Column("americanIndianOrAlaskaNative", kind="boolean"),
        Column("asian", kind="boolean"),
        Column("blackOrAfricanAmerican", kind="boolean"),
        Column("nativeHawaiianOrOtherPacificIslander", kind="boolean"),
        Column("white", kind="boolean"),
        Column("demographicRaceTwoOrMoreRaces", kind="boolean"),
        Column("hispanicOrLatinoEthnicity", kind="boolean"),
        Column("countryOfBirthCode"),
        Column("stateOfBirthAbbreviation"),
        Column("cityOfBirth"),
        Column("publicSchoolResidenceStatus"),
    ),
    "classes": (
        *_STAMP,
        Column("title", required=True),
        Column("grades", kind="grades", old_header="grade"),
        Column("courseSourcedId", required=True, kind="ref", refers_to="courses"),
        Column("classCode"),
        Column("classType", required=True, kind="enum", options=CLASS_TYPES),
        Column("location"),
        Column("schoolSourcedId", required=True, kind="ref", refers_to="orgs"),
        Column("termSourcedIds", required=True, kind="refs", refers_to="academicSessions", old_header="termSourcedId"),
        Column("subjects", kind="list"),
        Column("subjectCodes", kind="list", since_11=True),
        Column("periods", kind="list", since_11=True),
    ),
    "enrollments": (
        *_STAMP,
        Column("classSourcedId", required=True, kind="ref", refers_to="classes"),
        Column("schoolSourcedId", required=True, kind="ref", refers_to="orgs"),
        Column("userSourcedId", required=True, kind="ref", refers_to="users"),
        Column("role", required=True, kind="enum", options=ENROLLMENT_ROLES),
        Column("primary", kind="boolean"),
        Column("beginDate", kind="date", since_11=True),
        Column("endDate", kind="date", since_11=True),
    ),
}

FILES: tuple[str, ...] = tuple(TABLES)  # in the order in which they can be decided: what is referred to comes first
FILE_NAMES: tuple[str, ...] = tuple(f"{file}.csv" for file in FILES)
MANIFEST = "manifest.csv"
MANIFEST_MODES = ("absent", "bulk", "delta")
OTHER_MANIFEST_FILES = ("categories", "classResources", "courseResources", "lineItems", "resources", "results")

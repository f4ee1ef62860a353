"""The nine tables of the live roster. References hold keys, not row numbers, so that tables load in bulk without look-ups."""

from django.db import models

from accounts.scoping import DistrictOwned
from records.attributes import RecordType
from roster.models.fields import KeyText, RowId, key, text


class LiveRecord(DistrictOwned):
    """What every live record has beside its attributes. A deleted record is marked, hidden at once, and purged later."""

    id = RowId(primary_key=True)
    district = models.ForeignKey("accounts.District", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    key = KeyText()
    fingerprint = models.BigIntegerField()
    extra = models.JSONField(null=True, blank=True)
    first_sync = models.BigIntegerField()
    last_sync = models.BigIntegerField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictOwned.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.key


def _once(table: str) -> list[models.BaseConstraint]:
    return [models.UniqueConstraint("district", "key", name=f"{table}_once")]


class School(LiveRecord):
    """A school of orgs.csv, and the portal's organization it is mapped to."""

    mapped_school = key()
    name = text()
    identifier = text()
    parent_id = key()

    class Meta(LiveRecord.Meta):
        constraints = _once("school")


class Session(LiveRecord):
    title = text()
    type = text()
    start_date = text()
    end_date = text()
    parent_id = key()
    school_year = text()

    class Meta(LiveRecord.Meta):
        constraints = _once("session")


class Course(LiveRecord):
    title = text()
    course_code = text()
    grades = text()
    org_id = key()
    school_year_id = key()
    subjects = text()
    subject_codes = text()

    class Meta(LiveRecord.Meta):
        constraints = _once("course")


class Person(LiveRecord):
    """What students, teachers, admins and contacts share. `source_id` is the sourcedId in users.csv, whatever feeds the SIS ID."""

    source_id = key()
    first_name = text()
    middle_name = text()
    last_name = text()
    username = text()
    email = text()
    user_type = text()
    primary_school = key()
    other_schools = text()
    identifier = text()
    user_ids = text()
    phone = text()
    sms = text()
    contacts = text()
    enabled = text()

    class Meta(LiveRecord.Meta):
        abstract = True


def _person_indexes(table: str) -> list[models.Index]:
    return [
        models.Index(fields=["district", "last_name", "first_name"], name=f"{table}_by_name"),
        models.Index(fields=["district", "primary_school"], name=f"{table}_by_school"),
    ]


class Student(Person):
    grades = text()
    gender = text()
    birth_date = text()
    american_indian_or_alaska_native = text()
    asian = text()
    black_or_african_american = text()
    native_hawaiian_or_other_pacific_islander = text()
    white = text()
    two_or_more_races = text()
    hispanic_or_latino = text()
    country_of_birth = text()
    state_of_birth = text()
    city_of_birth = text()
    public_school_residence_status = text()

    class Meta(Person.Meta):
        constraints = _once("student")
        indexes = _person_indexes("student")


class Teacher(Person):
    class Meta(Person.Meta):
        constraints = _once("teacher")
        indexes = _person_indexes("teacher")


class Admin(Person):
    class Meta(Person.Meta):
        constraints = _once("admin")
        indexes = _person_indexes("admin")


class Contact(Person):
    class Meta(Person.Meta):
        constraints = _once("contact")
        indexes = _person_indexes("contact")


class Class(LiveRecord):
    class_name = text()
    class_code = text()
    class_type = text()
    grades = text()
    course_id = key()
    school_id = key()
    term_ids = text()
    location = text()
    subjects = text()
    subject_codes = text()
    periods = text()

    class Meta(LiveRecord.Meta):
        constraints = _once("class")
        indexes = [models.Index(fields=["district", "school_id"], name="class_by_school")]
        verbose_name_plural = "classes"


class Enrollment(LiveRecord):
    """Who is in which class. `person_type` says in which table `person_id` is found."""

    class_id = key()
    person_id = key()
    person_type = text()
    school_id = key()
    role = text()
    primary = text()
    begin_date = text()
    end_date = text()

    class Meta(LiveRecord.Meta):
        constraints = _once("enrollment")
        indexes = [
            models.Index(fields=["district", "class_id"], name="enrollment_by_class"),
            models.Index(fields=["district", "person_id"], name="enrollment_by_person"),
        ]


LIVE: dict[RecordType, type[LiveRecord]] = {
    RecordType.SCHOOL: School,
    RecordType.SESSION: Session,
    RecordType.COURSE: Course,
    RecordType.STUDENT: Student,
    RecordType.TEACHER: Teacher,
    RecordType.ADMIN: Admin,
    RecordType.CONTACT: Contact,
    RecordType.CLASS: Class,
    RecordType.ENROLLMENT: Enrollment,
}

"""A district with people, a small live roster, issues, and syncs in any state, made through the models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import District, Membership, Role, User
from accounts.services.create_district import create_district
from dataquality.models import Issue
from imports.models import Delivery, ImportApp, StoredFile, Sync, SyncDetail, Transition
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from imports.states import HoldKind, State
from records.attributes import RecordType
from records.outcomes import COUNTS
from roster.models import LIVE, Organization, RosterState
from tests.integration.imports_ui.files import write_zip

PASSWORD = "a-long-enough-password"
FILES = ("academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users")


@dataclass
class World:
    """One district and what a test asks of it."""

    slug: str = "north"
    district: District = field(init=False)
    owner: User = field(init=False)
    app: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Make the district, its owner and the CSV Upload app."""
        self.district, self.owner = create_district(
            slug=self.slug, name=f"{self.slug.title()} Valley Schools", admin_email=f"owner@{self.slug}.example.org", password=PASSWORD
        )
        self.app = activate_app(district=self.district, kind=ImportApp.Kind.CSV_UPLOAD, by=self.owner)

    def member(self, role: Role) -> User:
        """A member of that role."""
        user, is_new = User.objects.get_or_create(email=f"{role}@{self.slug}.example.org", defaults={"name": f"{role.label} Person"})
        if is_new:
            Membership.objects.create(district=self.district, user=user, role=role)
        return user

    def client(self, role: Role = Role.OWNER, **options: Any) -> Client:
        """A browser in which a member of that role is signed in."""
        client = Client(**options)
        client.force_login(self.owner if role is Role.OWNER else self.member(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    # --- the live roster ---------------------------------------------------------------------------------------------

    def school(self, key: str = "S-1", name: str = "North High") -> Organization:
        """A school of the portal and the school of the files that is mapped to it."""
        organization = Organization.objects.create(district=self.district, key=key, name=name, kind=Organization.Kind.SCHOOL, region="West")
        self.record(RecordType.SCHOOL, f"src-{key}", name=name, mapped_school=key, identifier=f"id-{key}")
        return organization

    def record(self, record_type: RecordType, key: str, **values: Any) -> Any:
        """One live record."""
        fixed = {"fingerprint": 1, "first_sync": 1, "last_sync": 1}
        return LIVE[record_type].objects.create(district=self.district, key=key, **{**fixed, **values})

    def student(self, key: str, first: str = "Ana", last: str = "Lopez", **values: Any) -> Any:
        """One live student."""
        usual = {
            "source_id": key,
            "email": f"{key}@example.org",
            "username": key,
            "grades": "03",
            "primary_school": "S-1",
            "birth_date": "2014-03-02",
        }
        return self.record(RecordType.STUDENT, key, first_name=first, last_name=last, **{**usual, **values})

    def roster(self, students: int = 3) -> None:
        """A school with students, a teacher, a contact, a course, a class, a session and enrollments; counts in the state."""
        self.school()
        year = {"title": "2026-2027", "type": "schoolYear", "start_date": "2026-08-01", "end_date": "2027-06-30", "school_year": "2027"}
        self.record(RecordType.SESSION, "Y-1", **year)
        self.record(RecordType.COURSE, "CO-1", title="Algebra I", course_code="ALG1", org_id="S-1", school_year_id="Y-1")
        self.record(
            RecordType.CLASS,
            "C-1",
            class_name="Algebra I, period 2",
            course_id="CO-1",
            school_id="S-1",
            term_ids="Y-1",
            class_type="scheduled",
        )
        self.record(
            RecordType.TEACHER, "T-1", source_id="T-1", first_name="Maria", last_name="Weber", primary_school="S-1", email="m@example.org"
        )
        self.record(RecordType.ADMIN, "A-1", source_id="A-1", first_name="Olu", last_name="Adeyemi", primary_school="S-1")
        self.record(
            RecordType.CONTACT, "P-1", source_id="P-1", first_name="Rosa", last_name="Lopez", primary_school="S-1", contacts="ST-0000"
        )
        for number in range(students):
            key = f"ST-{number:04d}"
            self.student(key, last=f"Lopez {number:04d}", contacts="P-1", extra={"lunch": "free"})
            self.record(
                RecordType.ENROLLMENT, f"E-{number}", class_id="C-1", person_id=key, person_type="student", school_id="S-1", role="student"
            )
        self.record(
            RecordType.ENROLLMENT,
            "E-T",
            class_id="C-1",
            person_id="T-1",
            person_type="teacher",
            school_id="S-1",
            role="teacher",
            primary="true",
        )
        counts = dict.fromkeys(("school", "session", "course", "teacher", "admin", "contact", "class"), 1)
        counts |= {"student": students, "enrollment": students + 1}
        RosterState.objects.create(district=self.district, version=1, counts=counts, by_school={"S-1": {**counts, "session": 0}})

    def state(self) -> RosterState:
        """The state of the live roster."""
        return RosterState.objects.of(self.district).get()

    def issue(self, number: int = 1, **values: Any) -> Issue:
        """One open issue."""
        usual = {
            "app": "csv_upload", "identity": number, "record_type": "student", "record_key": f"X-{number}", "record_name": f"Nora {number}",
            "school": "S-1", "code": "required-attribute-missing", "outcome": "skipped", "attribute": "grades", "file": "users.csv",
            "line": number + 1, "first_sync": 1, "last_sync": 1, "opened_at": timezone.now(),
        }  # fmt: skip
        return Issue.objects.create(district=self.district, **{**usual, **values})

    # --- real imports ------------------------------------------------------------------------------------------------

    def configure(self, document: dict[str, Any]) -> None:
        """Give the app a configuration."""
        save_config(app=self.app, document=document, by=self.owner)
        self.app.refresh_from_db()

    def import_files(self, files: Mapping[str, str], folder: Path) -> Sync:
        """One delivery through the real services, worked in this process."""
        path = write_zip(files, folder / "OneRoster.zip")
        delivery = receive_delivery(app=self.app, uploads=[Upload("OneRoster.zip", path)], source=Delivery.Source.BROWSER, by=self.owner)
        sync = start_sync(delivery=delivery, by=self.owner, wake=False)
        run_sync(sync.pk, wakes_next=False)
        return Sync.objects.of(self.district).select_related("detail").get(pk=sync.pk)

    # --- syncs -------------------------------------------------------------------------------------------------------

    def delivery(self) -> Delivery:
        """A delivery with one stored zip."""
        delivery = Delivery.objects.create(
            district=self.district, app=self.app, source=Delivery.Source.BROWSER, received_by=self.owner, ignored=["users.csv"]
        )
        StoredFile.objects.create(
            district=self.district, delivery=delivery, name="OneRoster.zip", size=123456, sha256="ab" * 32, stored_as="deliveries/x"
        )
        return delivery

    def sync(self, state: State, *, with_result: bool | None = None, **values: Any) -> Sync:
        """A sync in that state, with the result such a sync has."""
        now = timezone.now()
        has_result = (
            state not in {State.QUEUED, State.RUNNING, State.NEEDS_SCHOOL_MAPPING, State.CANCELLED} if with_result is None else with_result
        )
        usual: dict[str, Any] = {"created_by": self.owner, "started_at": now - timedelta(seconds=10)}
        if has_result:
            usual |= {
                "rows_in_files": 104,
                "rows_accepted": 100,
                "error_count": 2,
                "issue_count": 3,
                "duration_seconds": 2.0,
                "peak_memory_mb": 180.4,
            }
        if state is State.HELD:
            usual |= {
                "hold_kind": HoldKind.THRESHOLD,
                "hold_detail": "20 of 100 students would be deleted (20.0 %), more than the limit of 10 %.",
            }
        if state is State.FAILED:
            usual |= {"failure": "users.csv has no header sourcedId. Add it and upload again."}
        sync = Sync.objects.create(
            district=self.district, app=self.app, delivery=self.delivery(), config=self.app.config, state=state, **{**usual, **values}
        )
        detail = _result() if has_result else {}
        if state is State.NEEDS_SCHOOL_MAPPING:
            detail = {
                "unmapped": [{"source_id": f"src-{n}", "name": f"School {n}", "identifier": f"10{n}", "rows": 10 * n} for n in (1, 2, 3)]
            }
        SyncDetail.objects.create(sync=sync, **detail)
        Transition.objects.create(sync=sync, to_state=State.QUEUED, by=self.owner)
        if state is not State.QUEUED:
            Transition.objects.create(sync=sync, from_state=State.QUEUED, to_state=state, reason="Because of the test.")
        return sync


def _result() -> dict[str, Any]:
    """The larger parts of a finished sync: 104 rows of students and a class, four of them left out."""
    nothing = dict.fromkeys(COUNTS, 0)
    left_out = dict.fromkeys(("skipped", "excluded", "duplicate", "invalid"), 1)
    taken = {"in_file": 103, "created": 60, "updated": 30, "unchanged": 9, "reported": 5, "deleted": 20, "live": 99}
    student = {**nothing, **taken, **left_out}
    klass = {**nothing, "in_file": 1, "unchanged": 1, "live": 1}
    counts = {record_type.value: dict(nothing) for record_type in RecordType} | {"student": student, "class": klass}
    return {
        "counts": counts,
        "by_school": {"S-1": {"student": student, "class": klass}, "": {"student": {**nothing, "in_file": 1, "invalid": 1}}},
        "findings": [
            {"code": "required-attribute-missing", "outcome": "skipped", "record_type": "student", "count": 1},
            {"code": "reference-dangling", "outcome": "invalid", "record_type": "student", "count": 1},
        ],
        "thresholds": {"all": {"update_share": 0.3, "deletion_share": 0.2}, "student": {"update_share": 0.3, "deletion_share": 0.2}},
        "files": [
            {"name": f"{name}.csv", "rows": 104, "encoding": "utf-8", "sha256": "cd" * 32, "mode": "bulk", "size": 20480} for name in FILES
        ],
        "notes": ["users.csv is not UTF-8; it was read as Windows-1252."],
    }

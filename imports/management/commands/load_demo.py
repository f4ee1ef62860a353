"""`manage.py load_demo`: a demo district with people of every role and two days of imports."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import District, Role, User
from accounts.services.create_district import create_district
from accounts.services.people import invite_person
from formats.oneroster.tables import FILE_NAMES
from imports.management.demo_faults import add_faults
from imports.management.working import exit_code, work_through
from imports.models import Delivery, ImportApp
from imports.services.activate_app import activate_app
from imports.services.map_schools import auto_map
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.start_sync import start_sync
from imports.states import State
from synthetic import write_district

SLUG, NAME, STUDENTS, SEED = "demo", "Demo District", 1_000, 1
ADMIN, PASSWORD = "admin@demo.example", "demo-roster-portal"
PEOPLE = {
    "owner@demo.example": Role.OWNER,
    "editor@demo.example": Role.EDITOR,
    "approver@demo.example": Role.APPROVER,
    "viewer@demo.example": Role.VIEWER,
}


class Command(BaseCommand):
    help = "Loads a demo district into a portal that has no district yet: people of every role, and two deliveries of invented students."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_ENV == "production":
            raise CommandError("A demo district has a password that everybody knows, so it is not loaded into a production portal.")
        if District.objects.exists():
            raise CommandError("The portal has districts already. A demo district is only loaded into an empty portal.")
        district, owner = _create_people()
        settings.PATHS.demo_sign_in.write_text(f"{ADMIN}\n{PASSWORD}\n", encoding="utf-8")
        with TemporaryDirectory(prefix="demo-") as folder:
            for day in (0, 1):
                files = Path(folder) / f"day-{day}"
                write_district(files, students=STUDENTS, seed=SEED, day=day)
                if day:
                    add_faults(files)
                self._import(district, owner, files)
        others = ", ".join(PEOPLE)
        self.stdout.write(f"The demo district is loaded. Sign in as {ADMIN} with the password {PASSWORD}; so can {others}.")

    def _import(self, district: District, owner: User, folder: Path) -> None:
        app = activate_app(district=district, kind=ImportApp.Kind.CSV_UPLOAD, by=owner)
        uploads = [Upload(name, folder / name) for name in FILE_NAMES]
        delivery = receive_delivery(app=app, uploads=uploads, source=Delivery.Source.COMMAND, by=owner)
        sync = work_through(start_sync(delivery=delivery, by=owner, wake=False), say=self.stderr.write)
        if sync.state == State.NEEDS_SCHOOL_MAPPING:
            auto_map(sync=sync, by=owner, wake=False)
            sync = work_through(sync, say=self.stderr.write)
        if exit_code(sync):
            raise CommandError(f"The demo delivery ended as {sync.get_state_display().lower()}. {sync.failure}")


@transaction.atomic
def _create_people() -> tuple[District, User]:
    """The district with its owner, and one person of every role; all have the demo password."""
    district, owner = create_district(slug=SLUG, name=NAME, admin_email=ADMIN, password=PASSWORD)
    for email, role in PEOPLE.items():
        person = invite_person(district=district, email=email, name=f"Demo {role.label}", role=role, by=owner, address=None).user
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return district, owner

"""A small district whose files hold every kind of fault, imported by the real services."""

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from accounts.models import District
from imports.models import Delivery, ImportApp, Sync
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from portal.paths import DataPaths
from records import changeset
from synthetic import write_district

Rows = list[dict[str, str]]
Edit = Callable[[dict[str, Rows]], None]
LUNCH = "metadata.lunch"
CONFIG: dict[str, Any] = {
    "schools": {"all_missing_as_new": True},
    "attributes": {"student": {"lunch": f"users.{LUNCH}"}},
    "requirements": {"student": {"last_name": "skip", "sms": "report"}},
}


@pytest.fixture(scope="session")
def district_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    write_district(folder, students=60, seed=7)
    (folder / "OneRoster.zip").unlink()
    return folder


def students(files: dict[str, Rows]) -> Rows:
    return [row for row in files["users"] if row["role"] == "student"]


class Portal:
    """One district with its CSV Upload app; every delivery starts from the district's first extract."""

    def __init__(self, slug: str, files: Path, folder: Path) -> None:
        self._files, self._folder, self._deliveries = files, folder, 0
        self.district = District.objects.create(slug=slug, name=slug.title())
        self.app: ImportApp = activate_app(district=self.district, kind="csv_upload", by=None)
        self.configure(CONFIG)

    def students(self) -> Rows:
        """The students of the district's first extract."""
        with (self._files / "users.csv").open(encoding="utf-8", newline="") as source:
            return students({"users": list(csv.DictReader(source))})

    def configure(self, document: dict[str, Any]) -> None:
        save_config(app=self.app, document=document, by=None)
        self.app.refresh_from_db()

    def deliver(self, edit: Edit = lambda files: None, *, last_line: str = "") -> Sync:
        """Import the files as edited, `last_line` below users.csv."""
        folder = self.write(edit, last_line)
        uploads = [Upload(path.name, path) for path in sorted(folder.iterdir())]
        delivery = receive_delivery(app=self.app, uploads=uploads, source=Delivery.Source.COMMAND, by=None)
        sync = start_sync(delivery=delivery, by=None, wake=False)
        run_sync(sync.pk, wakes_next=False)
        return self.reload(sync)

    def write(self, edit: Edit, last_line: str) -> Path:
        self._deliveries += 1
        folder = self._folder / str(self._deliveries)
        shutil.copytree(self._files, folder)
        files: dict[str, Rows] = {}
        for path in sorted(folder.glob("*.csv")):
            if path.stem != "manifest":
                with path.open(encoding="utf-8", newline="") as source:
                    files[path.stem] = list(csv.DictReader(source))
        for row in files["users"]:
            row[LUNCH] = "paid" if row["role"] == "student" else ""
        edit(files)
        for name, rows in files.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
                writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                target.write(last_line if name == "users" else "")
        return folder

    @staticmethod
    def reload(sync: Sync) -> Sync:
        return Sync.unscoped.select_related("app", "district", "config", "detail").get(pk=sync.pk)


RENAMED, FREE, GONE, SHARES, HOLDS, NAMELESS, INACTIVE, KEYLESS, BORN = range(9)  # what becomes of the first students


def spoil(files: dict[str, Rows]) -> None:
    """Faults of every kind in the rows of the first students."""
    listed = students(files)
    listed[RENAMED]["givenName"] = "Zoë"
    listed[FREE][LUNCH] = "free"
    listed[SHARES]["email"] = listed[HOLDS]["email"]
    listed[NAMELESS]["familyName"] = ""
    listed[INACTIVE]["status"] = "inactive"
    listed[KEYLESS]["sourcedId"] = ""
    for row in files["demographics"]:
        if row["sourcedId"] == listed[BORN]["sourcedId"]:
            row["birthDate"] = "=HYPERLINK(1)"
    files["users"].remove(listed[GONE])


@dataclass(frozen=True, slots=True)
class World:
    """A district after two imports: its files as they are, then with faults. Tests only read it."""

    portal: Portal
    students: Rows
    first: Sync
    spoiled: Sync


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, district_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    paths = DataPaths(tmp_path_factory.mktemp("shared"))
    paths.create()
    storages = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": {"location": paths.files}}}
    with (
        django_db_blocker.unblock(),
        override_settings(PATHS=paths, STORAGES=storages),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(changeset, "GROUP_ROWS", 20)  # so that even a small district fills many row groups
        portal = Portal("shared", district_files, tmp_path_factory.mktemp("deliveries"))
        yield World(portal, portal.students(), portal.deliver(), portal.deliver(spoil, last_line="too,few\n"))
        transaction.set_rollback(True)


@pytest.fixture
def spoiled(world: World) -> Sync:
    return world.spoiled


@pytest.fixture
def portal(db: None, data_dir: Path, district_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """A district of the test's own, without any import yet."""
    return Portal("demo", district_files, tmp_path_factory.mktemp("deliveries"))

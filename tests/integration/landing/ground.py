"""A landing zone as its client and a run see it, and the law of its bytes: what was ever closed lies in exactly one place."""

import hashlib
import io
import itertools
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from accounts.models import District
from formats.oneroster.tables import FILE_NAMES, TABLES
from imports.models import Arrival, ImportApp, LandingRun, LandingZone, Sync
from imports.services.activate_app import activate_app
from imports.services.arrivals import note_arrivals
from imports.services.run_landing import run_landing
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.states import WORKING
from imports.zone import Zone
from tests.unit.steps.kit import Row, district, to_csv

_numbers = itertools.count(1)
ALL_NEW: dict[str, Any] = {"schools": {"all_missing_as_new": True, "mapping": {}}}
MANIFEST = "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.1\r\n" + "".join(f"file.{name},bulk\r\n" for name in TABLES)


def eight(**changes: Any) -> dict[str, bytes]:
    """The eight files of a small district, with these changes to its rows."""
    return {**seven(**changes), "manifest.csv": MANIFEST.encode()}


def seven(**changes: Any) -> dict[str, bytes]:
    """The same without the manifest."""
    return {f"{name}.csv": csv_of(name, rows) for name, rows in district(**changes).items()}


def csv_of(name: str, rows: Sequence[Row]) -> bytes:
    return to_csv(name, rows).encode()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """The files packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


@dataclass
class Ground:
    """One district with the SFTP app. `closed` counts the contents that a client closed properly and did not overwrite or remove."""

    document: dict[str, Any] = field(default_factory=dict)
    district: District = field(init=False)
    app: ImportApp = field(init=False)
    closed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Make the district and activate the app; every school is imported as new."""
        self.district = District.objects.create(slug=f"zone-{next(_numbers)}", name="Zone", time_zone="America/New_York")
        self.app = activate_app(district=self.district, kind=ImportApp.Kind.SFTP, by=None)
        self.configure(self.document)

    def configure(self, document: Mapping[str, Any]) -> None:
        save_config(app=self.app, document={**ALL_NEW, **document}, by=None)
        self.app.refresh_from_db()

    @property
    def row(self) -> LandingZone:
        return LandingZone.objects.of(self.district).get()

    @property
    def zone(self) -> Zone:
        return Zone(self.row.pk)

    # --- the client ---------------------------------------------------------------------------------------------------

    def put(self, path: str, content: bytes) -> None:
        """Upload a file and close it, as the server does it."""
        self.begin(path, content)
        with self.zone.lock():
            self.zone.unmark(path)
        self.closed[_hash(content)] += 1

    def begin(self, path: str, content: bytes = b"half of it") -> None:
        """Begin an upload, and do not close it."""
        target = self.zone.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not self.zone.is_marked(path):
            self.closed[_hash(target.read_bytes())] -= 1
        with self.zone.lock():
            self.zone.mark(path)
        target.write_bytes(content)

    def put_all(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            self.put(path, content)

    def remove(self, path: str) -> None:
        self.closed[_hash((self.zone.root / path).read_bytes())] -= 1
        with self.zone.lock():
            (self.zone.root / path).unlink()
            self.zone.unmark(path)

    # --- the portal ---------------------------------------------------------------------------------------------------

    def scan(self) -> list[Arrival]:
        return note_arrivals(self.app)

    def run(self, reason: LandingRun.Reason = LandingRun.Reason.MANUAL, **more: Any) -> LandingRun:
        return run_landing(app=self.app, reason=reason, wake=False, **more)

    def import_waiting(self) -> Sync:
        """Run, and work what was queued to its end."""
        run = self.run()
        assert run.sync is not None, run.outcome
        return self.work(run.sync)

    def work(self, sync: Sync) -> Sync:
        run_sync(sync.pk, wakes_next=False)
        found = Sync.objects.of(self.district).select_related("detail", "delivery", "app", "config", "district").get(pk=sync.pk)
        assert found.state not in WORKING, found.state
        return found

    # --- facts --------------------------------------------------------------------------------------------------------

    def states(self) -> list[tuple[str, str]]:
        """Path and state of every arrival, oldest first."""
        return list(Arrival.objects.of(self.district).order_by("pk").values_list("path", "state"))

    def arrival(self, path: str) -> Arrival:
        """The newest arrival at a place."""
        found = Arrival.objects.of(self.district).filter(path=path).order_by("-pk").first()
        assert found is not None, path
        return found

    def lying(self) -> list[str]:
        """What lies in the zone beside what the portal keeps there."""
        return sorted(
            str(path.relative_to(self.zone.root)) for path in _files(self.zone.root) if _top(self.zone, path) not in {"archive", "receipts"}
        )

    def archived(self) -> list[str]:
        return sorted(str(path.relative_to(self.zone.archive)) for path in _files(self.zone.archive))

    def receipts(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.zone.receipts.iterdir())}

    def receipt(self, arrival: Arrival) -> str:
        """The one receipt of an arrival, in which its hash stands."""
        found = [text for text in self.receipts().values() if arrival.sha256 in text and f"File:    {arrival.path}\n" in text]
        assert len(found) == 1, self.receipts()
        return found[0]

    def check_law(self) -> None:
        """Every byte is where it belongs, once, and what stands in the database is true."""
        zone = self.zone
        kept = [path for path in _files(zone.root) if _top(zone, path) != "receipts"] + _files(zone.taking)
        unfinished = {zone.root / path for path in zone._marked()}
        assert Counter(_hash(path.read_bytes()) for path in kept if path not in unfinished) == +self.closed
        for arrival in Arrival.objects.of(self.district).filter(state=Arrival.State.WAITING):
            assert _hash((zone.root / arrival.path).read_bytes()) == arrival.sha256 or zone.is_marked(arrival.path)
        for sync in Sync.objects.of(self.district).select_related("delivery"):
            if sync.delivery.batch and not list(zone.taking.iterdir()):
                folder = zone.archive / sync.delivery.archived_as
                stored = sync.delivery.files.all()
                assert {file.name for file in stored} == {path.name for path in folder.iterdir() if path.is_file()}
                for file in stored:
                    assert default_storage.open(file.stored_as).read() == (folder / file.name).read_bytes()
                    assert _hash((folder / file.name).read_bytes()) == file.sha256
                taken = sync.delivery.arrivals.filter(state=Arrival.State.TAKEN)
                assert set(taken.values_list("path", flat=True)) == {file.name for file in stored}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _top(zone: Zone, path: Path) -> str:
    return path.relative_to(zone.root).parts[0]


ROSTER = (*FILE_NAMES, "manifest.csv")

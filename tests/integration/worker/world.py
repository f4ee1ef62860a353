"""A district whose syncs are worked for real, and the facts by which a test tells one live roster from another."""

import csv
import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accounts.models import District, User
from accounts.services.create_district import create_district
from dataquality.models import Issue
from imports.files import local_artifacts
from imports.models import Delivery, ImportApp, Sync
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from imports.states import State
from records import changeset
from records.attributes import RecordType
from roster.models import LIVE, RosterState
from synthetic import write_district

ALL_NEW = {"schools": {"all_missing_as_new": True}}
WITHOUT_EMAIL = 40  # every so many people have an issue
Row = dict[str, str]


@dataclass
class World:
    """One district with the CSV Upload app, where every school is imported as new."""

    folder: Path
    slug: str = "north"
    document: dict[str, Any] = field(default_factory=lambda: ALL_NEW)
    district: District = field(init=False)
    owner: User = field(init=False)
    app: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Make the district, its owner and the app."""
        self.district, self.owner = create_district(
            slug=self.slug, name=self.slug.title(), admin_email=f"owner@{self.slug}.example.org", password="a-long-enough-password"
        )
        self.app = activate_app(district=self.district, kind=ImportApp.Kind.CSV_UPLOAD, by=self.owner)
        self.configure(self.document)

    def configure(self, document: dict[str, Any]) -> None:
        """Make the document the app's configuration."""
        save_config(app=self.app, document=document, by=self.owner)
        self.app.refresh_from_db()

    def receive(self, archive: Path, app: ImportApp | None = None) -> Delivery:
        """Deliver a zip."""
        return receive_delivery(app=app or self.app, uploads=[Upload("OneRoster.zip", archive)], source="browser", by=self.owner)

    def queue(self, archive: Path, *, wake: bool = False, app: ImportApp | None = None) -> Sync:
        """Deliver a zip and queue its sync."""
        return start_sync(delivery=self.receive(archive, app), by=self.owner, wake=wake)

    def run(self, archive: Path, app: ImportApp | None = None) -> Sync:
        """Deliver a zip and work its sync here and now."""
        sync = self.queue(archive, app=app)
        run_sync(sync.pk, wakes_next=False)
        sync.refresh_from_db()
        return sync

    # --- facts -------------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """How often a change set was applied."""
        state = RosterState.objects.of(self.district).first()
        return state.version if state else 0

    def roster(self) -> str:
        """One hash of all nine tables: every key with its fingerprint, and whether it is deleted."""
        digest = hashlib.sha256()
        for record_type in RecordType:
            rows = LIVE[record_type].objects.of(self.district).order_by("key").values_list("key", "fingerprint", "deleted_at")
            digest.update(repr([record_type.value, *((key, print_, gone is not None) for key, print_, gone in rows)]).encode())
        return digest.hexdigest()

    def live(self) -> dict[str, int]:
        """Live records by type, counted."""
        return {kind.value: LIVE[kind].objects.of(self.district).filter(deleted_at=None).count() for kind in RecordType}

    def open_issues(self) -> set[int]:
        """The identities of the open issues."""
        return set(Issue.objects.of(self.district).filter(resolved_at=None).values_list("identity", flat=True))

    def snapshot(self) -> tuple[str, frozenset[int], int]:
        """All that an apply changes: roster, open issues, version."""
        return self.roster(), frozenset(self.open_issues()), self.version

    def check_whole(self) -> None:
        """What must hold at any moment: counts, issues and artifacts agree with the tables."""
        state = RosterState.objects.of(self.district).first()
        live = self.live()
        assert (state.counts if state and state.version else dict.fromkeys(live, 0)) == live
        applied = Sync.objects.of(self.district).filter(state__in=[State.COMPLETED, State.COMPLETED_WITH_ISSUES]).order_by("pk")
        assert (state.version if state else 0) == len(applied)
        keys = Issue.objects.of(self.district).filter(resolved_at=None).values_list("app", "identity")
        assert len(keys) == len(set(keys))
        for sync in Sync.objects.of(self.district).select_related("detail", "repeats__detail").exclude(artifacts="").order_by("-pk")[:3]:
            check_artifacts(sync)


def check_artifacts(sync: Sync) -> None:
    """The folder that a sync names is there, can be read to the end, and says what the sync's counts say."""
    folder = local_artifacts(sync.artifacts)
    changeset.read_findings(folder)
    if sync.state == State.FAILED:
        return
    named = sync.repeats or sync
    for kind, counts in named.detail.counts.items():
        path = changeset.rows_path(folder, RecordType(kind))
        outcomes = pq.read_table(path).column("outcome").to_pylist() if path.exists() else []
        for outcome in ("created", "updated", "skipped", "excluded", "duplicate", "invalid"):
            assert outcomes.count(outcome) == counts[outcome], (sync, kind, outcome)


def pack(folder: Path, archive: Path, *, level: int = zipfile.ZIP_DEFLATED) -> Path:
    """Zip the files of a folder."""
    with zipfile.ZipFile(archive, "w", level) as target:
        for path in sorted(folder.glob("*.csv")):
            target.write(path, path.name)
    return archive


def edit(path: Path, change: Callable[[int, Row], Row | None]) -> None:
    """Rewrite a CSV row by row; None drops the row."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        names, rows = reader.fieldnames or [], list(reader)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, names)
        writer.writeheader()
        writer.writerows(kept for number, row in enumerate(rows) if (kept := change(number, dict(row))) is not None)


def make_archive(folder: Path, *, students: int, change_share: float | None = None, seed: int = 7, faulty: int = WITHOUT_EMAIL) -> Path:
    """A believable district as a zip; every `faulty`th person has no e-mail address."""
    made = folder / f"files-{students}-{change_share}-{seed}-{faulty}"
    archive = folder / f"{made.name}.zip"
    if not archive.exists():
        write_district(made, students=students, seed=seed, change_share=change_share)
        edit(made / "users.csv", lambda number, row: {**row, "email": ""} if number % faulty == 0 else row)
        pack(made, archive)
        shutil.rmtree(made)
    return archive

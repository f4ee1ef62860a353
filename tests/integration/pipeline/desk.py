"""A district whose deliveries run through the services, on the database of this run."""

import itertools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.models import District
from formats.oneroster.tables import TABLES
from imports.files import local_artifacts
from imports.models import ImportApp, Sync
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from records.attributes import RecordType, live_columns
from records.changeset import read_findings
from roster.models import LIVE
from tests.unit.steps.kit import Row, read_rows, to_csv

_numbers = itertools.count(1)
ALL_NEW: dict[str, Any] = {"schools": {"all_missing_as_new": True, "mapping": {}}}


@dataclass
class Desk:
    """One district with the CSV Upload app."""

    document: dict[str, Any] = field(default_factory=dict)
    district: District = field(init=False)
    app: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Make the district, and configure the app to take every school."""
        self.district = District.objects.create(slug=f"law-{next(_numbers)}", name="Law", time_zone="UTC")
        self.app = activate_app(district=self.district, kind=ImportApp.Kind.CSV_UPLOAD, by=None)
        self.configure(self.document)

    def configure(self, document: Mapping[str, Any]) -> None:
        """Save a configuration; what it leaves out has its default, but for the schools, which are all taken."""
        save_config(app=self.app, document={**ALL_NEW, **document}, by=None)
        self.app.refresh_from_db()

    def deliver(self, files: Mapping[str, Sequence[Row]], manifest: str = "") -> Sync:
        """One delivery from the files to the end of its sync."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in TABLES:
                (folder / f"{file}.csv").write_text(to_csv(file, files[file]), encoding="utf-8", newline="")
            if manifest:
                (folder / "manifest.csv").write_text(manifest, encoding="utf-8")
            uploads = [Upload(path.name, path) for path in sorted(folder.iterdir())]
            delivery = receive_delivery(app=self.app, uploads=uploads, source="browser", by=None)
        sync = start_sync(delivery=delivery, by=None, wake=False)
        return self.work(sync)

    def work(self, sync: Sync) -> Sync:
        """Let a worker take the sync."""
        run_sync(sync.pk, wakes_next=False)
        return Sync.objects.of(self.district).select_related("detail", "delivery").get(pk=sync.pk)

    def live(self) -> dict[RecordType, dict[str, dict[str, Any]]]:
        """The live roster: type -> key -> columns, extra and fingerprint."""
        return {
            kind: {
                row["key"]: {**row, "extra": json.dumps(row["extra"] or {}, sort_keys=True)}
                for row in LIVE[kind].objects.of(self.district).filter(deleted_at=None).values(*live_columns(kind), "extra", "fingerprint")
            }
            for kind in RecordType
        }

    def rows(self, sync: Sync) -> dict[RecordType, list[dict[str, Any]]]:
        """All rows of the sync, as stored."""
        return {kind: read_rows(local_artifacts(sync.artifacts), kind) for kind in RecordType}

    def findings(self, sync: Sync) -> list[dict[str, Any]]:
        """All findings of the sync, as stored."""
        return read_findings(local_artifacts(sync.artifacts)).to_dict("records")

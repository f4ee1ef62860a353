"""The files of an app as they came last, as one delivery: what is simulated where no files are named."""

import csv
from pathlib import Path

from django.db import transaction

from formats.oneroster.tables import FILE_NAMES, MANIFEST
from formats.problems import Refused
from imports.models import Delivery, ImportApp, Sync
from imports.sentences import say_file_problem
from imports.services.receive_delivery import DeliveryRefused, Kept, keep_files, record_delivery
from imports.steps.difference import DELTA
from imports.trial.copies import Copies, find_copies, opened_copies

_LOOKED_BACK = 20  # simulations


def last_files(app: ImportApp) -> Delivery | None:
    """The newest delivery that was read where it has every file; else a delivery for the simulation alone, of it and the last accepted copies of the others.

    None where nothing was delivered yet. Such a delivery goes when the simulation is tidied away; content that is stored already is not stored again.

    Raises:
        DeliveryRefused: a file cannot be read any more.
    """
    copies = find_copies(app)
    if copies is None:
        return None
    if copies.is_single:
        return copies.newest
    try:
        return _together(app, copies)
    except Refused as refusal:
        raise DeliveryRefused([say_file_problem(problem) for problem in refusal.problems]) from refusal


def _together(app: ImportApp, copies: Copies) -> Delivery:
    with opened_copies(copies) as (deliveries, scratch):
        folder = scratch / "together"
        folder.mkdir()
        deltas = set()
        for part, opened in deliveries:
            for file in part.files & set(opened.paths):
                (folder / f"{file}.csv").symlink_to(opened.paths[file].resolve())
                deltas |= {f"{file}.csv"} if opened.mode(file) == DELTA else set()
        if deltas:
            _write_manifest(folder, deltas)
        files = keep_files(app, sorted(folder.iterdir()))
        with transaction.atomic():
            return _same(app, files) or record_delivery(app=app, files=files, source=Delivery.Source.COMMAND, by=None)


def _same(app: ImportApp, files: list[Kept]) -> Delivery | None:
    """The delivery of an earlier simulation of the very same files."""
    simulated = Sync.objects.all_of(app.district_id).filter(app=app, is_simulation=True).order_by("-pk")
    wanted = sorted((file.name, file.sha256) for file in files)
    for sync in simulated.select_related("delivery")[:_LOOKED_BACK]:
        if sorted(sync.delivery.files.values_list("name", "sha256")) == wanted:
            return sync.delivery
    return None


def _write_manifest(folder: Path, deltas: set[str]) -> None:
    """Say which files are changes only: of those no full copy was accepted."""
    present = {path.name for path in folder.iterdir()}
    rows = [("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", "1.1")]
    rows += [
        (f"file.{name.removesuffix('.csv')}", "absent" if name not in present else DELTA if name in deltas else "bulk")
        for name in FILE_NAMES
    ]
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(rows)

"""Retention in landing zones: archive and receipts are kept for PORTAL_ARCHIVE_DAYS, and what killed processes left is put right."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from imports.models import Delivery, LandingZone
from imports.services.batches import recover, scanning
from imports.services.receipts import PART
from imports.zone import Zone

DAY_SECONDS = 86_400


def tidy_landing() -> Iterator[str]:
    """Remove what is too old from every zone; yields the names of what was removed. The files of a delivery stay in storage."""
    for row in LandingZone.unscoped.select_related("app__district").order_by("pk"):
        zone, app = Zone(row.pk), row.app
        zone.create()
        with scanning(zone):
            recover(zone, app)
        yield from _remove_archive(zone)
        gone = [
            one.pk
            for one in Delivery.objects.of(app.district_id).filter(app=app).exclude(archived_as="")
            if not (zone.taking / one.batch).exists() and not (zone.archive / one.archived_as).exists()  # in this order: it moves that way
        ]
        Delivery.objects.of(app.district_id).filter(pk__in=gone).update(archived_as="")
        yield from _remove_old(zone, zone.receipts, settings.PORTAL_ARCHIVE_DAYS, "")
        yield from _remove_old(zone, zone.marks, 1, PART)


def _remove_archive(zone: Zone) -> Iterator[str]:
    for folder in zone.archive.iterdir():
        if _is_older(folder, settings.PORTAL_ARCHIVE_DAYS):
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.unlink(missing_ok=True)
            yield f"landing zone {zone.zone_id}: archive/{folder.name}"


def _remove_old(zone: Zone, folder: Path, days: int, prefix: str) -> Iterator[str]:
    for path in folder.iterdir():
        if path.name.startswith(prefix) and path.is_file() and _is_older(path, days):
            path.unlink(missing_ok=True)
            yield f"landing zone {zone.zone_id}: {folder.name}/{path.name}"


def _is_older(path: Path, days: int) -> bool:
    """By when it was written, or for a folder when the last file came into it."""
    try:
        return time.time() - path.lstat().st_mtime > days * DAY_SECONDS
    except FileNotFoundError:
        return False

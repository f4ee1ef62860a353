"""Retention: simulations that are over, and what killed or overtaken workers and web processes left in storage that no row of the database names."""

import shutil
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from imports.files import listed, remove, remove_artifacts
from imports.models import Delivery, StoredFile, Sync
from imports.services.tidy_landing import tidy_landing
from imports.states import FINAL
from imports.trial.open import trials_folder
from imports.trial.store import locked

KEEP = timedelta(days=1)  # younger ones may belong to a worker that is about to write their name down
KEEP_SIMULATIONS = timedelta(days=7)
KEEP_TRIALS = timedelta(days=1)  # without use


def tidy() -> list[str]:
    """Remove old simulations, what landing zones kept long enough, and orphans older than a day; returns the names of what was removed."""
    return [*_remove_simulations(), *_remove_artifacts(), *_remove_deliveries(), *_remove_trials(), *tidy_landing()]


def _remove_simulations() -> Iterable[str]:
    """Simulations that ended a week ago, with their results and with the deliveries that nothing else was made of."""
    over = Sync.unscoped.filter(is_simulation=True, state__in=FINAL, finished_at__lt=timezone.now() - KEEP_SIMULATIONS)
    for sync in over.order_by("pk"):
        with transaction.atomic():
            sync_id = sync.pk
            sync.delete()
            Delivery.objects.of(sync.district_id).filter(pk=sync.delivery_id, syncs=None).delete()  # its bytes are orphans then
        if sync.artifacts:
            remove_artifacts(sync.artifacts)
            yield sync.artifacts
        else:
            yield f"simulation {sync_id}"


def _remove_artifacts() -> Iterable[str]:
    """Folders of change sets whose attempt was not the one that counted."""
    for district in listed("syncs")[0]:
        prefixes = {f"syncs/{district}/{name}" for name in listed(f"syncs/{district}")[0]}
        named = Sync.unscoped.filter(artifacts__startswith=f"syncs/{district}/").values_list("artifacts", flat=True)
        for prefix in sorted(prefixes - set(named)):
            if _is_old([f"{prefix}/{name}" for name in listed(prefix)[1]] or [prefix]):
                remove_artifacts(prefix)
                yield prefix


def _remove_deliveries() -> Iterable[str]:
    """Delivered files that were stored, but whose delivery was never written down."""
    for district in listed("deliveries")[0]:
        for start in listed(f"deliveries/{district}")[0]:
            folder = f"deliveries/{district}/{start}"
            names = {f"{folder}/{name}" for name in listed(folder)[1]}
            named = StoredFile.unscoped.filter(stored_as__startswith=f"{folder}/").values_list("stored_as", flat=True)
            for name in sorted(names - set(named)):
                if _is_old([name]):
                    remove(name)
                    yield name


def _remove_trials() -> Iterable[str]:
    """What live counts kept of deliveries on this machine, where nobody has counted for a day."""
    for app in _folders(trials_folder()):
        with locked(app):
            for trial in _folders(app):
                used = trial / "used" if (trial / "used").exists() else trial
                if time.time() - used.stat().st_mtime > KEEP_TRIALS.total_seconds():
                    shutil.rmtree(trial, ignore_errors=True)
                    yield str(trial.relative_to(trials_folder().parent))


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _is_old(names: list[str]) -> bool:
    """True where all were last written before the time to keep them; what is gone meanwhile is nobody's concern."""
    try:
        return all(default_storage.get_modified_time(name) < timezone.now() - KEEP for name in names)
    except FileNotFoundError:
        return False

"""Retention in storage: what killed or overtaken workers and web processes left there, and no row of the database names."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from imports.files import listed, remove, remove_artifacts
from imports.models import StoredFile, Sync

KEEP = timedelta(days=1)  # younger ones may belong to a worker that is about to write their name down


def tidy() -> list[str]:
    """Remove orphans older than a day; returns their names."""
    return [*_remove_artifacts(), *_remove_deliveries()]


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


def _is_old(names: list[str]) -> bool:
    """True where all were last written before the time to keep them; what is gone meanwhile is nobody's concern."""
    try:
        return all(default_storage.get_modified_time(name) < timezone.now() - KEEP for name in names)
    except FileNotFoundError:
        return False

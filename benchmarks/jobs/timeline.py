"""The timeline of single records over many syncs, by the very page: records that every sync changed, that one deleted, and that none touched since."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import Membership
from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from imports.models import Sync, SyncDetail
from imports.states import ACCEPTED
from records.artifact_paths import rows_path, unchanged_path
from records.attributes import RecordType

SYNCS = 200
_ROUNDS = 5
Record = tuple[RecordType, str]


def read_timelines() -> Measurement:
    """Seconds of the slowest kind of record (the median of some rounds); facts: seconds by kind, and of the very first page."""
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain, ALLOWED_HOSTS=["*"]):
        return _read()


def _read() -> Measurement:
    changed = Sync.unscoped.filter(state__in=ACCEPTED, repeats=None).order_by("-pk")[0]
    owner = Membership.objects.of(changed.district_id).select_related("user").get().user
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    _repeat(changed, SYNCS - Sync.unscoped.count())
    records = _records(Path(default_storage.path(changed.artifacts)))
    with Stopwatch() as whole:
        first = _timed(client, *records["unchanged enrollment"])
        facts = {name: sorted(_timed(client, *record) for _ in range(_ROUNDS))[_ROUNDS // 2] for name, record in records.items()}
    return Measurement(Sync.unscoped.count(), max(facts.values()), whole.cpu_seconds, {**facts, "the very first": first})


def _repeat(changed: Sync, times: int) -> None:
    """Let the same change have happened again and again: each sync has a folder of artifacts of its own."""
    detail, source, moment = changed.detail, changed.artifacts, changed.finished_at
    for number in range(1, times + 1):
        changed.pk, changed.artifacts = None, f"{source}-again-{number}"
        changed.finished_at = moment + timedelta(minutes=number) if moment else None
        changed.save(force_insert=True)
        SyncDetail.objects.create(sync=changed, counts=detail.counts, files=detail.files)
        shutil.copytree(default_storage.path(source), default_storage.path(changed.artifacts), copy_function=os.link)


def _records(folder: Path) -> dict[str, Record]:
    """One record of each kind of history."""
    found: dict[str, Record] = {}
    for record_type in (RecordType.STUDENT, RecordType.CLASS, RecordType.ENROLLMENT):
        rows = pq.read_table(rows_path(folder, record_type), columns=["outcome", "key"]).to_pylist()
        for outcome in ("updated", "deleted"):
            keys = [str(row["key"]) for row in rows if row["outcome"] == outcome]
            found |= {f"{outcome} {record_type}": (record_type, keys[len(keys) // 2])} if keys else {}
        same = pq.read_table(unchanged_path(folder, record_type), columns=["key"]).column("key")
        found[f"unchanged {record_type}"] = (record_type, str(same[len(same) // 2]))
    return found


def _timed(client: Client, record_type: RecordType, key: str) -> float:
    """Seconds of one page.

    Raises:
        RuntimeError: it told nothing.
    """
    started = time.perf_counter()
    page = client.get(reverse("imports:timeline", args=[record_type]), {"key": key})
    seconds = time.perf_counter() - started
    if page.status_code != 200 or "Sync #" not in page.content.decode():
        raise RuntimeError(f"The timeline of {record_type} {key} tells nothing: {page.status_code}")
    return seconds

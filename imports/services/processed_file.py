"""Write the processed file of a record type into storage once, so that every download gives the same bytes under the same hash."""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from imports.files import PROCESSED, remove, scratch_folder, sha256_of, store
from imports.models import Sync, SyncDetail
from imports.selectors.processed import processed_files, processed_name, stream_processed
from records.attributes import RecordType

log = logging.getLogger(__name__)
_HASH_IN_NAME = 32  # characters


class NotProcessed(Exception):
    """There is no such processed file; the message says why."""


@dataclass(frozen=True, slots=True)
class ProcessedFile:
    """A processed file in storage."""

    stored_as: str
    sha256: str


def processed_file(*, sync: Sync, record_type: RecordType) -> ProcessedFile:
    """The processed file of a sync; written the first time it is asked for.

    Raises:
        NotProcessed: the sync has no such rows, or the file was taken out of storage and would be another one today.
    """
    if record_type not in {one.record_type for one in processed_files(sync)}:
        raise NotProcessed(
            f"Sync {sync.pk} has no processed {record_type.plural.lower()}. They are there once a sync has worked its files."
        )
    known = sync.detail.processed.get(processed_name(sync, record_type), "")
    if known and default_storage.exists(_stored_as(sync, record_type, known)):
        return ProcessedFile(_stored_as(sync, record_type, known), known)
    with scratch_folder() as folder:
        path = _write(sync, record_type, folder)
        digest = sha256_of(path)
        if known and digest != known:
            log.error("The processed file %s of sync %s is not in storage any more.", processed_name(sync, record_type), sync.pk)
            raise NotProcessed(
                "The file that was downloaded first is not in storage any more. The roster has changed since, so it cannot be made again with the same bytes."
            )
        return _keep(sync, record_type, path, digest)


def _write(sync: Sync, record_type: RecordType, folder: Path) -> Path:
    path = folder / f"{record_type}.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        for piece in stream_processed(sync, record_type):
            target.write(piece)
    return path


def _keep(sync: Sync, record_type: RecordType, path: Path, digest: str) -> ProcessedFile:
    """Store the file beside the artifacts, then write its hash down; whoever was quicker has decided."""
    name, stored_as = processed_name(sync, record_type), store(path, _stored_as(sync, record_type, digest))
    with transaction.atomic():
        detail = SyncDetail.objects.select_for_update().get(sync=sync)
        first = detail.processed.setdefault(name, digest)
        detail.save(update_fields=["processed"])
    if first != digest:
        remove(stored_as)
    return ProcessedFile(_stored_as(sync, record_type, first), first)


def _stored_as(sync: Sync, record_type: RecordType, digest: str) -> str:
    """Where it lies: by content, and by sync, for one that repeats another shares that one's folder."""
    return f"{sync.artifacts}/{PROCESSED}{sync.pk}-{record_type}-{digest[:_HASH_IN_NAME]}.csv"

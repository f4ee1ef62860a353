"""What of a sync's deletions can be brought back together."""

from pathlib import Path

import numpy as np

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import ParquetRows, mask_of, one_of
from records.artifact_paths import rows_path
from records.attributes import PERSON_TYPES, RecordType
from records.part import REMOVALS, Part


def restoring(sync: Sync, record_type: RecordType, key: str) -> Part | None:
    """The part of a sync's deletions that brings a record back: itself, and the enrollments of a person or class that went with it.

    None where the sync did not delete the record.
    """
    if not _deleted(sync, record_type, {"key": key}):
        return None
    keys = {record_type.value: frozenset({key})}
    if record_type in PERSON_TYPES:
        keys[RecordType.ENROLLMENT.value] = frozenset(
            _deleted(sync, RecordType.ENROLLMENT, {"person_id": key, "person_type": record_type.value})
        )
    elif record_type is RecordType.CLASS:
        keys[RecordType.ENROLLMENT.value] = frozenset(_deleted(sync, RecordType.ENROLLMENT, {"class_id": key}))
    return Part(outcomes=frozenset({REMOVALS}), keys={kind: mine for kind, mine in keys.items() if mine})


def _deleted(sync: Sync, record_type: RecordType, values: dict[str, str]) -> list[str]:
    """The keys of the records of these values that the sync deleted."""
    path = local_artifact(sync.artifacts, rows_path(Path(), record_type).name) if sync.artifacts else None
    if path is None:
        return []
    rows = ParquetRows(path, dictionaries=["outcome"])
    table = rows.columns(list(dict.fromkeys(["outcome", "key", *values])))
    mask = np.logical_and.reduce([mask_of(table.column(name), one_of([value])) for name, value in {"outcome": REMOVALS, **values}.items()])
    return [str(row["key"]) for row in rows.take(np.flatnonzero(mask).astype(np.int64), ["key"])]

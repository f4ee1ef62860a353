"""The id churn of a sync: pairs of deleted and created records that look like the same one, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import ParquetRows, containing, mask_of, one_of
from records.artifact_paths import churn_path

_SEARCHED = ("old_key", "new_key", "old_name", "new_name")
EVIDENCE = {
    "state_id": "state id",
    "identifier": "identifier",
    "email": "email address",
    "username": "username",
    "name_birth_date": "name and birth date",
    "class": "school, code, name and term",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One deleted and one created record, and what they have in common, in words."""

    record_type: str
    old_key: str
    new_key: str
    old_name: str
    new_name: str
    old_school: str
    new_school: str
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class PairPage:
    """One page of pairs, and how many there are in all."""

    rows: list[Pair]
    total: int


def open_churn(sync: Sync) -> ParquetRows | None:
    """The pairs of a sync; None where it has none."""
    path = local_artifact(sync.artifacts, churn_path(Path()).name) if sync.artifacts else None
    return ParquetRows(path, dictionaries=("record_type",)) if path else None


def read_churn(sync: Sync, record_type: str, *, search: str = "", offset: int = 0, limit: int = 50) -> PairPage:
    """One page of the pairs of a record type in which all words of the search are found."""
    rows = open_churn(sync)
    if rows is None:
        return PairPage([], 0)
    words = search.split()
    table = rows.columns(["record_type", *(_SEARCHED if words else ())])
    mask = mask_of(table.column("record_type"), one_of([record_type]))
    for word in words:
        mask &= reduce(np.logical_or, (mask_of(table.column(name), containing(word)) for name in _SEARCHED))
    at = np.flatnonzero(mask)
    return PairPage([_pair(row) for row in rows.take(at[offset : offset + limit])], len(at))


def keys_of_pairs(sync: Sync, record_types: Collection[str]) -> dict[str, dict[str, str]]:
    """Record type -> {new key: old key} of all pairs of these types."""
    rows = open_churn(sync)
    if rows is None or not record_types:
        return {}
    table = rows.columns(["record_type", "old_key", "new_key"])
    found: dict[str, dict[str, str]] = {}
    for row in table.to_pylist():
        if row["record_type"] in record_types:
            found.setdefault(str(row["record_type"]), {})[str(row["new_key"])] = str(row["old_key"])
    return found


def _pair(row: dict[str, object]) -> Pair:
    def of(name: str) -> str:
        return str(row[name] or "")

    return Pair(
        record_type=of("record_type"), old_key=of("old_key"), new_key=of("new_key"), old_name=of("old_name"), new_name=of("new_name"),
        old_school=of("old_school"), new_school=of("new_school"), evidence=[EVIDENCE.get(kind, kind) for kind in of("evidence").split(",")],
    )  # fmt: skip

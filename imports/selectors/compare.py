"""Which records one sync left out and another did not, from what both have stored.

A record counts as left out of a sync where a row of it was left out and none of it was accepted. Plain Arrow: only keys are read, and the rows that are shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.brought import brings
from imports.selectors.parquet import NOWHERE, Mask, ParquetRows, Positions, codes, mask_of, numbers, one_of, text, texts
from imports.selectors.row_files import flat_values
from records.artifact_paths import rows_path, unchanged_path
from records.attributes import SCREEN_ORDER, RecordType, display_name
from records.outcomes import NOT_ACCEPTED
from records.places import place_of_row

LEFT_OUT = tuple(fate.word for fate in NOT_ACCEPTED)
WRITTEN = ("created", "updated")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that a sync left out: how, by which rule, and where. What the other sync did not accept had no row in its files."""

    key: str
    name: str
    outcome: str
    code: str
    line: int
    is_accepted_there: bool
    file: str = ""


class StoredKeys:
    """The keys of one record type that a sync left out or accepted."""

    def __init__(self, sync: Sync, record_type: RecordType) -> None:
        self.record_type = record_type
        self.rows = _open(sync, rows_path, record_type, ["outcome"])
        self._unchanged = _open(sync, unchanged_path, record_type)

    @cached_property
    def left_out(self) -> tuple[Positions, pa.Array]:
        """The keys of rows that were left out, each once, and where its first such row stands. A row without a key is of no record."""
        at, keys = self._with(LEFT_OUT)
        filled = _where(keys, lambda values: pc.not_equal(values, text("")))
        at, keys = at[filled], _pick(keys, filled)
        encoded = pc.dictionary_encode(keys)
        first = np.unique(codes(encoded), return_index=True)[1]
        return at[first], encoded.dictionary

    def accepted_among(self, keys: pa.Array) -> pa.Array:
        """Those of the keys of which a row was accepted."""
        found = [self._with(WRITTEN)[1]]
        if self._unchanged is not None:
            found.append(_whole(self._unchanged.columns(["key"]).column("key")))
        parts = [values.filter(pc.is_in(values, value_set=keys)) for values in found if len(values)]
        return pa.concat_arrays(parts) if parts else texts([])

    def read(self, positions: Positions) -> list[dict[str, object]]:
        """The rows at these positions."""
        return self.rows.take(positions) if self.rows is not None else []

    def _with(self, outcomes: Sequence[str]) -> tuple[Positions, pa.Array]:
        """The positions and keys of the rows of these outcomes."""
        rows = self.rows
        groups = [group for group in rows.groups if _may_hold(rows, group, outcomes)] if rows is not None else []
        if rows is None or not groups:
            return NOWHERE, texts([])
        table = rows.columns(["outcome", "key"], groups)
        mask = mask_of(table.column("outcome"), one_of(outcomes))
        at = np.concatenate([rows.span(group) for group in groups])
        keys = _whole(table.column("key"))
        return (at, keys) if mask.all() else (at[mask], _pick(keys, mask))


@dataclass(frozen=True, slots=True)
class OneSided:
    """The records of one type that one sync left out and the other did not, in the order of the file of their rows."""

    stored: StoredKeys
    at: Positions
    is_accepted_there: Mask

    @property
    def record_type(self) -> RecordType:
        """Of which type they are."""
        return self.stored.record_type

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.at)

    @property
    def accepted_there(self) -> int:
        """How many of them the other sync accepted."""
        return int(np.count_nonzero(self.is_accepted_there))

    @property
    def absent_there(self) -> int:
        """How many of them had no row in the other sync."""
        return self.total - self.accepted_there

    def read(self, start: int, stop: int) -> list[LeftOut]:
        """The records from one place to another."""
        rows = self.stored.read(self.at[start:stop])
        places = [place_of_row(self.record_type, int(str(row["line"]))) for row in rows]
        return [
            LeftOut(
                str(row["key"]), display_name(self.record_type, flat_values(row)), str(row["outcome"]), str(row["code"] or ""), line,
                bool(accepted), file,
            )
            for row, accepted, (file, line) in zip(rows, self.is_accepted_there[start:stop].tolist(), places, strict=True)
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOutBoth:
    """One record type in two syncs: what only the older one left out, and what only the newer one did."""

    record_type: RecordType
    older: OneSided
    newer: OneSided


def compare_left_out(older: Sync, newer: Sync, types: Sequence[RecordType] = SCREEN_ORDER) -> list[LeftOutBoth]:
    """Per record type the records that one of the syncs left out and the other did not; types without any are passed over.

    So are those whose file only one of them read.
    """
    found = []
    for record_type in types:
        if not any(_counts_left_out(sync, record_type) for sync in (older, newer)):
            continue
        if not (brings(older, record_type) and brings(newer, record_type)):  # a file that did not come left nothing out
            continue
        one, two = StoredKeys(older, record_type), StoredKeys(newer, record_type)
        both = LeftOutBoth(record_type, _only(one, two), _only(two, one))
        if both.older.total or both.newer.total:
            found.append(both)
    return found


def _only(one: StoredKeys, other: StoredKeys) -> OneSided:
    """What the one left out, and the other did not."""
    at, keys = one.left_out
    if not len(at):
        return OneSided(one, at, np.zeros(0, dtype=np.bool_))
    accepted_here, accepted_there = (_among(keys, stored.accepted_among(keys)) for stored in (one, other))
    left_out_there = _among(keys, other.left_out[1]) & ~accepted_there
    wanted = ~accepted_here & ~left_out_there
    return OneSided(one, at[wanted], accepted_there[wanted])


def _counts_left_out(sync: Sync, record_type: RecordType) -> bool:
    counts = sync.detail.counts.get(record_type, {})
    return any(counts.get(name, 0) for name in LEFT_OUT)


def _open(
    sync: Sync, path_of: Callable[[Path, RecordType], Path], record_type: RecordType, dictionaries: Sequence[str] = ()
) -> ParquetRows | None:
    path = local_artifact(sync.artifacts, path_of(Path(), record_type).name) if sync.artifacts else None
    return ParquetRows(path, dictionaries=dictionaries) if path else None


def _may_hold(rows: ParquetRows, group: int, outcomes: Sequence[str]) -> bool:
    bounds = rows.bounds(group, "outcome")
    return bounds is None or any(str(bounds[0]) <= outcome <= str(bounds[1]) for outcome in outcomes)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    one = column.combine_chunks()
    return one.chunk(0) if isinstance(one, pa.ChunkedArray) else one


def _where(keys: pa.Array, predicate: Callable[[pa.Array], pa.Array]) -> Mask:
    return mask_of(pa.chunked_array([keys]), predicate)


def _among(keys: pa.Array, known: pa.Array) -> Mask:
    return _where(keys, lambda values: pc.is_in(values, value_set=known))


def _pick(keys: pa.Array, mask: Mask) -> pa.Array:
    return keys.take(numbers(np.flatnonzero(mask)))

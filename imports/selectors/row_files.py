"""The stored rows of one record type of a sync: which of them meet a search, and their values."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import NOWHERE, Mask, ParquetRows, Positions, Predicate, among, containing, integers, mask_of, one_of, text
from records.artifact_paths import REPEATING, SEARCHED, before_path, found_by, rows_path, unchanged_path
from records.attributes import SCHOOL_ATTRIBUTE, RecordType, live_columns
from records.changed import CHANGED, written
from roster.models import LIVE

_BOOKKEEPING = ("outcome", "code", "line", "fingerprint", CHANGED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a record type: of one school (None: of all), with all these words, at these lines (None: at any).

    changed: rows in which this attribute differs, or that bear this mark of `records.changed`. code: rows with this reason.
    """

    record_type: RecordType
    school: str | None = None
    words: tuple[str, ...] = ()
    lines: Positions | None = None
    changed: str = ""
    code: str = ""

    @property
    def searched(self) -> tuple[str, ...]:
        """The columns that the words are looked for in."""
        return SEARCHED[self.record_type] if self.words else ()


class RowFile:
    """rows.parquet, where the rows of one outcome lie together, or unchanged.parquet, which knows no outcomes."""

    def __init__(self, path: Path, dictionaries: Sequence[str]) -> None:
        self._rows = ParquetRows(path, dictionaries=dictionaries)

    @classmethod
    def rows(cls, sync: Sync, record_type: RecordType) -> "RowFile | None":
        """Everything but the unchanged rows; None where the sync has no such file."""
        path = _artifact(sync, rows_path, record_type)
        return cls(path, ["outcome", "code", *(REPEATING & {*live_columns(record_type)})]) if path else None

    @property
    def knows_changes(self) -> bool:
        """Whether the file says which attributes differ; those of earlier versions do not, and then every row meets that wish."""
        return CHANGED in self._rows.names

    @classmethod
    def unchanged(cls, sync: Sync, record_type: RecordType) -> "RowFile | None":
        """Lines of the unchanged rows, and what they are found by; None where the sync has no such file."""
        path = _artifact(sync, unchanged_path, record_type)
        return cls(path, [*(REPEATING & {*found_by(record_type)})]) if path else None

    def find(self, wanted: Wanted, outcomes: Sequence[str] | None = None) -> Positions:
        """The positions of the wanted rows, of these outcomes (None: of all)."""
        school = SCHOOL_ATTRIBUTE.get(wanted.record_type)
        groups = [group for group in self._rows.groups if outcomes is None or self._may_hold(group, outcomes)]
        if not groups or (wanted.school is not None and school is None):
            return NOWHERE
        at = np.concatenate([self._rows.span(group) for group in groups])
        tests: list[tuple[str, Callable[[pa.ChunkedArray], Mask]]] = []
        if outcomes is not None and not all(self._is_all(group, outcomes) for group in groups):
            among_outcomes = one_of(outcomes)
            tests.append(("outcome", lambda column: mask_of(column, among_outcomes)))
        if wanted.school is not None and school is not None:
            of_school = one_of([wanted.school])
            tests.append((school, lambda column: mask_of(column, of_school)))
        if wanted.lines is not None:
            lines = wanted.lines
            tests.append(("line", lambda column: among(integers(column), lines)))
        if wanted.code:
            with_code = one_of([wanted.code])
            tests.append(("code", lambda column: mask_of(column, with_code)))
        if wanted.changed and self.knows_changes:
            names_it = _naming(wanted.changed)
            tests.append((CHANGED, lambda column: mask_of(column, names_it)))
        names = list(dict.fromkeys([*(name for name, _ in tests), *wanted.searched]))
        if not names:
            return at
        table = self._rows.columns(names, groups)
        masks = [test(table.column(name)) for name, test in tests] + [_found(table, word, wanted.searched) for word in wanted.words]
        return at[reduce(np.logical_and, masks)]

    def read(self, positions: Positions, names: Sequence[str] | None = None) -> list[dict[str, object]]:
        """The rows, whole or these columns of them."""
        return self._rows.take(positions, names)

    def _may_hold(self, group: int, outcomes: Sequence[str]) -> bool:
        bounds = self._rows.bounds(group, "outcome")
        return bounds is None or any(str(bounds[0]) <= outcome <= str(bounds[1]) for outcome in outcomes)

    def _is_all(self, group: int, outcomes: Sequence[str]) -> bool:
        bounds = self._rows.bounds(group, "outcome")
        return bounds is not None and bounds[0] == bounds[1] and bounds[0] in outcomes


def _naming(name: str) -> Predicate:
    """The predicate: the text names this attribute or mark among others."""
    comma, nothing, part = text(","), text(""), f",{written(name)},"

    def names_it(values: pa.Array) -> pa.Array:
        known = pc.fill_null(values.cast(pa.large_string()), nothing)
        return pc.match_substring(pc.binary_join_element_wise(comma, known, comma, nothing), part)

    return names_it


def read_before(sync: Sync, record_type: RecordType, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """The values that updated records had before, by key."""
    path = _artifact(sync, before_path, record_type)
    if path is None:
        return {}
    rows = ParquetRows(path)
    at = np.flatnonzero(mask_of(rows.columns(["key"]).column(0), one_of(keys)))
    return {str(row["key"]): flat_values(row) for row in rows.take(at)}


def live_values(district_id: int, record_type: RecordType, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """The values of live records, by key; those that are not live any more are left out."""
    rows = LIVE[record_type].objects.of(district_id).filter(key__in=list(keys), deleted_at=None)
    return {row["key"]: flat_values(row) for row in rows.values(*live_columns(record_type), "extra")}


def flat_values(row: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a stored row or a live record, a district's own among them."""
    extra: Any = row["extra"] or {}
    own: dict[str, Any] = json.loads(extra) if isinstance(extra, str) else extra
    values = {name: str(value) for name, value in row.items() if name != "extra" and name not in _BOOKKEEPING}
    return {**values, **{name: str(value) for name, value in own.items()}}


def _artifact(sync: Sync, path_of: Callable[[Path, RecordType], Path], record_type: RecordType) -> Path | None:
    return local_artifact(sync.artifacts, path_of(Path(), record_type).name) if sync.artifacts else None


def _found(table: pa.Table, word: str, names: Sequence[str]) -> Mask:
    """Where the word stands in any of the columns."""
    return reduce(np.logical_or, (mask_of(table.column(name), containing(word)) for name in names))

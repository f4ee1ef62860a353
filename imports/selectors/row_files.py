"""The stored rows of one record type of a sync: which of them meet a search, and their values."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from django.db.models import Q

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import NOWHERE, Mask, ParquetRows, Positions, among, containing, integers, mask_of, one_of
from records.artifact_paths import before_path, rows_path, unchanged_path
from records.attributes import PERSON_TYPES, SCHOOL_ATTRIBUTE, RecordType, live_columns
from roster.models import LIVE

_BOOKKEEPING = ("outcome", "code", "line", "fingerprint")
# What a search looks through.
_SEARCHED: dict[RecordType, tuple[str, ...]] = {
    RecordType.SCHOOL: ("key", "name", "identifier"),
    RecordType.SESSION: ("key", "title"),
    RecordType.COURSE: ("key", "title", "course_code"),
    **dict.fromkeys(PERSON_TYPES, ("key", "last_name", "first_name", "email", "username")),
    RecordType.CLASS: ("key", "class_name", "class_code"),
    RecordType.ENROLLMENT: ("key", "person_id", "class_id"),
}
# What repeats much is read with its distinct values apart, so that a search asks about each of them once.
_REPEATING = {"class_id", "person_id", "first_name", "last_name", "class_name", "title", "course_code"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a record type: of one school (None: of all), with all these words, at these lines (None: at any)."""

    record_type: RecordType
    school: str | None = None
    words: tuple[str, ...] = ()
    lines: Positions | None = None

    @property
    def searched(self) -> tuple[str, ...]:
        """The columns that the words are looked for in."""
        return _SEARCHED[self.record_type] if self.words else ()


class RowFile:
    """rows.parquet: everything but the unchanged rows. The rows of one outcome lie together."""

    def __init__(self, path: Path, record_type: RecordType) -> None:
        school = SCHOOL_ATTRIBUTE.get(record_type)
        repeating = [name for name in live_columns(record_type) if name in _REPEATING or name == school]
        self._rows = ParquetRows(path, dictionaries=["outcome", "code", *repeating])

    @classmethod
    def of(cls, sync: Sync, record_type: RecordType) -> "RowFile | None":
        """The file of a sync; None where it has none."""
        path = _artifact(sync, rows_path, record_type)
        return cls(path, record_type) if path else None

    def find(self, outcomes: Sequence[str], wanted: Wanted) -> Positions:
        """The positions of the rows of these outcomes that are wanted."""
        groups = [group for group in self._rows.groups if self._may_hold(group, outcomes)]
        if not groups:
            return NOWHERE
        at = np.concatenate([self._rows.span(group) for group in groups])
        school = SCHOOL_ATTRIBUTE.get(wanted.record_type)
        if wanted.school is not None and school is None:
            return NOWHERE
        tests: list[tuple[str, Callable[[pa.ChunkedArray], Mask]]] = []
        if not all(self._is_all(group, outcomes) for group in groups):
            tests.append(("outcome", lambda column: mask_of(column, one_of(outcomes))))
        if wanted.school is not None and school is not None:
            chosen = one_of([wanted.school])
            tests.append((school, lambda column: mask_of(column, chosen)))
        if wanted.lines is not None:
            lines = wanted.lines
            tests.append(("line", lambda column: among(integers(column), lines)))
        names = list(dict.fromkeys([*(name for name, _ in tests), *wanted.searched]))
        if not names:
            return at
        table = self._rows.columns(names, groups)
        masks = [test(table.column(name)) for name, test in tests] + [_found(table, word, wanted.searched) for word in wanted.words]
        return at[reduce(np.logical_and, masks)]

    def read(self, positions: Positions) -> list[dict[str, object]]:
        """The rows, whole."""
        return self._rows.take(positions)

    def _may_hold(self, group: int, outcomes: Sequence[str]) -> bool:
        bounds = self._rows.bounds(group, "outcome")
        return bounds is None or any(str(bounds[0]) <= outcome <= str(bounds[1]) for outcome in outcomes)

    def _is_all(self, group: int, outcomes: Sequence[str]) -> bool:
        bounds = self._rows.bounds(group, "outcome")
        return bounds is not None and bounds[0] == bounds[1] and bounds[0] in outcomes


class UnchangedFile:
    """unchanged.parquet: keys and lines. The values are those of the live roster."""

    def __init__(self, path: Path) -> None:
        self._rows = ParquetRows(path)

    @classmethod
    def of(cls, sync: Sync, record_type: RecordType) -> "UnchangedFile | None":
        """The file of a sync; None where it has none."""
        path = _artifact(sync, unchanged_path, record_type)
        return cls(path) if path else None

    def find(self, wanted: Wanted, district_id: int) -> Positions:
        """The positions of the wanted rows."""
        masks = []
        if wanted.lines is not None:
            masks.append(among(integers(self._rows.columns(["line"]).column(0)), wanted.lines))
        if wanted.school is not None or wanted.words:
            masks.append(mask_of(self._rows.columns(["key"]).column(0), one_of(_live_keys(district_id, wanted))))
        if not masks:
            return np.arange(len(self._rows), dtype=np.int64)
        return np.flatnonzero(reduce(np.logical_and, masks))

    def read(self, positions: Positions) -> list[tuple[str, int]]:
        """Key and line of the rows."""
        return [(str(row["key"]), int(str(row["line"]))) for row in self._rows.take(positions)]


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


def _live_keys(district_id: int, wanted: Wanted) -> list[str]:
    """The keys of the live records of the school that hold all the words."""
    rows = LIVE[wanted.record_type].objects.of(district_id).filter(deleted_at=None)
    if wanted.school is not None:
        school = SCHOOL_ATTRIBUTE.get(wanted.record_type)
        rows = rows.filter(**{school: wanted.school}) if school else rows.none()
    for word in wanted.words:
        found = Q()
        for name in wanted.searched:
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return list(rows.values_list("key", flat=True))

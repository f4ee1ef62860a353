"""What the artifacts of one sync hold about single records: found by the sync's key index, or by reading the keys where an older sync has none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from formats.messages import MESSAGES
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.findings import FindingView, view_findings
from imports.selectors.parquet import NOWHERE, ParquetRows, Positions, mask_of, one_of
from imports.selectors.reasons import Reason, reason_of_code, reasons_by_line
from imports.selectors.row_files import flat_values
from records.artifact_paths import before_path, findings_path, rows_path, unchanged_path
from records.attributes import RecordType, display_name
from records.changed import CHANGED, names_in
from records.key_index import BEFORE, FINDINGS, KEY, ROWS, KeyIndex, key_index_path
from records.places import place_of_row
from records.rules import RULES

EXTRA = "extra"
_ABOUT_THE_COLUMN = "warning"  # said once per column, at whichever line comes first: no reason of that row


@dataclass(frozen=True)
class StoredRow:
    """One row of a sync, or a live record that it deleted or kept (line 0).

    changes: (attribute, value before, value after), of updated rows only. reasons: what was found about it, what decided its outcome first.
    file: where the row stands; empty where there is no row. Of a student whom demographics.csv alone changed that is demographics.csv, and the line 0
    where it has no row for them.
    """

    record_type: RecordType
    key: str
    outcome: str
    code: str
    line: int
    load: Callable[[], dict[str, str]] = field(repr=False, compare=False)
    changes: tuple[tuple[str, str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()
    file: str = ""

    @cached_property
    def values(self) -> dict[str, str]:
        """All its attributes; read when they are asked for."""
        return self.load()

    @property
    def name(self) -> str:
        """What a person would call the record."""
        return display_name(self.record_type, self.values)


class RecordRows:
    """The artifacts of one sync, opened as they are needed."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._opened: dict[str, ParquetRows | None] = {}

    def positions(self, record_type: RecordType, text: str, *, column: str = KEY, part: str = ROWS) -> Positions:
        """Where the rows, or the values before, may stand that have this text in a column; whoever reads them compares it."""
        if self._index is not None:
            return self._index.find(record_type, text, part=part, column=column)
        file = self._open((rows_path if part == ROWS else before_path)(Path(), record_type))
        return NOWHERE if file is None else _scan(file, column, text)

    def outcome(self, record_type: RecordType, at: int) -> str:
        """The outcome of the row at a position."""
        if self._index is not None:
            return self._index.outcome(record_type, at)
        file = self._open(rows_path(Path(), record_type))
        return str(_take(file, at, ["outcome"])["outcome"]) if file is not None else ""

    def read(self, record_type: RecordType, at: int, key: str | None = None) -> StoredRow | None:
        """The row at a position; None where it is of another key."""
        file = self._open(rows_path(Path(), record_type))
        names = [KEY, "code", "line", *([CHANGED] if file is not None and CHANGED in file.names else [])]
        row = _take(file, at, names) if file is not None else {}
        if file is None or (key is not None and row[KEY] != key):
            return None
        own, line, outcome, code = str(row[KEY]), int(str(row["line"])), self.outcome(record_type, at), str(row["code"] or "")
        name, shown = place_of_row(record_type, line)
        return StoredRow(
            record_type, own, outcome, code, shown, lambda: _values(_take(file, at)),
            self._changes(record_type, file, at, row) if outcome == "updated" else (), tuple(self._reasons(record_type, own, line, code)), name,
        )  # fmt: skip

    def _changes(self, record_type: RecordType, file: ParquetRows, at: int, row: Mapping[str, object]) -> tuple[tuple[str, str, str], ...]:
        """Old and new values, of the columns only that are said to differ, where that is known."""
        differs = row.get(CHANGED)
        known = None if differs is None else {name if name in file.names else EXTRA for name in names_in(str(differs))}
        if known is not None and not known:
            return ()
        names = None if known is None else [name for name in file.names if name in known]
        before, after = self._before(record_type, str(row[KEY]), names), _values(_take(file, at, names))
        return _differences(before, {KEY: str(row[KEY]), **after}) if before is not None else ()

    def _before(self, record_type: RecordType, key: str, names: Sequence[str] | None) -> dict[str, str] | None:
        """The values that an updated record had before; None where it is not among them. It must be, so a single place needs no second look."""
        file = self._open(before_path(Path(), record_type))
        places = self.positions(record_type, key, part=BEFORE).tolist() if file is not None else []
        for at in places:
            if file is not None and (len(places) == 1 or _take(file, at, [KEY])[KEY] == key):
                return _values({KEY: key, **_take(file, at, names)})
        return None

    def line_unchanged(self, record_type: RecordType, key: str) -> int | None:
        """The number (see `records.places`) of the row that left the record as it was; None where no such row is among the unchanged ones."""
        file = self._open(unchanged_path(Path(), record_type))
        for group in file.groups if file is not None else ():
            bounds = file.bounds(group, KEY) if file is not None else None
            if file is None or (bounds is not None and not str(bounds[0]) <= key <= str(bounds[1])):
                continue
            found = np.flatnonzero(mask_of(file.columns([KEY], [group]).column(0), one_of([key])))
            if len(found):
                return int(str(file.take(file.span(group)[found[:1]], ["line"])[0]["line"]))
        return None

    def _reasons(self, record_type: RecordType, key: str, line: int, code: str) -> list[Reason]:
        """What was found about a row, or of a record without one about all its rows."""
        if not key:
            return reasons_by_line(self._sync, record_type, [line]).get(line, [])
        found = [one for one in self._findings(record_type, key) if not line or one.row == line]
        told = [Reason(one.code, one.title, one.message, one.fix, one.column, one.value, one.file) for one in found]
        told = [one for one in told if one.code == code] + [one for one in told if one.code != code]
        if code and (not told or told[0].code != code) and (code in RULES or code in MESSAGES):
            told = [reason_of_code(code, record_type), *told]
        return told

    def _findings(self, record_type: RecordType, key: str) -> list[FindingView]:
        file = self._open(findings_path(Path()))
        if file is None:
            return []
        at = self._index.find(record_type, key, part=FINDINGS) if self._index is not None else _scan(file, KEY, key)
        seen = view_findings(file, at)
        return [one for one in seen if one.key == key and one.record_type == record_type and one.outcome != _ABOUT_THE_COLUMN]

    @cached_property
    def _index(self) -> KeyIndex | None:
        path = local_artifact(self._sync.artifacts, key_index_path(Path()).name)
        return KeyIndex.open(path) if path is not None else None

    def _open(self, name: Path) -> ParquetRows | None:
        if name.name not in self._opened:
            path = local_artifact(self._sync.artifacts, name.name)
            self._opened[name.name] = ParquetRows(path) if path is not None else None
        return self._opened[name.name]


def _take(file: ParquetRows, at: int, names: Sequence[str] | None = None) -> dict[str, object]:
    return file.take(np.array([at], dtype=np.int64), names)[0]


def _values(row: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a stored row, or of the part of it that was read."""
    return flat_values({EXTRA: "", **row})


def _scan(file: ParquetRows, column: str, text: str) -> Positions:
    return np.flatnonzero(mask_of(file.columns([column]).column(0), one_of([text]))) if len(file) else NOWHERE


def _differences(before: dict[str, str], after: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """The attributes whose text differs, in the order of the record, then those that are gone."""
    names = [name for name in {**after, **before} if before.get(name, "") != after.get(name, "")]
    return tuple((name, before.get(name, ""), after.get(name, "")) for name in names)

"""Why rows ended as they did: the findings about single rows, looked up by line or by key."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imports.models import Sync
from imports.selectors.findings import FindingView, open_findings, view_findings
from imports.selectors.parquet import NOWHERE, ParquetRows, Positions, integers, mask_of, numbers, one_of, texts
from imports.sentences import say
from records.attributes import FILE_OF, RecordType

Place = TypeVar("Place", int, str)
_ABOUT_THE_COLUMN = "warning"  # said once per column, at whichever line comes first: no reason of that row
_DESCRIBED = {RecordType.STUDENT: ("demographics.csv",)}  # further files that findings about a record type name


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was found about a row. `file` is where the column stands: demographics.csv for some attributes of students."""

    code: str
    title: str
    message: str
    fix: str
    column: str
    value: str
    file: str = ""


def reasons_by_line(sync: Sync, record_type: RecordType, lines: Iterable[int]) -> dict[int, list[Reason]]:
    """What was found about the rows of a record type at these lines; lines of which nothing is known are left out."""
    wanted = np.unique(np.array(sorted(lines), dtype=np.int64))
    found = open_findings(sync)
    if found is None or not len(wanted):
        return {}
    groups = [group for group in _groups_of(found, record_type) if _may_hold(found, group, wanted)]
    at = _positions(found, groups, record_type, "row", numbers(wanted))
    gathered: dict[int, list[Reason]] = {}
    for finding in view_findings(found, at):
        _gather(gathered, finding.row, finding)
    return gathered


def reasons_by_key(sync: Sync, record_type: RecordType, keys: Iterable[str]) -> dict[str, list[Reason]]:
    """The same by key, for live records that are kept because of a row."""
    wanted = sorted(set(keys))
    found = open_findings(sync)
    if found is None or not wanted:
        return {}
    at = _positions(found, _groups_of(found, record_type), record_type, "key", texts(wanted))
    gathered: dict[str, list[Reason]] = {}
    for finding in view_findings(found, at):
        _gather(gathered, finding.key, finding)
    return gathered


def reported_lines(sync: Sync, record_type: RecordType) -> Positions:
    """The lines of a record type with an issue that leaves the row accepted; a line may come more than once."""
    found = open_findings(sync)
    if found is None:
        return NOWHERE
    table = found.columns(["record_type", "outcome", "row"], _groups_of(found, record_type))
    mine = mask_of(table.column("record_type"), one_of([record_type.value]))
    issues = mask_of(table.column("outcome"), one_of(["reported"]))
    return integers(table.column("row"))[mine & issues]


def reason_of_code(code: str, record_type: RecordType) -> Reason:
    """The reason that a code alone tells."""
    said = say({"code": code, "record_type": record_type.value})
    return Reason(said.code, said.title, said.message, said.fix, "", "")


def _gather(into: dict[Place, list[Reason]], at: Place, finding: FindingView) -> None:
    if finding.outcome != _ABOUT_THE_COLUMN:
        reason = Reason(finding.code, finding.title, finding.message, finding.fix, finding.column, finding.value, finding.file)
        into.setdefault(at, []).append(reason)


def _groups_of(found: ParquetRows, record_type: RecordType) -> list[int]:
    """The row groups that may hold findings about a record type; the findings lie by file."""
    files = (f"{FILE_OF[record_type]}.csv", *_DESCRIBED.get(record_type, ()))
    chosen = []
    for group in found.groups:
        bounds = found.bounds(group, "file")
        if bounds is None or any(str(bounds[0]) <= file <= str(bounds[1]) for file in files):
            chosen.append(group)
    return chosen


def _may_hold(found: ParquetRows, group: int, lines: Positions) -> bool:
    bounds = found.bounds(group, "row")
    if bounds is None:
        return True
    least, greatest = (int(str(bound)) for bound in bounds)
    at = np.searchsorted(lines, least)
    return bool(at < len(lines) and lines[at] <= greatest)


def _positions(found: ParquetRows, groups: list[int], record_type: RecordType, column: str, wanted: pa.Array) -> Positions:
    if not groups:
        return NOWHERE
    table = found.columns(["record_type", column], groups)
    mask = mask_of(table.column("record_type"), one_of([record_type.value]))
    mask &= mask_of(table.column(column), lambda values: pc.is_in(values, value_set=wanted))
    return np.concatenate([found.span(group) for group in groups])[mask]

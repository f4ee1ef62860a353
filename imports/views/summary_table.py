"""The summary of a sync: record types by outcomes, every number that opens to rows with its address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from records.attributes import RecordType
from records.outcomes import OUTCOMES

COLUMNS = ("in_file", *OUTCOMES, "reported", "deleted", "kept")
TOTALLED = "all"


@dataclass(frozen=True, slots=True)
class Count:
    """One number: `opens` where rows stand behind it."""

    name: str
    value: int
    opens: bool


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One record type and its numbers, in the order of COLUMNS."""

    record_type: str
    label: str
    counts: list[Count]
    live: int


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """Lines of the record types that the sync or the roster knows, and the sum over them."""

    lines: list[SummaryLine]
    total: SummaryLine
    columns: tuple[str, ...] = COLUMNS


def summary_table(rows: Iterable[Mapping[str, Any]]) -> SummaryTable:
    """Lay out the counts per record type; record types without any row and without a live record are passed over."""
    lines = [_line(row["record_type"], row["label"], row) for row in rows if any(row.get(name, 0) for name in (*COLUMNS, "live"))]
    sums = {name: sum(count.value for line in lines for count in line.counts if count.name == name) for name in COLUMNS}
    total = _line(TOTALLED, "All", {**sums, "live": sum(line.live for line in lines)})
    return SummaryTable(lines, total)


def _line(record_type: str, label: str, counts: Mapping[str, Any]) -> SummaryLine:
    can_open = record_type in set(RecordType)
    cells = [
        Count(name, value, opens=can_open and value > 0 and name != "in_file") for name in COLUMNS for value in [int(counts.get(name, 0))]
    ]
    return SummaryLine(record_type, label, cells, int(counts.get("live", 0)))

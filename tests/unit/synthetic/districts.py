"""Reading what `write_district` wrote, with the csv module: a reader that shares nothing with the writer."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from formats.oneroster.tables import FILES
from synthetic import DistrictSummary, write_district

Row = dict[str, str]


def items(cell: str) -> list[str]:
    """The items of a list cell."""
    return cell.split(",") if cell else []


@dataclass
class Read:
    """The files of one district by sourcedId, and their headers."""

    summary: DistrictSummary
    headers: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def by_id(self, file: str) -> dict[str, Row]:
        return {row["sourcedId"]: row for row in self.rows[file]}

    def people(self, *roles: str) -> list[Row]:
        return [row for row in self.rows["users"] if row["role"] in roles]


def make(out: Path, **arguments: object) -> Read:
    """Write a district and read it back."""
    read = Read(write_district(out, **arguments))  # type: ignore[arg-type]
    for file in FILES:
        with (out / f"{file}.csv").open(encoding="utf-8", newline="") as source:
            reader = csv.reader(source, strict=True)
            read.headers[file] = next(reader)
            read.rows[file] = [dict(zip(read.headers[file], row, strict=True)) for row in reader]
    return read


@dataclass(frozen=True)
class Difference:
    """The sourcedIds of a file that differ between two days."""

    updated: set[str]
    removed: set[str]
    added: set[str]

    def __len__(self) -> int:
        return len(self.updated) + len(self.removed) + len(self.added)


def difference(before: Read, after: Read, file: str) -> Difference:
    """What changed in one file."""
    old, new = before.by_id(file), after.by_id(file)
    return Difference({key for key in old.keys() & new.keys() if old[key] != new[key]}, old.keys() - new.keys(), new.keys() - old.keys())

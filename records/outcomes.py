"""The outcomes a row can end in. Every data row of every file ends in exactly one; the sums must close.

Source: the law of the rows.
"""

from collections.abc import Mapping
from enum import IntEnum


class Fate(IntEnum):
    """What became of a row, as stored in frames (uint8). ACCEPTED is refined by the difference into one of the last three."""

    ACCEPTED = 0
    SKIPPED = 1
    EXCLUDED = 2
    DUPLICATE = 3
    INVALID = 4
    CREATED = 5
    UPDATED = 6
    UNCHANGED = 7

    @property
    def word(self) -> str:
        return self.name.lower()


NOT_ACCEPTED = (Fate.SKIPPED, Fate.EXCLUDED, Fate.DUPLICATE, Fate.INVALID)
OUTCOMES = ("created", "updated", "unchanged", "skipped", "excluded", "duplicate", "invalid")
MARKS = ("reported", "deleted", "kept")
COUNTS = ("in_file", *OUTCOMES, *MARKS, "live")


class LawBroken(Exception):
    """The sums of a sync do not close: a bug of the portal. Nothing may be written."""


def check_law(counts: Mapping[str, Mapping[str, int]], rows_read: Mapping[str, int], rows_without_type: Mapping[str, int],
              file_of: Mapping[str, str], described_alone: int = 0) -> None:  # fmt: skip
    """Raise LawBroken unless every row of every file has exactly one outcome.

    Args:
        counts: record type -> count name -> rows.
        rows_read: file -> data rows as the reader counted them.
        rows_without_type: file -> rows that belong to no record type (orgs that are no school).
        file_of: record type -> file.
        described_alone: people without a row of users.csv that demographics.csv speaks of; each counts as in file once.
    """
    for record_type, count in counts.items():
        total = sum(count[name] for name in OUTCOMES)
        if total != count["in_file"]:
            raise LawBroken(f"{record_type}: {count['in_file']} rows in file, but {total} outcomes")
    wanted = {file: rows for file, rows in rows_read.items() if file != "demographics"}
    if described_alone:
        wanted["users"] = wanted.get("users", 0) + described_alone
    for file, rows in wanted.items():
        typed = sum(count["in_file"] for record_type, count in counts.items() if file_of[record_type] == file)
        if typed + rows_without_type.get(file, 0) != rows:
            raise LawBroken(f"{file}: {rows} rows read, but {typed + rows_without_type.get(file, 0)} accounted for")

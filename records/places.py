"""Where a row stands, by the number it is known by.

A row of a type's own file is known by its line. A student whom demographics.csv changes although users.csv has no row for them (it was not sent, or
is a delta) is known by a number below zero, so that it can be told from the lines of users.csv: the line in demographics.csv, negated, or one beyond
NO_LINE where a whole demographics.csv has no row for them either. 0 is a live record without a row.

Source: docs/decisions/0024-demographics-alone.md
"""

from records.attributes import FILE_OF, RecordType

DEMOGRAPHICS_FILE = "demographics.csv"
NO_LINE = 1 << 40  # more than any file has lines


def place_of_row(record_type: RecordType, number: int) -> tuple[str, int]:
    """File and line of a row, as they are shown: ("users.csv", 4). The line is 0 where there is none, the file empty where there is no row."""
    if number > 0:
        return f"{FILE_OF[record_type]}.csv", number
    if number == 0:
        return "", 0
    return DEMOGRAPHICS_FILE, 0 if number <= -NO_LINE else -number

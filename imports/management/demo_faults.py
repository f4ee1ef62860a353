"""A few deliberate faults in the demo district's second delivery, so that every page has something to show."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

Row = dict[str, str]


def add_faults(folder: Path) -> None:
    """Spoil some rows of the CSV files in the folder: missing and shared values, and references to nothing."""
    _edit(folder / "users.csv", _spoil_users)
    _edit(folder / "enrollments.csv", _spoil_enrollments)
    _edit(folder / "demographics.csv", _spoil_demographics)


def _edit(path: Path, spoil: Callable[[list[Row]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as source:
        reader = csv.DictReader(source)
        headers, rows = list(reader.fieldnames or ()), list(reader)
    spoil(rows)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, headers, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _spoil_users(rows: list[Row]) -> None:
    students, teachers = _with_role(rows, "student"), _with_role(rows, "teacher")
    for student in students[40:43]:
        student["email"] = ""  # required: they are skipped, and the portal keeps what it has
    students[60]["grades"] = "Grade A"
    teachers[5]["email"] = teachers[6]["email"]


def _spoil_enrollments(rows: list[Row]) -> None:
    for row in rows[100:104]:
        row["classSourcedId"] = f"closed-{row['classSourcedId'][:8]}"


def _spoil_demographics(rows: list[Row]) -> None:
    for row in rows[10:16]:
        row["birthDate"] = ""
    rows[20]["birthDate"] = "2014-02-30"


def _with_role(rows: Iterable[Row], role: str) -> list[Row]:
    return [row for row in rows if row["role"] == role]

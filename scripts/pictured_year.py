"""The deliveries that the pictures of "Safe syncs" are about: an export that lost a school, the mended one, and next year's."""

import csv
from collections.abc import Callable
from pathlib import Path

from synthetic import write_district

Row = dict[str, str]
STUDENTS, SEED, DAY = 1_000, 1, 2  # the demo district, the day after its last delivery
LIMITS = {
    "update_threshold": 35, "deletion_threshold": 10, "school_deletion_threshold": 20, "school_deletion_rows": 100, "row_floor": 80,
}  # fmt: skip
REASON = "The export lost a whole school. The SIS clerk sends it again."
FILES = ("orgs", "users", "courses", "classes", "enrollments", "academicSessions", "demographics")
LOST = "Laurel Ridge Elementary School"  # its students are not in the bad export
RENUMBERED = "Laurel Bend Middle School"  # some of its students come under new ids
RENUMBERED_STUDENTS, MOVED_MAILS = 38, 41
NEXT_GRADE = {"KG": "01"} | {f"{grade:02d}": f"{grade + 1:02d}" for grade in range(1, 12)}
LAST_GRADE = "12"
TOLD = ("Kateryna", "Wójcik")
STUDENT_FILES = ("users", "demographics", "enrollments")


def write_bad(folder: Path) -> None:
    """A school without a student, 38 students under new ids, 41 new email addresses, and one grade promoted too early."""
    write_district(folder, students=STUDENTS, seed=SEED, day=DAY)
    schools = _schools(folder)
    students = _students(folder)
    gone = {row["sourcedId"] for row in students if row["orgSourcedIds"] == schools[LOST]}
    stay = [row for row in students if row["sourcedId"] not in gone]
    renumbered = [row["sourcedId"] for row in stay if row["orgSourcedIds"] == schools[RENUMBERED]][:RENUMBERED_STUDENTS]
    new_ids = {key: f"new-{number:05d}" for number, key in enumerate(renumbered, 20_001)}
    mailed = {row["sourcedId"] for row in stay if row["sourcedId"] not in new_ids and row["grades"] == "09"}
    moved = set(sorted(mailed)[:MOVED_MAILS])

    def change(row: Row) -> Row | None:
        key = row.get("userSourcedId") or row["sourcedId"]
        if key in gone:
            return None
        if row.get("grades") == "05":
            row["grades"] = NEXT_GRADE["05"]
        if key in moved and "email" in row:
            row["email"] = row["email"].replace("@students.", "@learn.")
        return {
            name: _renamed(value, new_ids) if name.endswith("ourcedId") or name == "agentSourcedIds" else value
            for name, value in row.items()
        }

    for name in STUDENT_FILES:
        _edit(folder / f"{name}.csv", change)


def write_good(folder: Path) -> None:
    """The same day as it should have been: a few addresses differ."""
    write_district(folder, students=STUDENTS, seed=SEED, day=DAY)


def write_next_year(folder: Path) -> None:
    """Everybody a grade further; the oldest have left."""
    write_district(folder, students=STUDENTS, seed=SEED, day=DAY)
    left = {row["sourcedId"] for row in _students(folder) if row["grades"] == LAST_GRADE}

    def change(row: Row) -> Row | None:
        if (row.get("userSourcedId") or row["sourcedId"]) in left:
            return None
        if "grades" in row:
            row["grades"] = NEXT_GRADE.get(row["grades"], row["grades"])
        return row

    for name in STUDENT_FILES:
        _edit(folder / f"{name}.csv", change)


def told_student(folder: Path) -> str:
    """The id of the student whose timeline is shown: she had no email in the demo's second delivery, and is not in the bad one."""
    return next(row["sourcedId"] for row in _students(folder) if (row["givenName"], row["familyName"]) == TOLD)


def _renamed(value: str, new_ids: dict[str, str]) -> str:
    return ",".join(new_ids.get(key, key) for key in value.split(","))


def _schools(folder: Path) -> dict[str, str]:
    return {row["name"]: row["sourcedId"] for row in _read(folder / "orgs.csv")}


def _students(folder: Path) -> list[Row]:
    return [row for row in _read(folder / "users.csv") if row["role"] == "student"]


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _edit(path: Path, change: Callable[[Row], Row | None]) -> None:
    rows = _read(path)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerows(changed for row in rows if (changed := change(row)) is not None)

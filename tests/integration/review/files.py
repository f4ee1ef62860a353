"""A district on two days between which much happens: one school is emptied, grades move on, addresses change, one student comes under a new id."""

from typing import Any

from tests.unit.steps.kit import District, Row, district, person, to_csv

MOVED_ON = ("S1", "S2", "S3", "S4")  # promoted
EMPTIED = tuple(f"Q{number}" for number in range(6))  # all the students of South High
OLD, NEW = "S5", "N5"  # the same person
EMAILS = ("S3",)


def first_day() -> District:
    """Five students at North High, six at South High."""
    more = {key: _student(key) for key in ("S3", "S4", OLD)} | {key: _student(key, orgSourcedIds="O2") for key in EMPTIED}
    files = district(users=more)
    files["demographics"] += [_born(key, number) for number, key in enumerate(more)]
    files["enrollments"].append({**files["enrollments"][0], "sourcedId": "E5", "userSourcedId": OLD})
    return files


def second_day() -> District:
    """The same, next year."""
    files = first_day()
    users = [row for row in files["users"] if row["sourcedId"] not in EMPTIED]
    files["users"] = [_next(row) for row in users]
    kept = [row for row in files["demographics"] if row["sourcedId"] not in EMPTIED]
    files["demographics"] = [{**row, "sourcedId": NEW if row["sourcedId"] == OLD else row["sourcedId"]} for row in kept]
    files["enrollments"] = [
        {**row, "userSourcedId": NEW if row["userSourcedId"] == OLD else row["userSourcedId"]} for row in files["enrollments"]
    ]
    return files


def _student(key: str, **values: str) -> Row:
    return person(key, "student", identifier=f"id-{key}", phone=f"555-{key}", **values)


def _born(key: str, number: int) -> Row:
    return {"sourcedId": key, "birthDate": f"2016-01-{number + 1:02d}", "sex": "male", "asian": "false", "cityOfBirth": "Elko"}


def _next(row: Row) -> Row:
    changed: dict[str, Any] = {}
    if row["sourcedId"] in MOVED_ON:
        changed["grades"] = "04"
    if row["sourcedId"] in EMAILS:
        changed["email"] = "=new@example.org"
    if row["sourcedId"] == OLD:
        changed["sourcedId"] = NEW
    return {**row, **changed}


def as_texts(files: District) -> dict[str, str]:
    """The files by name, as they are delivered."""
    return {f"{name}.csv": to_csv(name, rows) for name, rows in files.items()}

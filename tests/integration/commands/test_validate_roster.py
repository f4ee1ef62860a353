"""validate_roster: files against the standard, without a database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.integration.commands.conftest import Answer

Run = Callable[..., Answer]


def spoil(path: Path, line: int, header: str, value: str) -> None:
    """Set one cell of a file whose cells up to there hold no commas."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[line - 1].split(",")
    cells[lines[0].split(",").index(header)] = value
    lines[line - 1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_district_without_faults_passes(written: Path, run: Run) -> None:
    for paths in ([written / "day-0"], [written / "day-0" / "OneRoster.zip"], list((written / "day-0").glob("*.csv"))):
        answer = run("validate_roster", *paths, "--json")
        assert answer.code == 0
        assert set(answer.json) == {"files", "errors", "warnings", "counts"}
        assert answer.json["errors"] == answer.json["warnings"] == []
        assert len(answer.json["files"]) == 7
        assert answer.json["counts"]["rows"] == sum(file["rows"] for file in answer.json["files"])


@pytest.mark.parametrize(
    ("file", "header", "value", "code"),
    [
        ("enrollments", "userSourcedId", "nobody", "reference-dangling"),
        ("enrollments", "role", "", "role-missing"),
        ("demographics", "birthDate", "2010-02-30", "value-unreadable"),
        ("orgs", "sourcedId", "", "org-invalid"),
        ("academicSessions", "type", "fortnight", "enum-impossible"),
        ("courses", "title", "", "standard-value-missing"),
    ],
)
def test_what_breaks_the_standard_is_an_error_with_its_place(files: Path, run: Run, file: str, header: str, value: str, code: str) -> None:
    spoil(files / f"{file}.csv", 2, header, value)
    answer = run("validate_roster", files, "--json")
    assert answer.code == 1
    mine = [error for error in answer.json["errors"] if error["code"] == code]
    assert [(error["file"], error["line"]) for error in mine] == [(f"{file}.csv", 2)]
    assert mine[0]["message"]
    assert mine[0]["fix"]
    assert answer.json["counts"]["by_code"][code] == 1


def test_an_unusual_spelling_is_a_warning_and_passes(files: Path, run: Run) -> None:
    spoil(files / "demographics.csv", 2, "birthDate", "02/28/2010")
    answer = run("validate_roster", files, "--json")
    assert answer.code == 0
    assert [warning["code"] for warning in answer.json["warnings"]] == ["date-us-form"]


def test_what_the_standard_does_not_ask_for_is_no_fault(files: Path, run: Run) -> None:
    spoil(files / "users.csv", 2, "role", "aide")
    spoil(files / "demographics.csv", 2, "birthDate", "")
    answer = run("validate_roster", files, "--json")
    assert "role-not-imported" not in answer.json["counts"]["by_code"]
    assert "attribute-missing" not in answer.json["counts"]["by_code"]


def test_files_that_cannot_be_opened_are_errors(files: Path, run: Run) -> None:
    (files / "users.csv").unlink()
    (files / "manifest.csv").unlink()
    answer = run("validate_roster", files, "--json")
    assert answer.code == 1
    assert answer.json["files"] == []
    assert [error["code"] for error in answer.json["errors"]] == ["file-missing"]


def test_all_missing_headers_of_all_files_are_named_at_once(files: Path, run: Run) -> None:
    for name, header in (("users", "familyName"), ("classes", "classType")):
        text = (files / f"{name}.csv").read_text(encoding="utf-8")
        (files / f"{name}.csv").write_text(text.replace(header, "x", 1), encoding="utf-8")
    answer = run("validate_roster", files, "--json")
    assert {error["column"] for error in answer.json["errors"]} == {"familyName", "classType"}


def test_a_delta_may_refer_to_what_was_sent_before(files: Path, run: Run) -> None:
    text = (files / "manifest.csv").read_text(encoding="utf-8")
    (files / "manifest.csv").write_text(text.replace("file.enrollments,bulk", "file.enrollments,delta"), encoding="utf-8")
    spoil(files / "enrollments.csv", 2, "classSourcedId", "sent-yesterday")
    assert run("validate_roster", files).code == 0


def test_people_get_counts_and_the_first_errors(files: Path, run: Run) -> None:
    spoil(files / "demographics.csv", 3, "birthDate", "someday")
    answer = run("validate_roster", files)
    assert "1 errors, 0 warnings" in answer.out
    assert "demographics.csv line 3 birthDate: birthDate is someday" in answer.out


def test_a_path_that_does_not_exist_is_said_plainly(tmp_path: Path, run: Run) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        run("validate_roster", tmp_path / "none.zip")

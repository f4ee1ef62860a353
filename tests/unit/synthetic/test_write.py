"""The files: the standard's headers, the same bytes every time, the summary that tells the truth."""

import hashlib
import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from formats.oneroster.tables import FILES, ONEROSTER_ZIP, TABLES
from synthetic import write_district
from tests.unit.synthetic.districts import Read, make

ALL_FILES = sorted([*(f"{file}.csv" for file in FILES), "manifest.csv", ONEROSTER_ZIP])


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("arguments", [{}, {"day": 2}, {"change_share": 0.02}], ids=["day 0", "day 2", "share"])
def test_the_same_arguments_give_the_same_bytes(tmp_path, arguments):
    for name in ("a", "b"):
        write_district(tmp_path / name, students=300, seed=5, **arguments)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert sorted(digests(tmp_path / "a")) == ALL_FILES


def test_another_seed_gives_another_district(tmp_path):
    for seed in (1, 2):
        write_district(tmp_path / str(seed), students=300, seed=seed)
    first, second = digests(tmp_path / "1"), digests(tmp_path / "2")
    same = {name for name in first if first[name] == second[name]}
    assert same == {"academicSessions.csv", "manifest.csv"}  # the calendar is the same for all


def test_an_older_folder_is_overwritten_whole(tmp_path):
    write_district(tmp_path / "new", students=120, seed=1)
    write_district(tmp_path / "old", students=400, seed=2)
    write_district(tmp_path / "old", students=120, seed=1)
    assert digests(tmp_path / "old") == digests(tmp_path / "new")


def test_headers_are_those_of_the_standard_in_its_order(any_day: Read):
    assert any_day.headers == {file: [column.header for column in TABLES[file]] for file in FILES}


def test_required_cells_are_filled_and_bulk_columns_blank(any_day: Read):
    for file in FILES:
        required = [column.header for column in TABLES[file] if column.required]
        for row in any_day.rows[file]:
            assert all(row[header] for header in required), (file, row)
            assert row["status"] == row["dateLastModified"] == ""


def test_cells_are_quoted_only_where_they_hold_a_list(district: Read):
    text = (district.summary.out / "users.csv").read_text(encoding="utf-8")
    assert text.count('"') == 2 * sum("," in cell for row in district.rows["users"] for cell in row.values())
    assert all("," not in row[header] for row in district.rows["users"] for header in ("givenName", "familyName", "phone", "email"))


def test_the_summary_counts_what_the_files_hold(any_day: Read):
    summary, folder = any_day.summary, any_day.summary.out
    assert summary.rows == {file: len(any_day.rows[file]) for file in FILES}
    assert summary.total_rows == sum(len(rows) for rows in any_day.rows.values())
    assert summary.csv_bytes == sum(path.stat().st_size for path in folder.glob("*.csv"))


def test_the_zip_holds_the_same_eight_files_at_its_root(any_day: Read):
    folder = any_day.summary.out
    with zipfile.ZipFile(folder / ONEROSTER_ZIP) as archive:
        assert archive.testzip() is None
        assert sorted([*archive.namelist(), ONEROSTER_ZIP]) == ALL_FILES
        assert all(archive.read(name) == (folder / name).read_bytes() for name in archive.namelist())


def test_the_manifest_promises_seven_files_in_bulk(district: Read):
    pairs = dict(line.split(",") for line in (district.summary.out / "manifest.csv").read_text().splitlines()[1:])
    modes = {name.removeprefix("file."): value for name, value in pairs.items() if name.startswith("file.")}
    assert {file for file, mode in modes.items() if mode == "bulk"} == set(FILES)
    assert len(modes) == 13
    assert pairs["oneroster.version"] == "1.1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"students": 0}, "at least one student"),
        ({"students": 10, "day": -1}, "before the first extract"),
        ({"students": 10, "change_share": 0.5}, "between 0 and 0.2"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_written(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_district(tmp_path / "out", seed=1, **arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("students", [1, 2, 13, 60])
def test_the_smallest_districts_are_whole_too(tmp_path, students):
    read = make(tmp_path, students=students, seed=4, day=3)
    people, classes = read.by_id("users"), read.by_id("classes")
    assert len(read.people("student")) == students
    assert all(row["userSourcedId"] in people and row["classSourcedId"] in classes for row in read.rows["enrollments"])


def test_the_command_writes_the_same_files_and_reports_them(tmp_path):
    out = StringIO()
    call_command("make_district", "--students=200", "--seed=9", f"--out={tmp_path / 'a'}", "--next-day=2", "--json", stdout=out)
    summary = write_district(tmp_path / "b", students=200, seed=9, day=2)
    assert json.loads(out.getvalue()) == {**summary.as_dict(), "out": str(tmp_path / "a")}
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_the_command_says_in_one_line_what_it_wrote(tmp_path):
    out = StringIO()
    call_command("make_district", "--students=1000", "--seed=9", f"--out={tmp_path}", stdout=out)
    assert "1,000 demographics" in out.getvalue()
    assert out.getvalue().count("\n") == 1
    with pytest.raises(CommandError, match="at least one student"):
        call_command("make_district", "--students=0", f"--out={tmp_path}", stdout=out)

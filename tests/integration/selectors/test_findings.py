"""Show Errors: pages, filters and the download."""

import csv
import io

import pytest

from formats.messages import MESSAGES
from imports.models import Sync
from imports.selectors.findings import FindingView, read_findings, stream_findings_csv
from imports.states import State

from .conftest import Portal, Rows, World


def everything(sync: Sync) -> list[FindingView]:
    return read_findings(sync, limit=10_000).rows


def test_pages_follow_each_other_by_file_and_line(spoiled: Sync) -> None:
    whole = read_findings(spoiled, limit=10_000)
    assert whole.total == len(whole.rows) > 40
    assert [(one.file, one.line) for one in whole.rows] == sorted((one.file, one.line) for one in whole.rows)
    paged = [one for offset in range(0, whole.total + 9, 9) for one in read_findings(spoiled, offset=offset, limit=9).rows]
    assert paged == whole.rows


def test_findings_add_up_to_the_counts_of_the_sync(spoiled: Sync) -> None:
    rows = {(one.code, one.record_type, one.row, one.key) for one in everything(spoiled)}
    counted = {(one["code"], one["record_type"]): one["count"] for one in spoiled.detail.findings}
    assert {kind: sum((row[0], row[1]) == kind for row in rows) for kind in counted} == counted


def test_a_finding_says_where_what_and_how_to_mend_it(world: World, spoiled: Sync) -> None:
    found = next(one for one in everything(spoiled) if one.code == "uniqueness-shared")
    assert (found.file, found.column, found.record_type, found.outcome) == ("users.csv", "email", "student", "duplicate")
    source = world.students[3]
    assert (found.key, found.name) == (source["sourcedId"], f"{source['givenName']} {source['familyName']}")
    assert found.value in found.message
    assert found.line > 1
    assert found.fix


@pytest.mark.parametrize(
    ("filters", "test"),
    [
        ({"file": "USERS"}, lambda one: "users" in one.file),
        ({"file": "nothing"}, lambda one: False),
        ({"kind": "missing"}, lambda one: "missing" in one.title.lower()),
        ({"kind": "key-missing"}, lambda one: one.code == "key-missing"),
        ({"kind": "too few"}, lambda one: one.code == "row-too-few-fields"),
        ({"message": "LEFT out"}, lambda one: "left out" in one.message.lower()),
        ({"message": "has no sms"}, lambda one: "has no sms" in one.message.lower()),
        ({"message": "hyperlink(1)"}, lambda one: "HYPERLINK(1)" in one.message),
        ({"message": "(2 instead of"}, lambda one: "(2 instead of" in one.message),
        ({"message": "no such words anywhere"}, lambda one: False),
        ({"file": "users", "kind": "value", "message": "sms"}, lambda one: one.code == "attribute-missing" and one.column == "sms"),
    ],
)
def test_filters_match_what_is_shown(spoiled: Sync, filters: dict[str, str], test: object) -> None:
    assert callable(test)
    wanted = [one for one in everything(spoiled) if test(one)]
    page = read_findings(spoiled, **filters, limit=10_000)
    assert page.rows == wanted
    assert page.total == len(wanted)
    assert read_findings(spoiled, **filters, offset=1, limit=2).rows == wanted[1:3]


def test_a_message_is_found_by_any_part_of_it(spoiled: Sync) -> None:
    rows = everything(spoiled)
    for one in {row.code: row for row in rows}.values():
        for start in range(0, len(one.message) - 6, 6):
            part = one.message[start : start + 12]
            found = read_findings(spoiled, message=part, limit=10_000).rows
            assert found == [row for row in rows if part.casefold() in row.message.casefold()], part


def test_the_line_of_an_unreadable_row_can_be_searched_for(spoiled: Sync) -> None:
    bad = next(one for one in everything(spoiled) if one.code == "row-too-few-fields")
    assert read_findings(spoiled, message=f"line {bad.line} of users.csv").rows == [bad]


def test_the_download_holds_all_findings(spoiled: Sync) -> None:
    lines = list(csv.reader(io.StringIO("".join(stream_findings_csv(spoiled)), newline="")))
    assert lines[0] == [
        "File Name", "Line", "Column", "Error Type", "Error Message", "Value", "How to mend", "Record Type", "Record",
    ]  # fmt: skip
    shown = everything(spoiled)
    assert [(line[0], line[1], line[3], line[7]) for line in lines[1:]] == [
        (one.file, str(one.line), one.title, one.record_type) for one in shown
    ]


def test_no_cell_of_the_download_is_a_formula(spoiled: Sync) -> None:
    cells = [cell for line in csv.reader(io.StringIO("".join(stream_findings_csv(spoiled)), newline="")) for cell in line]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_what_is_wrong_with_files_is_told_of_a_failed_sync(portal: Portal) -> None:
    def drop_a_header(files: dict[str, Rows]) -> None:
        files["users"] = [{name: value for name, value in row.items() if name != "role"} for row in files["users"]]

    failed = portal.deliver(drop_a_header)
    assert failed.state == State.FAILED
    page = read_findings(failed)
    assert [(one.code, one.file, one.outcome) for one in page.rows] == [("header-missing", "users.csv", "error")]
    assert page.rows[0].title == MESSAGES["header-missing"][0]
    assert len("".join(stream_findings_csv(failed)).splitlines()) == 2


def test_a_sync_without_findings_has_an_empty_page_and_download(portal: Portal) -> None:
    portal.configure({"schools": {"all_missing_as_new": False}, "requirements": {"student": {"sms": "none"}}})
    waiting = portal.deliver()
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING
    assert (read_findings(waiting).rows, read_findings(waiting, message="x").total) == ([], 0)
    assert len("".join(stream_findings_csv(waiting)).splitlines()) == 1

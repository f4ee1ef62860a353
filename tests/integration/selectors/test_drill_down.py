"""The rows behind every number of a sync."""

import subprocess
import sys
from pathlib import Path

import pytest

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.drill_down import RowView, read_rows
from imports.states import State
from records.attributes import FILE_OF, PERSON_TYPES, SCHOOL_ATTRIBUTE, RecordType
from records.outcomes import MARKS, OUTCOMES
from roster.models import Student

from .conftest import BORN, FREE, GONE, HOLDS, INACTIVE, KEYLESS, LUNCH, NAMELESS, RENAMED, SHARES, Portal, World, spoil


def every(sync: Sync, record_type: str, outcome: str, *, school: str | None = None, search: str = "", limit: int = 400) -> list[RowView]:
    """All rows, page by page."""
    rows: list[RowView] = []
    while True:
        page = read_rows(sync, record_type, outcome, school=school, search=search, offset=len(rows), limit=limit)
        assert len(page.rows) == min(limit, page.total - len(rows))
        rows += page.rows
        if len(rows) >= page.total:
            return rows


def row_of(sync: Sync, outcome: str, key: str) -> RowView:
    return next(row for row in every(sync, "student", outcome) if row.key == key)


@pytest.mark.parametrize("outcome", ["unchanged", "reported", "updated", "deleted"])
def test_pages_follow_each_other(spoiled: Sync, outcome: str) -> None:
    assert every(spoiled, "student", outcome, limit=7) == every(spoiled, "student", outcome)


@pytest.mark.parametrize("record_type", list(RecordType))
def test_every_number_opens_to_as_many_rows(spoiled: Sync, record_type: RecordType) -> None:
    counts = spoiled.detail.counts[record_type]
    assert {name: len(every(spoiled, record_type, name)) for name in (*OUTCOMES, *MARKS)} == {
        name: counts[name] for name in (*OUTCOMES, *MARKS)
    }


def test_the_faults_meet_every_outcome(spoiled: Sync) -> None:
    counts = spoiled.detail.counts["student"]
    assert all(counts[name] for name in (*OUTCOMES, *MARKS) if name != "created")
    assert spoiled.state == State.COMPLETED_WITH_ISSUES


def test_every_line_of_users_is_found_under_exactly_one_outcome(spoiled: Sync) -> None:
    lines = [row.line for kind in PERSON_TYPES for outcome in OUTCOMES for row in every(spoiled, kind, outcome)]
    rows = next(file["rows"] for file in spoiled.detail.files if file["name"] == "users.csv")
    assert sorted(lines) == list(range(2, rows + 2))


def test_rows_are_created_by_the_first_import(world: World) -> None:
    source = world.students[0]
    assert {row.key for row in every(world.first, "student", "created")} == {row["sourcedId"] for row in world.students}
    row = row_of(world.first, "created", source["sourcedId"])
    assert (row.file, row.before, row.changed, row.school) == ("users.csv", None, [], source["orgSourcedIds"].split(",")[0])
    assert row.name == f"{source['givenName']} {source['familyName']}"
    assert row.values["lunch"] == "paid"


def test_updated_rows_show_old_and_new(world: World, spoiled: Sync) -> None:
    listed = world.students
    renamed = row_of(spoiled, "updated", listed[RENAMED]["sourcedId"])
    assert renamed.before is not None
    assert (renamed.before["first_name"], renamed.values["first_name"]) == (listed[RENAMED]["givenName"], "Zoë")
    assert renamed.changed == ["first_name"]
    free = row_of(spoiled, "updated", listed[FREE]["sourcedId"])
    assert free.before is not None
    assert [(name, free.before[name], free.values[name]) for name in free.changed] == [
        ("lunch", "paid", "free"), (LUNCH, "paid", "free"),
    ]  # fmt: skip


def test_unchanged_rows_show_the_live_values(world: World, spoiled: Sync) -> None:
    source = world.students[HOLDS]
    row = row_of(spoiled, "unchanged", source["sourcedId"])
    assert (row.values["email"], row.values["lunch"], row.before) == (source["email"], "paid", None)


@pytest.mark.parametrize(
    ("outcome", "student", "code"),
    [
        ("skipped", NAMELESS, "required-attribute-missing"),
        ("excluded", INACTIVE, "status-inactive"),
        ("duplicate", SHARES, "uniqueness-shared"),
        ("deleted", GONE, "absent"),
        ("deleted", INACTIVE, "status-inactive"),
        ("kept", NAMELESS, "required-attribute-missing"),
        ("kept", SHARES, "uniqueness-shared"),
    ],
)
def test_each_row_tells_why(world: World, spoiled: Sync, outcome: str, student: int, code: str) -> None:
    row = row_of(spoiled, outcome, world.students[student]["sourcedId"])
    assert row.reasons[0].code == code
    assert row.reasons[0].message
    assert bool(row.line) == (outcome not in ("deleted", "kept"))


def test_invalid_rows_without_a_key_are_known_by_their_line(world: World, spoiled: Sync) -> None:
    rows = every(spoiled, "student", "invalid")
    assert {row.reasons[0].code for row in rows} == {"key-missing", "row-too-few-fields"}
    keyless = next(row for row in rows if row.reasons[0].code == "key-missing")
    source = world.students[KEYLESS]
    assert (keyless.key, keyless.name) == ("", f"{source['givenName']} {source['familyName']}")


def test_reported_rows_are_accepted_rows_with_an_issue(world: World, spoiled: Sync) -> None:
    rows = every(spoiled, "student", "reported")
    accepted = {row.line for outcome in ("updated", "unchanged") for row in every(spoiled, "student", outcome)}
    assert {row.line for row in rows} <= accepted
    assert all(any(reason.code in ("attribute-missing", "value-unreadable") for reason in row.reasons) for row in rows)
    born = next(row for row in rows if row.key == world.students[BORN]["sourcedId"])
    assert [(reason.column, reason.value, reason.file) for reason in born.reasons if reason.code == "value-unreadable"] == [
        ("birthDate", "=HYPERLINK(1)", "demographics.csv")
    ]
    assert born.before is not None
    assert born.changed == ["birth_date"]


@pytest.mark.parametrize(("record_type", "outcome"), [
    ("student", "unchanged"), ("student", "reported"), ("student", "deleted"), ("enrollment", "unchanged"), ("enrollment", "invalid"),
    ("enrollment", "excluded"), ("class", "unchanged"), ("school", "unchanged"),
])  # fmt: skip
def test_a_school_narrows_the_rows(spoiled: Sync, record_type: str, outcome: str) -> None:
    rows = every(spoiled, record_type, outcome)
    assert rows
    assert all(row.school == row.values[SCHOOL_ATTRIBUTE[RecordType(record_type)]] for row in rows)
    for school in {row.school for row in rows} | {"no such school"}:
        assert every(spoiled, record_type, outcome, school=school) == [row for row in rows if row.school == school]


def test_sessions_belong_to_no_school(spoiled: Sync) -> None:
    assert read_rows(spoiled, "session", "unchanged", school="any").total == 0
    assert read_rows(spoiled, "session", "unchanged").total > 0


@pytest.mark.parametrize("outcome", ["unchanged", "updated", "deleted", "reported"])
def test_a_search_looks_for_all_words_in_names_and_keys(spoiled: Sync, outcome: str) -> None:
    rows = every(spoiled, "student", outcome)
    names = ("key", "first_name", "last_name", "email", "username")
    for search in (
        "an",
        "ZO",
        "zoë",
        f"{rows[0].values['first_name'].upper()} {rows[0].values['last_name']}",
        rows[-1].key[2:],
        "nobody at all",
    ):
        words = search.casefold().split()
        wanted = [row for row in rows if all(any(word in row.values[name].casefold() for name in names) for word in words)]
        assert every(spoiled, "student", outcome, search=search) == wanted


def test_enrollments_are_found_by_person_and_class(world: World) -> None:
    first = world.first
    row = read_rows(first, "enrollment", "created", offset=123, limit=1).rows[0]
    found = every(first, "enrollment", "created", search=row.values["person_id"])
    assert found == [one for one in every(first, "enrollment", "created") if one.values["person_id"] == row.values["person_id"]]
    assert every(first, "enrollment", "created", search=f"{row.values['person_id']} {row.values['class_id']}") == [row]


@pytest.mark.django_db
def test_a_sync_that_repeats_another_shows_its_rows_as_unchanged(world: World, spoiled: Sync) -> None:
    again = world.portal.deliver(spoil, last_line="too,few\n")
    assert (again.state, again.repeats_id) == (State.NO_CHANGES, spoiled.pk)
    for kind in RecordType:
        counts = again.detail.counts[kind]
        assert {name: len(every(again, kind, name)) for name in (*OUTCOMES, *MARKS)} == {name: counts[name] for name in (*OUTCOMES, *MARKS)}
    renamed = row_of(again, "unchanged", world.students[RENAMED]["sourcedId"])
    assert (renamed.values["first_name"], renamed.before, renamed.changed) == ("Zoë", None, [])


@pytest.mark.django_db
def test_unchanged_rows_that_are_not_live_any_more_are_still_listed(world: World, spoiled: Sync) -> None:
    key = world.students[HOLDS]["sourcedId"]
    Student.objects.of(world.portal.district).filter(key=key).delete()
    assert row_of(spoiled, "unchanged", key).name == key


def test_a_sync_that_has_decided_nothing_has_no_rows(portal: Portal) -> None:
    portal.configure({"schools": {"all_missing_as_new": False}})
    waiting = portal.deliver()
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING
    assert [read_rows(waiting, kind, outcome).total for kind in RecordType for outcome in (*OUTCOMES, *MARKS)] == [0] * 90


def test_rows_are_read_without_pandas(spoiled: Sync) -> None:
    path = local_artifact(spoiled.artifacts, "student.rows.parquet")
    assert path is not None
    school = every(spoiled, "student", "updated", search="zoë")[0].school
    code = f"""
import django; django.setup()
import sys
from pathlib import Path
import imports.selectors.report, imports.selectors.summary, imports.selectors.school_suggestions
from imports.selectors.drill_down import read_rows
from imports.selectors.findings import read_findings, stream_findings_csv
from imports.selectors import findings, row_files
from types import SimpleNamespace
sync = SimpleNamespace(artifacts="there", repeats_id=None, district_id=1)
findings.local_artifact = row_files.local_artifact = lambda prefix, name: Path({str(path.parent)!r}) / name
assert read_rows(sync, "student", "updated", search="zoë", school={school!r}).total == 1
assert read_rows(sync, "student", "kept").rows[0].reasons
assert read_findings(sync, file="users", kind="missing", message="sms").total
assert len("".join(stream_findings_csv(sync))) > 100
assert "pandas" not in sys.modules, "pandas was loaded"
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_files_of_record_types(spoiled: Sync) -> None:
    assert {row.file for kind in RecordType for row in read_rows(spoiled, kind, "unchanged", limit=1).rows} == {
        f"{file}.csv" for file in FILE_OF.values()
    }

"""The law of the rows from the delivery to the tables: what the change set says is what the database does."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imports.states import ACCEPTED, State
from records.attributes import RecordType
from roster.models import RosterState
from tests.integration.pipeline.desk import Desk
from tests.property.law import assert_email_is_unique, assert_every_loss_is_explained, assert_live_follows, assert_sums_close
from tests.property.worlds import Days, days, whole
from tests.unit.steps.kit import Raw

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"delivery": {"aides_as_teachers": True}, "drop_empty_classes": True},
    {
        "filters": [
            {"record_type": "student", "match": "all", "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["03"]}]}
        ],
        "uniqueness": [{"record_type": "student", "attributes": ["username"]}],
        "requirements": {"student": {"email": "report"}},
    },
)


def _lines(files: dict[str, Any]) -> dict[str, list[int]]:
    """The line of every row: none of the drawn values holds a line break."""
    return {file: list(range(2, len(rows) + 2)) for file, rows in files.items()}


@given(days(deltas=False), st.sampled_from(DOCUMENTS))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_two_days_of_a_faulty_district_obey_the_law(day: Days, document: dict[str, Any]):
    desk = Desk(document)
    for files in (day.first, day.second):
        before = desk.live()
        sync = desk.deliver(files)
        if sync.state == State.HELD:  # a file without rows
            assert desk.live() == before
            assert not all(files.values())
            continue
        assert sync.state in {*ACCEPTED, State.NO_CHANGES}, sync.failure
        after = desk.live()
        if sync.state == State.NO_CHANGES:
            assert after == before
            continue
        rows = desk.rows(sync)
        assert_sums_close(sync.detail.counts, rows, _lines(files), before, after)
        assert_every_loss_is_explained(rows, desk.findings(sync))
        assert_live_follows(rows, before, after, {}, set(files))
        assert_email_is_unique(after)
        counts = RosterState.objects.of(desk.district).get().counts
        assert counts == {kind.value: len(after[kind]) for kind in RecordType}
        for kind in RecordType:
            written = {row["key"]: row["fingerprint"] for row in rows[kind] if row["outcome"] in {"created", "updated"}}
            assert {key: after[kind][key]["fingerprint"] for key in written} == written


def test_text_comes_back_from_the_database_as_it_was_sent():
    """What COPY and executemany could spoil: quotes, line breaks, backslashes, NULL look-alikes, other scripts."""
    desk, files = Desk(), whole()
    names = ["\\N", "\\.", 'a "quoted" one', "two\nlines", "tab\there", "NULL", "日本 Ünïcode", "'; --", "{1,2}", "a\\nb"]
    for row, name in zip(files["users"], names, strict=False):
        row["givenName"] = row["metadata.note"] = name
    sync = desk.deliver(files)
    assert sync.state in ACCEPTED, sync.failure
    live = desk.live()
    people = {
        key: one
        for kind in (RecordType.STUDENT, RecordType.TEACHER, RecordType.ADMIN, RecordType.CONTACT)
        for key, one in live[kind].items()
    }
    for row, name in zip(files["users"], names, strict=False):
        if row["sourcedId"] in people and row["sourcedId"] != "T1":  # T1 is two people
            assert people[row["sourcedId"]]["first_name"] == name
    files["courses"][0]["title"] = "Changed"
    again = desk.deliver(files)
    assert sum(count["updated"] for count in again.detail.counts.values()) == 1


def test_a_deleted_record_comes_back_as_the_same_record():
    from roster.models import Student

    desk, files = Desk(), whole()
    first = desk.deliver(files)
    without = {**files, "users": [row for row in files["users"] if row["sourcedId"] != "S2"]}
    gone = desk.deliver(without)
    record = Student.objects.of(desk.district).get(key="S2")
    assert record.deleted_at is not None
    assert gone.detail.counts["student"]["deleted"] == 1
    assert not [one for one in desk.live()[RecordType.ENROLLMENT].values() if one["person_id"] == "S2"]
    back = desk.deliver(files)
    assert back.detail.counts["student"]["created"] == 1
    returned = Student.objects.of(desk.district).get(key="S2")
    assert (returned.pk, returned.first_sync, returned.deleted_at) == (record.pk, first.pk, None)


def test_an_issue_opens_once_and_closes_when_it_is_mended():
    from dataquality.models import Issue

    desk, files = Desk(), whole()
    files["users"][0]["email"] = ""
    first = desk.deliver(files)
    files["users"].insert(0, files["users"].pop(3))  # the row moves to another line
    files["users"][4]["phone"] = "1"
    desk.deliver(files)
    issue = Issue.objects.of(desk.district).get(code="required-attribute-missing")
    assert (issue.first_sync, issue.record_key, issue.resolved_at) == (first.pk, "S1", None)
    assert issue.line == next(place for place, row in enumerate(files["users"], start=2) if row["sourcedId"] == "S1")
    next(row for row in files["users"] if row["sourcedId"] == "S1")["email"] = "s1@example.org"
    desk.deliver(files)
    issue.refresh_from_db()
    assert issue.resolved_at is not None


def test_an_issue_shows_the_value_that_is_wrong_now():
    from dataquality.models import Issue

    desk, files = Desk(), whole()
    for value in ("soon", "later"):
        files["enrollments"][0]["beginDate"] = value
        desk.deliver(files)
    assert Issue.objects.of(desk.district).get(code="value-unreadable").value == "later"


def test_the_same_files_end_as_no_changes_and_repeat_the_outcomes():
    desk, files = Desk(), whole()
    files["users"].append(Raw("S9,cut"))
    first, second = desk.deliver(files), desk.deliver(files)
    assert second.state == State.NO_CHANGES
    for kind, count in second.detail.counts.items():
        then = first.detail.counts[kind]
        assert (count["created"], count["updated"], count["deleted"]) == (0, 0, 0)
        assert count["unchanged"] == then["created"] + then["updated"] + then["unchanged"]
        assert (count["invalid"], count["in_file"]) == (then["invalid"], then["in_file"])


@pytest.mark.parametrize(("limit", "state"), [(25, State.COMPLETED), (24.9, State.HELD)])
def test_exactly_at_the_limit_is_applied_and_above_it_is_held(limit, state):
    desk, files = Desk({"delivery": {"update_threshold": limit}}), whole()
    desk.deliver(files)
    files["users"][0]["phone"] = "555"  # one of four students
    sync = desk.deliver(files)
    assert (sync.state == State.HELD) is (state == State.HELD)
    assert (desk.live()[RecordType.STUDENT]["S1"]["phone"] == "555") is (state != State.HELD)


def test_an_empty_file_holds_whatever_the_thresholds():
    desk = Desk()
    desk.deliver(whole())
    before = desk.live()
    sync = desk.deliver({**whole(), "enrollments": []})
    assert (sync.state, sync.hold_kind) == (State.HELD, "empty_file")
    assert desk.live() == before

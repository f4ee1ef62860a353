"""Day after day: most rows stay, the announced kinds of change happen, nothing comes back."""

import pytest

from tests.unit.synthetic.districts import Read, difference, items, make

CHANGING = ("users", "classes", "enrollments")


def test_a_day_changes_few_rows_and_five_days_about_two_per_cent(days: list[Read]):
    for before, after in zip(days, days[1:], strict=False):
        for file in CHANGING:
            assert 0 < len(difference(before, after, file)) / len(before.rows[file]) < 0.008, file
    for file in CHANGING:
        assert 0.012 < len(difference(days[0], days[5], file)) / len(days[0].rows[file]) < 0.028, file


def test_schools_sessions_and_courses_stay(days: list[Read]):
    for file in ("orgs", "academicSessions", "courses"):
        assert days[0].rows[file] == days[5].rows[file]


@pytest.mark.parametrize("day", range(1, 6))
def test_every_day_brings_the_announced_kinds(days: list[Read], day: int):
    before, after = days[day - 1], days[day]
    users, classes, enrollments = (difference(before, after, file) for file in CHANGING)
    old, new = before.by_id("users"), after.by_id("users")
    changed = {header for key in users.updated for header in old[key] if old[key][header] != new[key][header]}
    assert {"orgSourcedIds", "email"} <= changed
    assert {"givenName", "familyName"} & changed
    students = {row["sourcedId"] for row in before.people("student")}
    assert users.removed & students, "withdrawals"
    assert {row["sourcedId"] for row in after.people("student")} - students, "entrants"
    assert classes.updated
    assert enrollments.updated
    assert enrollments.removed
    assert enrollments.added


def test_transferred_students_leave_their_old_classes(days: list[Read]):
    old, new = days[0].by_id("users"), days[1].by_id("users")
    moved = {
        key for key in old.keys() & new.keys() if old[key]["role"] == "student" and old[key]["orgSourcedIds"] != new[key]["orgSourcedIds"]
    }
    assert moved
    before, after = ({r["classSourcedId"] for r in day.rows["enrollments"] if r["userSourcedId"] in moved} for day in days[:2])
    assert before
    assert after
    assert not before & after


def test_those_who_left_do_not_come_back(days: list[Read]):
    for file in CHANGING:
        gone: set[str] = set()
        for before, after in zip(days, days[1:], strict=False):
            gone |= difference(before, after, file).removed
            assert not gone & set(after.by_id(file))


def test_people_keep_role_and_numbers(days: list[Read]):
    old, new = days[0].by_id("users"), days[5].by_id("users")
    for key in old.keys() & new.keys():
        assert all(old[key][header] == new[key][header] for header in ("role", "identifier", "grades"))
        assert items(old[key]["userIds"])[:1] == items(new[key]["userIds"])[:1]


def test_new_enrollments_begin_on_the_day_or_with_their_term(days: list[Read]):
    new, classes, sessions = (days[3].by_id(file) for file in ("enrollments", "classes", "academicSessions"))
    added = difference(days[2], days[3], "enrollments").added
    assert added
    for key in added:
        term = sessions[items(classes[new[key]["classSourcedId"]]["termSourcedIds"])[0]]
        assert new[key]["beginDate"] == max("2026-09-17", term["startDate"])


def test_a_share_changes_exactly_that_many_rows(tmp_path):
    before = make(tmp_path / "before", students=8_000, seed=3)
    after = make(tmp_path / "after", students=8_000, seed=3, change_share=0.02)
    for file in CHANGING:
        rows, changes = len(before.rows[file]), difference(before, after, file)
        assert len(changes) / rows == pytest.approx(0.02, rel=0.06), file
        assert len(changes.updated) / len(changes) == pytest.approx(0.70, abs=0.05), file
        assert len(changes.removed) / len(changes) == pytest.approx(0.15, abs=0.03), file
        assert len(changes.added) / len(changes) == pytest.approx(0.15, abs=0.03), file


def test_the_summary_names_the_changes(days: list[Read]):
    assert days[0].summary.changes == {}
    counts = days[1].summary.changes
    students = {row["sourcedId"] for row in days[0].people("student")}
    assert counts["withdrawals"] == len(difference(days[0], days[1], "users").removed & students)
    assert counts["entrants"] == len(days[1].by_id("demographics").keys() - students)
    assert counts["sections_rescheduled"] == len(difference(days[0], days[1], "classes").updated)

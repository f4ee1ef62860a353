"""Data Quality: open issues by rule, and the records behind a rule."""

import re
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from imports.states import State
from tests.integration.imports_ui.world import World

RULE = reverse("quality_rule", args=["student", "required-attribute-missing"]) + "?attribute=grades"


def read(world: World, address: str, role: Role = Role.OWNER) -> str:
    response = world.client(role).get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_nothing_to_mend_says_so_with_the_date_of_the_last_check(world: World) -> None:
    assert "Nothing has been checked yet" in read(world, reverse("quality"))
    world.sync(State.COMPLETED, finished_at=datetime(2026, 8, 14, 11, 2, tzinfo=UTC))
    page = read(world, reverse("quality"))
    assert "No data errors" in page
    assert "Aug 14, 2026, 7:02 AM EDT" in page


def test_issues_are_grouped_by_rule_and_attribute_and_counted(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        world.issue(number)
    for number in range(20, 25):
        world.issue(number, code="attribute-missing", outcome="reported", attribute="birth_date")
    world.issue(30, code="uniqueness-shared", outcome="duplicate", attribute="email", record_type="teacher")
    world.issue(31, resolved_at=timezone.now())
    client = world.client()
    with django_assert_max_num_queries(25):
        page = client.get(reverse("quality")).content.decode()
    assert "18 open issues" in page
    assert page.index("Students") < page.index("Required value missing") < page.index("Value missing") < page.index("Duplicate")
    assert re.search(r"attribute=grades\"[^>]*>12</a>", page)
    assert "imported, reported" in page
    assert "left out" in page


def test_a_rule_opens_to_its_records(world: World) -> None:
    world.student("X-1", first="Nora", last="One")
    world.issue(1)
    world.issue(2)
    page = read(world, RULE)
    assert "2 students were left out." in page
    assert "Fill in Grades" in page
    assert "The student has no Grades" in page
    assert "users.csv" in page
    assert f"{reverse('record', args=['student'])}?key=X-1" in page
    assert "key=X-2" not in page  # it was never live


def test_records_are_searched_and_paged(world: World) -> None:
    for number in range(60):
        world.issue(number)
    page = read(world, RULE)
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    rest = read(world, following.group(1).replace("&amp;", "&"))
    assert len(re.findall(r">Nora \d+<", page)) + len(re.findall(r">Nora \d+<", rest)) == 60
    assert len(re.findall(r">Nora \d+<", read(world, f"{RULE}&q=X-59"))) == 1
    assert "Nothing found" in read(world, f"{RULE}&q=nobody")


def test_a_rule_without_open_issues_does_not_exist(world: World) -> None:
    world.issue(1, resolved_at=timezone.now())
    assert world.client().get(RULE).status_code == 404
    assert world.client().get(reverse("quality_rule", args=["dragon", "nonsense"])).status_code == 404


def test_an_issue_of_a_rule_that_is_no_more_is_still_shown(world: World) -> None:
    world.issue(1, code="old-rule", attribute="", record_type="student")
    assert "Other issue" in read(world, reverse("quality"))
    assert "earlier version" in read(world, reverse("quality_rule", args=["student", "old-rule"]))


def test_one_app_sees_its_own_issues(world: World) -> None:
    world.issue(1)
    world.issue(2, app="sftp", record_name="From elsewhere")
    page = read(world, reverse("imports:app_tab", args=["csv_upload", "quality"]))
    assert "1 open issue that" in page
    assert "From elsewhere" not in read(world, f"{RULE}&app=csv_upload")
    assert "From elsewhere" in read(world, RULE)


def test_sensitive_values_are_hidden_from_viewers_and_cannot_be_searched(world: World) -> None:
    world.issue(1, code="value-unreadable", attribute="birth_date", value="soon-secret", detail="date", outcome="reported")
    rule = reverse("quality_rule", args=["student", "value-unreadable"]) + "?attribute=birth_date"
    assert "soon-secret" in read(world, rule)
    assert "Nora" in read(world, f"{rule}&q=soon-secret")
    for role in (Role.VIEWER, Role.APPROVER):
        assert "soon-secret" not in read(world, rule, role)
        assert "Nora" not in read(world, f"{rule}&q=soon-secret", role)


def test_nothing_of_another_district(world: World) -> None:
    World("south").issue(1)
    assert "No data errors" in read(world, reverse("quality"))
    assert world.client().get(RULE).status_code == 404


def test_names_are_text_not_markup(world: World) -> None:
    world.issue(1, record_name="<script>alert(1)</script>")
    assert "<script>alert" not in read(world, RULE)

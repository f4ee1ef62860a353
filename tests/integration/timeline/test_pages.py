"""The pages: who may see what, hostile ids, and the ways that lead there."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import AuditEvent, Role
from imports.states import State
from records.attributes import RecordType
from roster.models import Student
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import district, person

from .kit import ENROLLMENT, STUDENT, browser, page

pytestmark = pytest.mark.django_db
HOSTILE = (
    "a/b/../c", "..", "50%25", "100%", "a&b=c#d?e", "Ünï çödé 學生", "😀" * 20, '"><script>alert(1)</script>', "it's {{ 7|add:7 }}", "a+b c", "x" * 255,
    "é" * 255,
)  # fmt: skip


def words(response: Any) -> str:
    """What a person reads on the page, without marks inside of words."""
    text = response.content.decode().replace('aria-label="became"', ">became<")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text))


@pytest.fixture
def desk(data_dir: Path) -> Desk:
    return Desk()


def test_the_page_shows_answer_events_and_changes(desk: Desk) -> None:
    desk.deliver(district())
    sync = desk.deliver(district(users={"S1": {"email": "ana.new@example.org"}}))
    response = page(browser(desk), STUDENT, "S1")
    text = response.content.decode()
    assert f'last changed by <a href="/history/{sync.pk}/">sync #{sync.pk}</a>: Email Address.' in text
    assert f'href="/history/{sync.pk}/student/updated/?q=S1"' in text and "users.csv, line 2" in text
    assert "s1.student@example.org became ana.new@example.org" in words(response) and '<ins class="diff-new">' in text
    assert "Why not in a class?" in text and "Why not in a class?" not in page(browser(desk), RecordType.CLASS, "C1").content.decode()


def test_sensitive_values_are_hidden_from_those_who_may_not_see_them(desk: Desk) -> None:
    desk.deliver(district())
    spoiled = {"S1": {"phone": "555-0199", "metadata.shoe": "44"}}
    desk.deliver(district(users=spoiled, demographics={"S1": {"birthDate": "2016-07-08", "sex": "nonsense"}}))
    shown, hidden = (words(page(browser(desk, role), STUDENT, "S1")) for role in (Role.OWNER, Role.VIEWER))
    for secret in ("555-0199", "2016-07-08", "nonsense"):
        assert secret in shown and secret not in hidden, secret
    assert "changed, hidden" in hidden and "changed, hidden" not in shown
    assert "is shown to owners and editors only" in hidden


def test_the_answer_hides_what_the_events_hide(desk: Desk) -> None:
    desk.configure({"uniqueness": [{"record_type": "student", "attributes": ["phone"]}]})
    desk.deliver(district(users={"S1": {"phone": "555-0142"}, "S2": {"phone": "555-0142"}}))
    assert "555-0142" in page(browser(desk), STUDENT, "S1").content.decode()
    response = page(browser(desk, Role.VIEWER), STUDENT, "S1")
    assert response.status_code == 200 and "555-0142" not in response.content.decode()


def test_that_a_students_timeline_was_opened_is_in_the_audit_trail(desk: Desk) -> None:
    desk.deliver(district())
    page(browser(desk), STUDENT, "S1")
    page(browser(desk), STUDENT, "nobody")
    page(browser(desk), RecordType.CLASS, "C1")
    (event,) = AuditEvent.objects.of(desk.district).filter(action="student.opened")
    assert (event.target, event.detail["page"]) == ("S1", "timeline")


def test_members_of_another_district_find_nothing(desk: Desk) -> None:
    desk.deliver(district(users={"S1": {"givenName": "Zyxwvut"}}))
    stranger = browser(Desk())
    for kind, key in ((STUDENT, "S1"), (ENROLLMENT, "E1"), (RecordType.CLASS, "C1")):
        response = page(stranger, kind, key, **{"class": "C1"})
        assert response.status_code == 404
        assert "Zyxwvut" not in response.content.decode()
    assert "Zyxwvut" not in stranger.get("/browse/find/?q=S1").content.decode()
    assert Client().get("/browse/student/timeline/?key=S1").status_code == 302
    assert browser(desk).post("/browse/student/timeline/?key=S1").status_code == 405


def test_ids_of_any_characters_have_a_timeline_and_are_led_to(desk: Desk) -> None:
    keys = {key: person(key, "student", email=f"h{at}@example.org", username=f"h{at}") for at, key in enumerate(HOSTILE)}
    desk.deliver(district(users=keys, classes={"50%/..": {"title": "Per cent"}}))
    desk.deliver(district())
    client = browser(desk)
    assert set(Student.objects.of(desk.district).exclude(deleted_at=None).values_list("key", flat=True)) == set(HOSTILE)
    for key in HOSTILE:
        led = client.get("/browse/student/record/", {"key": key})
        assert led.status_code == 302 and parse_qs(urlsplit(led["Location"]).query, strict_parsing=True) == {"key": [key]}
        response = client.get(f"{led['Location']}&class=50%25/..")
        text = response.content.decode()
        assert response.status_code == 200 and "Deleted by" in text and "<script>alert" not in text, key
        assert "none of the 2 syncs brought an enrollment" in text
        assert "{{" not in text.replace("{{ 7|add:7 }}", "")
    assert client.get("/browse/class/record/", {"key": "50%/.."}).status_code == 302


def test_what_is_no_id_is_not_found(desk: Desk) -> None:
    desk.deliver(district())
    client = browser(desk)
    for key in ("", "\0", "S1\0", "y" * 5000, "s1", " S1"):
        assert page(client, STUDENT, key).status_code == 404, key
        assert client.get("/browse/student/record/", {"key": key}).status_code == 404, key
        assert client.get("/browse/find/", {"q": key}).status_code == 200, key


def test_every_way_leads_to_the_timeline(desk: Desk) -> None:
    first = desk.deliver(district())
    sync = desk.deliver(district(users={"S2": None, "S3": person("S3", "student", email="")}, enrollments={"E2": None}))
    client = browser(desk)
    link = "/browse/student/timeline/?key="
    assert f'href="{link}S1"' in client.get("/browse/student/record/?key=S1").content.decode()
    assert f'href="{link}S2"' in client.get(f"/history/{sync.pk}/student/deleted/").content.decode()
    assert f'href="{link}S3"' in client.get(f"/history/{sync.pk}/student/skipped/").content.decode()
    found = client.get("/browse/find/?q=given").content.decode()
    assert all(f'href="{link}{key}"' in found for key in ("S1", "S2", "S3"))
    assert 'href="/browse/find/"' in client.get("/browse/student/").content.decode()
    assert client.get("/browse/sandwich/timeline/?key=S1").status_code == 404
    assert first.state != State.FAILED


def test_the_question_about_a_class_offers_what_may_be_meant(desk: Desk) -> None:
    desk.deliver(district())
    client = browser(desk)
    offered = page(client, STUDENT, "S1", **{"class": "algebra"}).content.decode()
    assert "Which of these classes do you mean?" in offered and "key=S1&amp;class=C1#class" in offered
    assert "Yes: " in page(client, STUDENT, "S1", **{"class": "C1"}).content.decode()
    assert "The class is not here." in page(client, STUDENT, "S1", **{"class": "no such class"}).content.decode()
    assert page(client, STUDENT, "S1", **{"class": "\0" * 300}).status_code == 200

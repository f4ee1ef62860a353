"""One record: its sections, what it refers to, what is hidden, and the audit trail."""

import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.states import State
from records.attributes import RecordType
from tests.integration.imports_ui.world import World

ONE_OF_EACH = {
    "school": "src-S-1", "session": "Y-1", "course": "CO-1", "student": "ST-0001", "teacher": "T-1", "admin": "A-1", "contact": "P-1",
    "class": "C-1", "enrollment": "E-1",
}  # fmt: skip


def address(record_type: str, key: str) -> str:
    return f"{reverse('record', args=[record_type])}?key={key}"


def read(world: World, record_type: str, key: str, role: Role = Role.OWNER) -> str:
    response = world.client(role).get(reverse("record", args=[record_type]), {"key": key})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("record_type", list(RecordType))
@pytest.mark.parametrize("role", list(Role))
def test_a_record_of_every_type_opens_within_its_queries(
    world: World, record_type: str, role: Role, django_assert_max_num_queries: Any
) -> None:
    world.roster(students=5)
    client = world.client(role)
    with django_assert_max_num_queries(25):
        response = client.get(address(record_type, ONE_OF_EACH[record_type]))
    assert response.status_code == 200
    assert "Where it came from" in response.content.decode()


def test_a_student_shows_school_classes_contacts_and_identifiers_as_links(world: World) -> None:
    world.roster()
    page = read(world, "student", "ST-0001")
    for record_type, key in (("school", "src-S-1"), ("class", "C-1"), ("contact", "P-1"), ("enrollment", "E-1")):
        assert address(record_type, key) in page, record_type
    assert "Rosa Lopez" in page
    assert "Algebra I, period 2" in page
    assert "Identifiers" in page


def test_a_class_shows_its_teachers_and_students(world: World) -> None:
    world.roster(students=2)
    page = read(world, "class", "C-1")
    for words in ("Maria Weber", "Teacher, primary", "Ana Lopez 0001", "Algebra I", "2026-2027"):
        assert words in page, words
    assert address("student", "ST-0001") in page


def test_a_long_list_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roster.selectors.record.MOST_RELATED", 2)
    world.roster(students=5)
    page = read(world, "class", "C-1")
    assert "the first 2" in page
    assert f"{reverse('browse_type', args=['enrollment'])}?q=C-1" in page


def test_a_reference_to_what_is_not_there_is_shown_as_it_stands(world: World) -> None:
    world.student("LONE", contacts="NOBODY", primary_school="NOWHERE")
    page = read(world, "student", "LONE")
    assert "NOBODY" in page
    assert "NOWHERE" in page
    assert "key=NOBODY" not in page


def test_sensitive_values_are_for_owners_and_editors(world: World) -> None:
    world.student("S", birth_date="2014-03-02", gender="female", phone="555-0100", extra={"lunch": "free-lunch"})
    for role in (Role.OWNER, Role.EDITOR):
        page = read(world, "student", "S", role)
        assert all(value in page for value in ("2014-03-02", "female", "555-0100", "free-lunch"))
    for role in (Role.APPROVER, Role.VIEWER):
        page = read(world, "student", "S", role)
        assert not any(value in page for value in ("2014-03-02", "female", "555-0100", "free-lunch"))
        assert "Birth Date" in page
        assert "hidden" in page


def test_opening_a_student_is_written_to_the_audit_trail(world: World) -> None:
    world.roster()
    read(world, "student", "ST-0001", Role.VIEWER)
    event = AuditEvent.objects.of(world.district).get(action="student.opened")
    assert event.actor == world.member(Role.VIEWER)
    assert event.target == "ST-0001"
    assert event.detail == {"sensitive": False}
    assert event.address


def test_opening_other_records_and_missing_students_is_not(world: World) -> None:
    world.roster()
    read(world, "teacher", "T-1")
    world.client().get(address("student", "NOBODY"))
    assert not AuditEvent.objects.of(world.district).filter(action="student.opened").exists()


@pytest.mark.parametrize("key", ["a/b", "..", "?x=1&y", "ü 1", "#9", "+", "%41", '"><script>'])
def test_any_key_can_be_opened_from_its_list(world: World, key: str) -> None:
    world.student(key, last="Odd")
    page = world.client().get(reverse("browse_type", args=["student"])).content.decode()
    link = unescape(re.findall(r'href="(/browse/student/record/[^"]+)"', page)[0])
    opened = world.client().get(link)
    assert opened.status_code == 200
    assert "Ana Odd" in opened.content.decode()


def test_the_syncs_a_record_came_from_are_named(world: World) -> None:
    first, last = world.sync(State.COMPLETED), world.sync(State.COMPLETED)
    world.student("S", first_sync=first.pk, last_sync=last.pk)
    page = read(world, "student", "S")
    assert reverse("imports:sync", args=[first.pk]) in page
    assert reverse("imports:sync", args=[last.pk]) in page


def test_a_school_shows_members_and_what_people_filled_in(world: World) -> None:
    world.roster()
    page = read(world, "school", "src-S-1")
    assert "Region" in page
    assert "West" in page
    assert f"{reverse('browse_type', args=['teacher'])}?school=S-1" in page

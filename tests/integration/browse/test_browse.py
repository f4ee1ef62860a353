"""Data Browsing: tabs, pages, search."""

import base64
import json
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from records.attributes import RecordType
from tests.integration.imports_ui.world import World

HTMX = {"HX-Request": "true"}


def read(world: World, address: str, role: Role = Role.OWNER) -> str:
    response = world.client(role).get(address)
    assert response.status_code == 200
    return response.content.decode()


def keys(page: str) -> list[str]:
    """The keys listed on a page, in order."""
    return re.findall(r'/record/\?key=([^"&]+)"', page)


def list_of(record_type: str, query: str = "") -> str:
    return reverse("browse_type", args=[record_type]) + query


@pytest.mark.parametrize("record_type", list(RecordType))
def test_every_record_type_lists_its_records_within_its_queries(world: World, record_type: str, django_assert_max_num_queries: Any) -> None:
    world.roster()
    client = world.client(Role.VIEWER)
    with django_assert_max_num_queries(25):
        page = client.get(list_of(record_type)).content.decode()
    assert len(keys(page)) == world.state().counts[record_type]


@pytest.mark.parametrize("record_type", list(RecordType))
def test_every_record_type_has_an_empty_state(world: World, record_type: str) -> None:
    assert "No records yet" in read(world, list_of(record_type))


def test_tabs_show_the_counts_of_the_roster_state_not_of_the_tables(world: World) -> None:
    world.roster()
    state = world.state()
    state.counts = {**state.counts, "student": 1_234_567}
    state.save()
    page = read(world, reverse("browse"))
    assert "1,234,567" in page
    assert ">Students<" in page


def test_pages_follow_each_other_forth_and_back_without_gap_or_repeat(world: World) -> None:
    for number in range(120):
        world.student(f"K{number:03d}", first=f"F{number % 3}", last=f"L{number % 7}")
    client = world.client()
    pages, address = [], list_of("student")
    while address:
        page = client.get(address).content.decode()
        pages.append(keys(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        previous = re.search(r'rel="prev" href="([^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert [len(listed) for listed in pages] == [50, 50, 20]
    assert len({key for listed in pages for key in listed}) == 120
    assert previous
    back = client.get(previous.group(1).replace("&amp;", "&")).content.decode()
    assert keys(back) == pages[1]


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIiwxLDIsM10", "WyJhIiwieCIsInkiLCJ6Il0", "é", "x" * 5000])
def test_a_tampered_cursor_gives_the_first_page(world: World, cursor: str) -> None:
    world.roster()
    assert keys(read(world, list_of("student", f"?cursor={cursor}"))) == ["ST-0000", "ST-0001", "ST-0002"]


def test_a_cursor_of_text_where_a_number_stands_gives_the_first_page(world: World) -> None:
    world.roster()
    cursor = base64.urlsafe_b64encode(json.dumps(["a", "L", "A", "not a number"]).encode()).decode()
    assert len(keys(read(world, list_of("student", f"?cursor={cursor}")))) == 3


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("okafor", ["B"]),
        ("ben OKAF", ["B"]),
        ("b@school.example", ["B"]),
        ("A", ["A"]),
        ("a", ["A", "B"]),
        ("u2", ["B"]),
        ("ben school", ["B"]),
        ("lopez", ["A"]),
        ("zz", []),
        ("%", []),
        ("_", []),
    ],
)
def test_search_finds_by_name_id_and_email(world: World, search: str, found: list[str]) -> None:
    world.student("A", first="Ana", last="Lopez", email="a@x.org", username="u1")
    world.student("B", first="Ben", last="Okafor", email="b@school.example", username="u2")
    assert sorted(keys(read(world, list_of("student", f"?q={search.replace('%', '%25')}")))) == found


def test_enrollments_are_found_by_whole_ids(world: World) -> None:
    world.roster()
    assert keys(read(world, list_of("enrollment", "?q=E-1"))) == ["E-1"]
    assert keys(read(world, list_of("enrollment", "?q=ST-0002"))) == ["E-2"]
    assert len(keys(read(world, list_of("enrollment", "?q=C-1")))) == 4
    assert "Ana Lopez 0001 in Algebra I, period 2" in read(world, list_of("enrollment"))


def test_the_search_of_the_top_bar_looks_everywhere(world: World, django_assert_max_num_queries: Any) -> None:
    world.roster(students=8)
    client = world.client()
    with django_assert_max_num_queries(25):
        page = client.get(reverse("browse") + "?q=lopez").content.decode()
    assert "All students found" in page
    assert "P-1" in keys(page)
    assert "Algebra I, period 2" in read(world, reverse("browse") + "?q=algebra")
    assert "Nothing found" in read(world, reverse("browse") + "?q=zebra")


def test_a_search_while_typing_swaps_the_list_alone(world: World) -> None:
    world.roster()
    part = world.client().get(list_of("student", "?q=lopez"), headers=HTMX).content.decode()
    assert part.lstrip().startswith('<div id="list">')
    assert "<html" not in part


def test_deleted_records_are_hidden_and_their_address_leads_to_the_timeline(world: World) -> None:
    world.roster()
    world.student("GONE", last="Lopez gone", deleted_at=timezone.now())
    assert "GONE" not in keys(read(world, list_of("student")))
    assert "GONE" not in keys(read(world, list_of("student", "?q=gone")))
    response = world.client().get(reverse("record", args=["student"]) + "?key=GONE")
    assert (response.status_code, response["Location"]) == (302, reverse("imports:timeline", args=["student"]) + "?key=GONE")


def test_schools_show_their_members_and_lead_to_them(world: World) -> None:
    world.roster()
    world.school("S-2", "Other")
    world.student("X", primary_school="S-2")
    page = read(world, list_of("school"))
    assert f'href="{list_of("student")}?school=S-1"' in page
    assert keys(read(world, list_of("student", "?school=S-2"))) == ["X"]
    assert "Show all schools" in read(world, list_of("student", "?school=S-2"))


def test_null_characters_break_nothing(world: World) -> None:
    world.roster()
    assert world.client().get(list_of("student"), {"q": "lo\0pez", "school": "S\0-1"}).status_code == 200
    assert world.client().get(reverse("record", args=["student"]), {"key": "ST\0"}).status_code == 404


def test_nothing_of_another_district_is_listed_found_or_opened(world: World) -> None:
    World("south").roster()
    client = world.client()
    for record_type in RecordType:
        assert not keys(read(world, list_of(record_type)))
    assert "Nothing found" in read(world, reverse("browse") + "?q=lopez")
    for record_type, key in (("student", "ST-0000"), ("school", "src-S-1"), ("class", "C-1"), ("enrollment", "E-1")):
        assert client.get(reverse("record", args=[record_type]), {"key": key}).status_code == 404


def test_unknown_record_types_do_not_exist(world: World) -> None:
    assert world.client().get("/browse/dragon/").status_code == 404
    assert world.client().get("/browse/dragon/record/?key=1").status_code == 404

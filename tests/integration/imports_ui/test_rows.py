"""The records behind the numbers of a real import, and its errors."""

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.models import Sync
from imports.states import State
from records.attributes import RecordType
from tests.integration.imports_ui.files import second_delivery
from tests.integration.imports_ui.world import World

Imported = tuple[World, Sync, Sync]
HTMX = {"HX-Request": "true"}


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def read(world: World, address: str, role: Role = Role.OWNER) -> str:
    response = world.client(role).get(address)
    assert response.status_code == 200
    return response.content.decode()


def rows(sync: Sync, record_type: str, outcome: str, query: str = "") -> str:
    return reverse("imports:rows", args=[sync.pk, record_type, outcome]) + query


def test_every_number_of_the_summary_opens_as_many_records(imported: Imported, django_assert_max_num_queries: Any) -> None:
    world, *syncs = imported
    client = world.client()
    opened = 0
    for sync in syncs:
        page = client.get(reverse("imports:sync", args=[sync.pk])).content.decode()
        found = set(re.findall(rf'href="(/history/{sync.pk}/(\w+)/(\w+)/)"[^>]*>([\d,]+)</a>', page))
        for address, record_type, outcome, number in found:
            with django_assert_max_num_queries(25):
                listed = client.get(address).content.decode()
            assert f"of {number} records" in listed, address
            assert sync.detail.counts[record_type][outcome] == int(number)
            opened += 1
        shown = sum(
            value > 0 for counts in sync.detail.counts.values() for name, value in counts.items() if name not in ("in_file", "live")
        )
        assert len(found) == shown
    assert opened > 20


def test_updated_records_show_old_and_new_with_the_changed_part_marked(imported: Imported) -> None:
    world, _, second = imported
    page = read(world, rows(second, "student", "updated"))
    assert "Ana Lopez" in page
    assert '<del class="diff-old">03</del></span>' in page
    assert '<ins class="diff-new">04</ins></span>' in page
    assert '<del class="diff-old">st1</del>@example.org' in page
    assert '<ins class="diff-new">ana</ins>@example.org' in page


def test_a_skipped_record_says_why_where_and_how_to_mend_it(imported: Imported) -> None:
    world, first, _ = imported
    seen = text_of(read(world, rows(first, "student", "skipped")))
    assert "Eva Nograde st5" in seen
    assert "users.csv line 7" in seen
    assert "has no Grades" in seen
    assert "in your SIS" in seen


@pytest.mark.parametrize(
    ("record_type", "outcome", "expected"),
    [
        ("student", "duplicate", "Finn Shared"),
        ("student", "reported", "Ben Okafor"),
        ("enrollment", "excluded", "st5"),
        ("enrollment", "invalid", "C9"),
    ],
)
def test_records_left_out_or_reported_come_with_their_reasons(imported: Imported, record_type: str, outcome: str, expected: str) -> None:
    world, first, _ = imported
    page = read(world, rows(first, record_type, outcome))
    assert expected in page
    assert "<strong>" in page.split("Why, and how to mend it")[1]


def test_deleted_records_are_listed_and_lead_to_their_timeline_alone(imported: Imported) -> None:
    world, _, second = imported
    page = read(world, rows(second, "student", "deleted"))
    assert "Dev Patel" in page
    assert f"{reverse('imports:timeline', args=['student'])}?key=st4" in page
    assert f"{reverse('record', args=['student'])}?key=st4" not in page


def test_live_records_lead_to_data_browsing(imported: Imported) -> None:
    world, first, _ = imported
    page = read(world, rows(first, "student", "created"))
    assert f"{reverse('record', args=['student'])}?key=st1" in page
    assert f"{reverse('record', args=['student'])}?key=st4" not in page  # deleted by the second sync


def test_values_of_files_are_text_not_markup(imported: Imported) -> None:
    world, first, _ = imported
    page = read(world, rows(first, "student", "created"))
    assert "&lt;b&gt;Dupont&lt;/b&gt;" in page
    assert "<b>Dupont" not in page


def test_rows_are_searched_and_narrowed_to_a_school(imported: Imported) -> None:
    world, first, _ = imported
    assert "1–1 of 1 records" in read(world, rows(first, "student", "created", "?q=okafor"))
    assert "Nothing found" in read(world, rows(first, "student", "created", "?q=nobody"))
    assert "Ana Lopez" in read(world, rows(first, "student", "created", "?school=S1"))
    assert "Nothing found" in read(world, rows(first, "student", "created", "?school=S2"))


def test_rows_are_paged_and_a_page_beyond_the_end_is_the_last(imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.views.paging.ROWS_PER_PAGE", 3)
    world, first, _ = imported
    one, two, far = (text_of(read(world, rows(first, "student", "created", f"?page={number}"))) for number in ("1", "2", "99999"))
    assert "1–3 of 4 records" in one
    assert "4–4 of 4 records" in two
    assert "4–4 of 4 records" in far
    names = {name for name in ("Ana Lopez", "Ben Okafor", "Dev Patel", "Dupont") if name in one} & {
        name for name in ("Ana Lopez", "Ben Okafor", "Dev Patel", "Dupont") if name in two
    }
    assert not names, "a record stands on two pages"
    for nonsense in ("0", "-1", "x", "1e9", "９"):
        assert "1–3 of 4" in text_of(read(world, rows(first, "student", "created", f"?page={nonsense}")))


def test_a_search_while_typing_swaps_the_list_alone(imported: Imported) -> None:
    world, first, _ = imported
    part = world.client().get(rows(first, "student", "created", "?q=ana"), headers=HTMX).content.decode()
    assert part.lstrip().startswith('<div id="list">')
    assert "<html" not in part


def test_unknown_record_types_and_outcomes_do_not_exist(imported: Imported) -> None:
    world, first, _ = imported
    for address in (f"/history/{first.pk}/dragon/created/", f"/history/{first.pk}/student/eaten/", f"/history/{first.pk}/student/in_file/"):
        assert world.client().get(address).status_code == 404


def test_old_and_new_of_sensitive_attributes_are_hidden_from_viewers(imported: Imported, tmp_path: Any) -> None:
    world, *_ = imported
    files = second_delivery()
    files["demographics.csv"] = files["demographics.csv"].replace("2014-03-02", "2013-01-31")
    third = world.import_files(files, tmp_path)
    assert "2013" in read(world, rows(third, "student", "updated"))
    for role in (Role.VIEWER, Role.APPROVER):
        hidden = read(world, rows(third, "student", "updated"), role)
        assert "Birth Date" in hidden
        assert "changed, hidden" in hidden
        assert "2013-01" not in hidden
        assert "2014-03" not in hidden


# --- Show Errors ------------------------------------------------------------------------------------------------------


def test_errors_name_file_line_column_value_and_mend(imported: Imported) -> None:
    world, first, _ = imported
    seen = text_of(read(world, reverse("imports:errors", args=[first.pk])))
    for words in (
        "File Name",
        "Error Type",
        "Error Message",
        "enrollments.csv",
        "Reference to nothing",
        "C9",
        "classSourcedId",
        "soon-secret",
    ):
        assert words in seen, words


def test_errors_are_filtered_by_every_column(imported: Imported) -> None:
    world, first, _ = imported
    address = reverse("imports:errors", args=[first.pk])
    by_file = read(world, f"{address}?file=enrollments.csv").split('id="list"')[1]
    assert "enrollments.csv" in by_file
    assert "users.csv" not in by_file
    assert "Reference to nothing" in read(world, f"{address}?kind=reference-dangling").split('id="list"')[1]
    assert "C9" in read(world, f"{address}?message=C9").split('id="list"')[1]
    assert "No error matches these filters" in read(world, f"{address}?message=zebra")


def test_all_errors_as_csv(imported: Imported) -> None:
    world, first, _ = imported
    response = world.client().get(reverse("imports:errors_csv", args=[first.pk]))
    lines = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert response["Content-Disposition"] == f'attachment; filename="errors-of-sync-{first.pk}.csv"'
    assert lines[0][0] == "File Name"
    assert any("soon-secret" in cell for line in lines for cell in line)
    page = read(world, reverse("imports:errors", args=[first.pk]))
    assert f"of {len(lines) - 1} errors" in page


def test_sensitive_values_are_hidden_in_errors_and_their_csv(imported: Imported) -> None:
    world, first, _ = imported
    for role in (Role.VIEWER, Role.APPROVER):
        assert "soon-secret" not in read(world, reverse("imports:errors", args=[first.pk]), role)
        response = world.client(role).get(reverse("imports:errors_csv", args=[first.pk]))
        content = b"".join(response.streaming_content).decode()
        assert "soon-secret" not in content
        assert "C9" in content


def test_a_sync_without_errors_says_so(world: World) -> None:
    sync = world.sync(State.CANCELLED)
    assert "Every row of every file could be read and used" in read(world, reverse("imports:errors", args=[sync.pk]))


# --- by school --------------------------------------------------------------------------------------------------------


def test_numbers_by_school_open_the_records_of_that_school(imported: Imported) -> None:
    world, first, _ = imported
    page = read(world, reverse("imports:sync", args=[first.pk]) + "?measure=created")
    address = re.search(rf"/history/{first.pk}/student/created/\?school=S1", page)
    assert address
    assert "1–4 of 4 records" in read(world, address.group())


def test_every_record_type_renders_without_rows(imported: Imported) -> None:
    world, first, _ = imported
    for record_type in RecordType:
        assert world.client().get(rows(first, record_type, "kept")).status_code == 200

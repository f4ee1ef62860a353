"""The download of a list of records."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.drill_down import read_rows
from imports.views import rows_csv
from tests.integration.imports_ui.world import World
from tests.integration.review.conftest import Held
from tests.integration.review.files import EMPTIED, NEW, OLD


def download(world: World, sync: Sync, outcome: str, role: Role = Role.OWNER, **query: str) -> list[dict[str, str]]:
    response = world.client(role).get(reverse("imports:rows_csv", args=[sync.pk, "student", outcome]), query)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv")
    assert response["Content-Disposition"] == f'attachment; filename="sync-{sync.pk}-student-{outcome}.csv"'
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_updated_records_have_a_line_for_each_change(held: Held) -> None:
    lines = download(*held, "updated")
    assert [(line["SIS ID"], line["Attribute"], line["Before"], line["After"]) for line in lines] == [
        ("S1", "Grades", "03", "04"), ("S2", "Grades", "03", "04"), ("S3", "Email Address", "s3.student@example.org", "'=new@example.org"),
        ("S3", "Grades", "03", "04"), ("S4", "Grades", "03", "04"),
    ]  # fmt: skip
    assert {(line["File"], line["School"]) for line in lines} == {("users.csv", "North High")}


def test_others_have_a_line_each_with_all_values_and_the_reason(held: Held) -> None:
    lines = download(*held, "deleted")
    assert {line["SIS ID"] for line in lines} == {*EMPTIED, OLD}
    assert {line["Identifier"] for line in lines} == {f"id-{key}" for key in (*EMPTIED, OLD)}
    assert all(line["Reason"].startswith("No longer in the file") for line in lines)
    assert [line["SIS ID"] for line in download(*held, "created")] == [NEW]


@pytest.mark.parametrize(
    ("outcome", "query", "keys"),
    [
        ("updated", {"changed": "email"}, {"S3"}), ("updated", {"changed": "@promoted", "q": "s2"}, {"S2"}), ("deleted", {"school": "O1"}, {OLD}),
        ("deleted", {"code": "filtered-out"}, set()), ("deleted", {"without_school": "1"}, set()), ("deleted", {"q": "q3"}, {"Q3"}),
    ],
)  # fmt: skip
def test_it_holds_what_the_page_lists(held: Held, outcome: str, query: dict[str, str], keys: set[str]) -> None:
    assert {line["SIS ID"] for line in download(*held, outcome, **query)} == keys


def test_it_is_read_in_parts_and_whole(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = download(*held, "deleted")
    monkeypatch.setattr(rows_csv, "ROWS_AT_ONCE", 2)
    assert download(*held, "deleted") == whole


def test_it_is_written_into_the_audit_trail(held: Held) -> None:
    world, sync = held
    download(world, sync, "deleted", Role.VIEWER, q="q", school="O2")
    event = AuditEvent.objects.of(world.district).get(action="sync.rows_downloaded")
    assert (event.target, event.actor_label) == (f"sync {sync.pk}", "viewer@north.example.org")
    assert event.detail == {"record_type": "student", "outcome": "deleted", "rows": 6, "narrowed": {"search": "q", "school": "O2"}}


def test_a_viewer_sees_that_a_hidden_value_changed_but_not_which(held: Held) -> None:
    world, sync = held
    path = local_artifact(sync.artifacts, "student.before.parquet")
    assert path is not None
    table = pq.read_table(path)
    rows = [{**row, "phone": "555-old", "extra": json.dumps({"lunch": "free"})} for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    for role, shown in ((Role.EDITOR, "555-old"), (Role.VIEWER, "hidden")):
        phones = [line["Before"] for line in download(world, sync, "updated", role) if line["Attribute"] == "Phone"]
        assert set(phones) == {shown}


def test_artifacts_of_before_the_column_list_every_updated_record(held: Held, tmp_path: Path) -> None:
    world, sync = held
    path = local_artifact(sync.artifacts, "student.rows.parquet")
    assert path is not None
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["changed"]), path)
    assert read_rows(sync, "student", "updated", changed="email").total == 4
    assert len({line["SIS ID"] for line in download(world, sync, "updated", changed="email")}) == 4

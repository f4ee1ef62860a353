"""Deliveries of loose files, and what a browser gets."""

import csv
import hashlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import Role
from formats.oneroster.tables import TABLES
from imports.files import local_artifact
from imports.models import Sync
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from records.attributes import RecordType
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import Row, person, to_csv

LEFT_OUT = {"skipped", "excluded", "duplicate", "invalid"}


def students(count: int, **values: str) -> dict[str, Row]:
    """So many more students of school O1, by sourcedId."""
    return {f"N{number:03d}": person(f"N{number:03d}", "student", **values) for number in range(count)}


def deliver(world: World, files: Mapping[str, Sequence[Row]]) -> Sync:
    """One delivery of loose files from the upload to the end of its sync."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in TABLES:
            (folder / f"{file}.csv").write_text(to_csv(file, files[file]), encoding="utf-8", newline="")
        uploads = [Upload(path.name, path) for path in sorted(folder.iterdir())]
        delivery = receive_delivery(app=world.app, uploads=uploads, source="browser", by=world.owner)
    sync = start_sync(delivery=delivery, by=world.owner, wake=False)
    return work(sync)


def work(sync: Sync) -> Sync:
    """Let a worker take the sync."""
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.of(sync.district_id).select_related("detail", "delivery").get(pk=sync.pk)


def body_of(response: Any) -> bytes:
    """All bytes of an answer."""
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def get(world: World, address: str, role: Role = Role.OWNER, **query: str) -> HttpResponse:
    """What a member gets."""
    response: HttpResponse = world.client(role).get(address, query)
    return response


def text_of(world: World, address: str, **query: str) -> str:
    """A page that is there."""
    response = get(world, address, **query)
    assert response.status_code == 200, response.status_code
    return body_of(response).decode()


def processed(world: World, sync: Sync, record_type: str = "student") -> tuple[list[dict[str, str]], str]:
    """The lines of a processed file, and the hash of its bytes."""
    response = get(world, reverse("imports:processed_file", args=[sync.pk, record_type]))
    assert response.status_code == 200
    body = body_of(response)
    assert int(response["Content-Length"]) == len(body)
    return list(csv.DictReader(io.StringIO(body.decode(), newline=""))), hashlib.sha256(body).hexdigest()


def naive_left_out(sync: Sync, record_type: RecordType) -> set[str]:
    """The keys of which a row was left out and none was accepted, from the whole files."""
    left, accepted = set(), set()
    rows = local_artifact(sync.artifacts, f"{record_type}.rows.parquet")
    unchanged = local_artifact(sync.artifacts, f"{record_type}.unchanged.parquet")
    for row in pq.read_table(rows).to_pylist() if rows else []:
        if row["outcome"] in LEFT_OUT and row["key"]:
            left.add(row["key"])
        if row["outcome"] in {"created", "updated"}:
            accepted.add(row["key"])
    accepted |= {row["key"] for row in pq.read_table(unchanged).to_pylist()} if unchanged else set()
    return left - accepted


def naive_accepted(sync: Sync, record_type: RecordType) -> set[str]:
    """The keys of which a row was accepted."""
    rows = local_artifact(sync.artifacts, f"{record_type}.rows.parquet")
    unchanged = local_artifact(sync.artifacts, f"{record_type}.unchanged.parquet")
    written = {row["key"] for row in pq.read_table(rows).to_pylist() if row["outcome"] in {"created", "updated"}} if rows else set()
    return written | ({row["key"] for row in pq.read_table(unchanged).to_pylist()} if unchanged else set())

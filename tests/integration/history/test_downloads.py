"""Downloads of a sync: the bytes of the hash that is shown, for those who may have them, once written never another."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.files import local_artifacts, remove_artifacts
from imports.models import StoredFile, Sync, SyncDetail
from imports.selectors import processed as selector
from imports.services import processed_file as service
from imports.services.decide_sync import approve_sync
from imports.services.rollback import start_rollback
from imports.services.tidy import tidy
from imports.states import State, SyncKind
from records.attributes import RecordType, live_columns
from records.outcomes import COUNTS
from roster.models import Student
from tests.integration.history.kit import body_of, deliver, get, processed, students, text_of, work
from tests.integration.imports_ui.files import first_delivery
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import District, district, person

EVIL = ('=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "  =1+1", "|calc", "-12")  # the last two are none


def spoiled() -> District:
    """Students with names that would be formulas, without a name, sharing an address, standing twice, with a value that cannot be read."""
    files = district(users=students(12), demographics={"S1": {"birthDate": "soon"}})
    for number, name in enumerate(EVIL):
        files["users"][-12 + number]["familyName"] = name
    files["users"][-1]["givenName"] = ""
    for at in (-2, -3):
        files["users"][at]["email"] = "same@example.org"
    files["users"].append(dict(files["users"][-5]))
    files["users"] = [{**row, "metadata.bus": "=7"} for row in files["users"]]
    return files


def original(sync: Sync, name: str) -> str:
    file = sync.delivery.files.get(name=name)
    return reverse("imports:original_file", args=[sync.pk, file.pk])


# --- originals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR])
def test_an_original_is_byte_for_byte_what_was_delivered(importing: World, role: Role) -> None:
    sync = deliver(importing, spoiled())
    page = text_of(importing, reverse("imports:sync", args=[sync.pk]))
    for file in sync.delivery.files.all():
        response = get(importing, original(sync, file.name), role)
        body = body_of(response)
        assert hashlib.sha256(body).hexdigest() == file.sha256
        assert file.sha256 in page
        assert int(response["Content-Length"]) == len(body) == file.size
        assert response["Content-Disposition"] == f'attachment; filename="{file.name}"'
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"
    events = AuditEvent.objects.of(importing.district).filter(action="sync.file_downloaded")
    assert {event.detail["sha256"] for event in events} == {file.sha256 for file in sync.delivery.files.all()}
    assert {event.target for event in events} == {f"sync {sync.pk}"}


def test_a_zip_is_downloaded_whole_and_its_files_are_listed(importing: World, tmp_path: Path) -> None:
    sync = importing.import_files(first_delivery(), tmp_path)
    page = text_of(importing, reverse("imports:sync", args=[sync.pk]))
    assert page.count("in OneRoster.zip") == 7
    assert len(re.findall(r"as delivered", page)) >= 1
    assert page.count(f"/history/{sync.pk}/files/") == 1
    assert body_of(get(importing, original(sync, "OneRoster.zip"))) == (tmp_path / "OneRoster.zip").read_bytes()


def test_looking_is_no_download(importing: World) -> None:
    sync = deliver(importing, spoiled())
    assert importing.client().head(original(sync, "users.csv")).status_code == 200
    assert not AuditEvent.objects.of(importing.district).filter(action="sync.file_downloaded").exists()
    assert importing.client().post(original(sync, "users.csv")).status_code == 405


NAMES = (
    'a"b.csv',
    "a\r\nSet-Cookie: x=1.csv",
    "../../etc/passwd",
    "Schüler.csv",
    "\u202egpj.csv",
    "x;filename=y.csv",
    "\x01.csv",
    "a\\b.csv",
)


def test_no_name_gets_out_of_its_header(importing: World) -> None:
    sync = deliver(importing, district())
    file = sync.delivery.files.first()
    assert file is not None
    for name in NAMES:
        StoredFile.objects.of(importing.district).filter(pk=file.pk).update(name=name)
        response = get(importing, reverse("imports:original_file", args=[sync.pk, file.pk]))
        header = response["Content-Disposition"]
        assert (response.status_code, header[:10]) == (200, "attachment")
        assert not re.search(r"[\x00-\x1f/]", header)
        assert "Set-Cookie" not in response.headers
        assert hashlib.sha256(body_of(response)).hexdigest() == file.sha256


def test_damaged_bytes_never_come_as_a_whole_file(importing: World, data_dir: Path) -> None:
    sync = deliver(importing, spoiled())
    file = sync.delivery.files.get(name="users.csv")
    path = data_dir / "files" / file.stored_as
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)
    response = get(importing, original(sync, "users.csv"))
    with pytest.raises(OSError, match="damaged"):
        body_of(response)  # the last block is held back, and this file is one block


def test_what_is_not_kept_any_more_is_not_there(importing: World, data_dir: Path) -> None:
    sync = deliver(importing, spoiled())
    (data_dir / "files" / sync.delivery.files.get(name="users.csv").stored_as).unlink()
    response = get(importing, original(sync, "users.csv"))
    assert response.status_code == 404
    assert not AuditEvent.objects.of(importing.district).filter(action="sync.file_downloaded").exists()


def test_refused_files_are_not_offered(importing: World) -> None:
    sync = deliver(importing, {**district(), "users": []})
    name = sync.delivery.files.get(name="users.csv").stored_as
    default_storage.delete(name)
    Sync.unscoped.filter(pk=sync.pk).update(state=State.FAILED)
    page = text_of(importing, reverse("imports:sync", args=[sync.pk]))
    assert page.count("refused, and not kept") == 1
    assert page.count(f"/history/{sync.pk}/files/") == 6


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_those_who_may_not_get_nothing_and_are_offered_nothing(importing: World, role: Role) -> None:
    sync = deliver(importing, district())
    page = importing.client(role).get(reverse("imports:sync", args=[sync.pk])).content.decode()
    for address in (original(sync, "users.csv"), reverse("imports:processed_file", args=[sync.pk, "student"])):
        assert get(importing, address, role).status_code == 403
        assert address not in page
    assert SyncDetail.objects.get(sync=sync).processed == {}


def test_another_district_gets_nothing(importing: World) -> None:
    sync = deliver(importing, district())
    south = World("south")
    mine = south.sync(State.COMPLETED)
    file = sync.delivery.files.get(name="users.csv")
    for address in (
        original(sync, "users.csv"), reverse("imports:processed_file", args=[sync.pk, "student"]),
        reverse("imports:original_file", args=[mine.pk, file.pk]), reverse("imports:original_file", args=[sync.pk, 2**70]),
    ):  # fmt: skip
        assert get(south, address).status_code == 404
    other = deliver(importing, spoiled())
    assert get(importing, reverse("imports:original_file", args=[other.pk, file.pk])).status_code == 404  # a file of another delivery


# --- processed files --------------------------------------------------------------------------------------------------


def test_every_row_has_its_outcome_rule_reason_line_and_values(importing: World) -> None:
    deliver(importing, district(users={"N000": person("N000", "student"), "S1": {"grades": "02"}, "GONE": person("GONE", "student")}))
    sync = deliver(importing, spoiled())
    counts = sync.detail.counts["student"]
    lines, _ = processed(importing, sync)
    for name in COUNTS:
        if name not in {"in_file", "live", "reported"}:
            assert sum(line["Outcome"] == name for line in lines) == counts[name], name
    assert len(lines) == counts["in_file"] + counts["deleted"] + counts["kept"]
    of = {line["SIS ID"]: line for line in lines if line["Outcome"] != "duplicate"}
    assert of["N011"]["Outcome"] == "skipped"
    assert of["N011"]["Rule"] == "required-attribute-missing; standard-value-missing"
    assert of["N011"]["Reason"].startswith("Required value missing: The student has no First Name")
    assert of["GONE"]["Outcome"] == "deleted" and of["GONE"]["Line"] == ""
    assert of["S1"]["Outcome"] == "updated" and "value-unreadable" in of["S1"]["Rule"] and of["S1"]["Grades"] == "03"
    assert of["S2"]["Other values"] == "Bus: =7"
    assert {line["File"] for line in lines if line["Line"]} == {"users.csv"}
    numbers = [int(line["Line"]) for line in lines if line["Line"]]
    assert len(numbers) == len(set(numbers))
    assert min(numbers) == 2


def test_unchanged_rows_have_the_live_values(importing: World) -> None:
    deliver(importing, district(users=students(30)))
    changed = district(users=students(30))
    changed["users"][-1]["email"] = "other@example.org"
    sync = deliver(importing, changed)
    lines, _ = processed(importing, sync)
    same = {line["SIS ID"]: line for line in lines if line["Outcome"] == "unchanged"}
    assert len(same) == sync.detail.counts["student"]["unchanged"] > 30
    live = {row["key"]: row for row in Student.objects.of(importing.district).values()}
    for key, line in same.items():
        assert (line["First Name"], line["Email Address"], line["Grades"], line["Birth Date"], line["Primary School"], line["Note"]) == (
            live[key]["first_name"], live[key]["email"], live[key]["grades"], live[key]["birth_date"], live[key]["primary_school"], "",
        )  # fmt: skip


def test_values_that_a_later_sync_changed_are_not_told_as_those_of_the_row(importing: World) -> None:
    deliver(importing, district(users=students(4)))
    sync = deliver(importing, district(users={**students(4), "S2": {"email": "x2@example.org"}}))
    later = deliver(importing, district(users={**students(4, phone="555-1"), "N003": None}))
    lines, _ = processed(importing, sync)
    of = {line["SIS ID"]: line for line in lines}
    assert of["N000"]["Phone"] == "" and of["N000"]["First Name"] == "GivenN000"
    assert of["N000"]["Note"] == of["N003"]["Note"] == f"Changed by sync {later.pk} since; only what is kept with this sync is shown."
    assert of["N000"]["Grades"] == ""
    assert of["S1"]["Note"] == "" and of["S1"]["Grades"] == "03"
    Student.objects.of(importing.district).filter(key="N001").delete()
    assert next(line for line in processed(importing, later)[0] if line["SIS ID"] == "N001")["Outcome"] == "updated"


def test_a_sync_that_repeats_another_has_a_file_of_its_own(importing: World) -> None:
    first, again = (deliver(importing, spoiled()) for _ in range(2))
    assert again.repeats_id == first.pk
    lines, digest = processed(importing, first)
    repeated, other = processed(importing, again)
    assert digest != other
    assert {line["Outcome"] for line in repeated} == {"unchanged", "skipped", "duplicate"}
    assert [(line["SIS ID"], line["Email Address"]) for line in lines] == [(line["SIS ID"], line["Email Address"]) for line in repeated]
    assert processed(importing, first)[1] == digest


def test_no_cell_is_a_formula(importing: World) -> None:
    sync = deliver(importing, spoiled())
    for record_type in RecordType:
        lines, _ = processed(importing, sync, record_type)
        for cell in (cell for line in lines for cell in line.values()):
            assert not re.match(r"[ \u00a0]*[=+@\t\r\n]", cell), cell
            assert not cell.startswith("-") or re.fullmatch(r"-\d+", cell)
    names = [line["Last Name"] for line in processed(importing, sync)[0]]
    assert {*(f"'{name.strip()}" for name in EVIL[:5]), *EVIL[5:]} <= set(names)


def test_every_later_download_gives_the_first_bytes(importing: World) -> None:
    deliver(importing, district(users=students(3)))
    sync = deliver(importing, district(users={**students(3), "N002": None}))
    page = reverse("imports:sync", args=[sync.pk])
    assert "SHA-256 known after the first download" in text_of(importing, page)
    _, digest = processed(importing, sync)
    assert digest in text_of(importing, page)
    deliver(importing, district(users=students(3, phone="555-1")))  # the live values of its unchanged rows are others now
    assert processed(importing, sync)[1] == digest
    assert list(SyncDetail.objects.get(sync=sync).processed.values()) == [digest]
    assert AuditEvent.objects.of(importing.district).filter(action="sync.file_downloaded", detail__sha256=digest).count() == 2


def test_of_two_first_downloads_at_once_one_decides(importing: World, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    sync = deliver(importing, district())
    texts = iter(["slower\r\n", "quicker\r\n"])
    inner: list[service.ProcessedFile] = []

    def stream(sync: Sync, record_type: RecordType) -> Iterator[str]:
        text = next(texts)
        if text.startswith("slower"):
            inner.append(service.processed_file(sync=sync, record_type=record_type))
        yield text

    monkeypatch.setattr(service, "stream_processed", stream)
    outer = service.processed_file(sync=sync, record_type=RecordType.STUDENT)
    assert outer == inner[0]
    assert outer.sha256 == hashlib.sha256(b"quicker\r\n").hexdigest()
    assert [path.read_bytes() for path in (data_dir / "files" / sync.artifacts).glob("processed-*")] == [b"quicker\r\n"]


def test_a_file_that_was_taken_out_of_storage_comes_back_the_same_or_not_at_all(importing: World, data_dir: Path) -> None:
    deliver(importing, district(users=students(3)))
    sync = deliver(importing, district(users={**students(3), "S2": {"email": "x2@example.org"}}))
    _, digest = processed(importing, sync)

    def lose() -> None:
        for path in (data_dir / "files" / sync.artifacts).glob("processed-*"):
            path.unlink()

    lose()
    assert processed(importing, sync)[1] == digest
    lose()
    deliver(importing, district(users=students(3, phone="555-1")))
    response = get(importing, reverse("imports:processed_file", args=[sync.pk, "student"]))
    assert response.status_code == 404
    assert "not in storage any more" in response.content.decode()
    assert list((data_dir / "files" / sync.artifacts).glob("processed-*")) == []


def test_tidying_takes_no_download_and_goes_with_its_sync(importing: World, data_dir: Path) -> None:
    sync = deliver(importing, district())
    _, digest = processed(importing, sync)
    old = time.time() - 30 * 86_400
    for path in (data_dir / "files").rglob("*"):
        os.utime(path, (old, old))
    assert tidy() == []
    assert processed(importing, sync)[1] == digest
    remove_artifacts(sync.artifacts)
    assert not (data_dir / "files" / sync.artifacts).exists()


def test_a_worker_does_not_fetch_downloads(importing: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imports import files

    sync = deliver(importing, district())
    processed(importing, sync)
    fetched: list[str] = []
    monkeypatch.setattr(files, "_on_disk", lambda name: None)
    monkeypatch.setattr(files, "local_artifact", lambda prefix, name: fetched.append(name))
    local_artifacts(sync.artifacts)
    assert "student.rows.parquet" in fetched
    assert not any(name.startswith("processed-") for name in fetched)


def test_a_held_sync_that_is_worked_again_has_another_file(importing: World) -> None:
    importing.configure({"schools": {"all_missing_as_new": True, "mapping": {}}, "delivery": {"preview": True}})
    sync = deliver(importing, district())
    assert sync.state == State.HELD
    lines, first = processed(importing, sync)
    assert {line["Outcome"] for line in lines} == {"created"}
    Sync.unscoped.filter(pk=sync.pk).update(state=State.QUEUED, approved=False)
    again = work(sync)
    assert again.artifacts != sync.artifacts
    processed(importing, again)
    kept = SyncDetail.objects.get(sync=sync).processed
    assert len(kept) == 2
    assert first in kept.values()


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.NEEDS_SCHOOL_MAPPING, State.CANCELLED])
def test_a_sync_without_rows_has_no_processed_file(world: World, state: State) -> None:
    sync = world.sync(state, with_result=False)
    assert get(world, reverse("imports:processed_file", args=[sync.pk, "student"])).status_code == 404
    assert "Processed files" not in text_of(world, reverse("imports:sync", args=[sync.pk]))


def test_a_sync_in_work_gives_none_and_unknown_types_are_no_addresses(importing: World) -> None:
    sync = deliver(importing, district())
    Sync.unscoped.filter(pk=sync.pk).update(state=State.APPLYING)
    assert get(importing, reverse("imports:processed_file", args=[sync.pk, "student"])).status_code == 404
    for name in ("x", "all", "..%2fstudent", "student.rows"):
        assert get(importing, f"/history/{sync.pk}/processed/{name}.csv").status_code == 404


def test_a_rollback_has_processed_files_and_no_originals(importing: World) -> None:
    sync = deliver(importing, district())
    rollback = work(start_rollback(sync=sync, by=importing.owner, wake=False))
    assert rollback.state == State.HELD
    approve_sync(sync=rollback, by=importing.owner, wake=False)
    rollback = work(rollback)
    assert (rollback.state, rollback.kind) == (State.COMPLETED, SyncKind.ROLLBACK)
    page = text_of(importing, reverse("imports:sync", args=[rollback.pk]))
    assert "A rollback reads no files" in page
    assert f"/history/{rollback.pk}/files/" not in page
    lines, _ = processed(importing, rollback)
    assert {(line["Outcome"], line["File"], line["Line"]) for line in lines} == {("deleted", "", "")}


def test_rows_are_read_in_parts(importing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = deliver(importing, spoiled())
    again = deliver(importing, {**spoiled(), "demographics": district()["demographics"]})
    for sync in (first, again):
        whole = "".join(selector.stream_processed(sync, RecordType.STUDENT))
        monkeypatch.setattr(selector, "AT_ONCE", 3)
        assert "".join(selector.stream_processed(sync, RecordType.STUDENT)) == whole
        monkeypatch.undo()
        assert whole.count("\r\n") > len(live_columns(RecordType.STUDENT)) // 4

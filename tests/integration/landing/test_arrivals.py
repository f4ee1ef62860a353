"""What a scan finds: what counts, what is passed over and why, one row and one receipt per content at a place."""

import os
import re
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from imports import zone_files
from imports.models import Arrival
from imports.services import arrivals as module
from imports.services.receipts import TOO_MANY
from tests.integration.landing.ground import Ground, csv_of, eight, seven, zip_of
from tests.unit.steps.kit import district

USERS = csv_of("users", district()["users"])


def test_a_whole_file_waits_with_its_receipt_by_the_district_s_clock(ground):
    ground.put("users.csv", USERS)
    (arrival,) = ground.scan()
    assert (arrival.path, arrival.state, arrival.size, arrival.reason) == ("users.csv", "waiting", len(USERS), "")
    ((name, text),) = ground.receipts().items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d users\.csv\.txt", name)
    assert text.splitlines()[0] == "File:    users.csv"
    assert arrival.sha256 in text and f"{len(USERS):,} bytes" in text and "Waiting" in text and "waits for the next run" in text
    assert re.search(r"Seen: .* E[SD]T\n", text)  # New York
    assert ground.scan() == []


def test_what_is_unfinished_temporary_hidden_or_the_portal_s_own_does_not_count(ground):
    ground.begin("users.csv")
    for name in ("orgs.csv.part", "orgs.csv.filepart", "Courses.TMP", ".hidden.csv", ".folder/users.csv", "sub/.x/users.csv"):
        ground.put(name, b"x")
    (ground.zone.archive / "users.csv").write_bytes(b"old")
    (ground.zone.receipts / "users.csv").write_bytes(b"old")
    (ground.zone.root / "link.zip").symlink_to("/etc/passwd")
    os.mkfifo(ground.zone.root / "classes.csv")
    (ground.zone.root / "courses.csv").mkdir()
    assert ground.scan() == [] and ground.states() == []


def test_a_file_counts_once_it_has_settled_and_clients_cannot_make_it_look_older(ground, settings):
    settings.PORTAL_SFTP_SETTLE_SECONDS = 5
    ground.put("users.csv", USERS)
    os.utime(ground.zone.root / "users.csv", (1, 1))
    assert ground.scan() == []
    assert len(module.note_arrivals(ground.app, now=datetime.now(UTC) + timedelta(seconds=6))) == 1


def test_after_the_clock_was_set_back_a_file_is_not_young_for_ever(ground, settings):
    settings.PORTAL_SFTP_SETTLE_SECONDS = 5
    ground.put("users.csv", USERS)
    assert len(module.note_arrivals(ground.app, now=datetime.now(UTC) - timedelta(hours=3))) == 1


def test_the_same_stamp_is_not_looked_at_again_and_a_new_one_of_the_same_content_is_no_new_arrival(ground, monkeypatch):
    ground.put("users.csv", USERS)
    ground.put("notes.txt", b"hello")
    ground.scan()
    stamps = {arrival.path: arrival.stamp for arrival in Arrival.objects.of(ground.district)}
    with monkeypatch.context() as patch:
        patch.setattr(module, "sha256_of", lambda path: pytest.fail(f"{path} was read again"))
        assert ground.scan() == []
    for name in stamps:
        os.utime(ground.zone.root / name, (1, 1))
    assert ground.scan() == []
    assert sorted(ground.states()) == [("notes.txt", "ignored"), ("users.csv", "waiting")]
    assert all(arrival.stamp != stamps[arrival.path] for arrival in Arrival.objects.of(ground.district))
    assert len(ground.receipts()) == 2
    ground.put("users.csv", USERS)  # the client uploads it once more
    assert ground.scan() == [] and len(ground.states()) == 2


def test_another_content_replaces_what_waits_and_the_receipts_say_so(ground):
    ground.put("users.csv", USERS)
    ground.scan()
    older = ground.arrival("users.csv")
    ground.put("users.csv", USERS + b"\r\n")
    (newer,) = ground.scan()
    assert ground.states() == [("users.csv", "replaced"), ("users.csv", "waiting")]
    assert "Replaced before a run took it." in ground.receipt(older) and "Waiting" in ground.receipt(newer)
    assert len(ground.receipts()) == 2  # though both were seen in the same second
    ground.put("users.csv", USERS)  # back to the first content: an arrival of its own
    ground.scan()
    assert [state for _, state in ground.states()] == ["replaced", "replaced", "waiting"]


def test_what_a_client_removes_is_removed(ground):
    ground.put("users.csv", USERS)
    ground.scan()
    ground.remove("users.csv")
    assert ground.scan() == []
    assert ground.states() == [("users.csv", "removed")]
    assert "Removed by the client" in ground.receipt(ground.arrival("users.csv"))


def test_a_file_that_is_being_written_anew_is_neither_gone_nor_new(ground):
    ground.put("users.csv", USERS)
    ground.scan()
    ground.begin("users.csv", b"sourced")
    assert ground.scan() == [] and ground.states() == [("users.csv", "waiting")]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("in/users.csv", "Files in folders are not read. Upload users.csv to the top folder."),
        ("in/deep/One.zip", "Upload One.zip to the top folder."),
        ("user.csv", "If it is meant as users.csv, upload it under that name."),
        ("users (1).csv", "meant as users.csv"),
        ("enrolments.csv", "meant as enrollments.csv"),
        ("academic_sessions.csv", "meant as academicSessions.csv"),
        ("Users.xlsx", "save it as a CSV file"),
        ("users.csv.gz", "a zip with all of them"),
        ("notes.txt", "is none of the files that an import reads: orgs.csv"),
        ("with a space\tand a tab\nand a line.txt", r"\t"),
        ("schüler größe.csv", "schüler größe.csv is none"),
    ],
)
def test_what_no_import_reads_is_ignored_with_how_to_mend_it(ground, path, says):
    ground.put(path, b"content")
    (arrival,) = ground.scan()
    assert arrival.state == "ignored" and says in arrival.reason
    assert "\n" not in arrival.path and "\n" not in arrival.reason
    (text,) = ground.receipts().values()
    assert says in text and len(text.splitlines()) == 6
    assert ground.scan() == []


def test_a_name_that_is_no_text_is_ignored_and_found_again(ground):
    raw = os.fsdecode(b"caf\xe9.csv")
    (ground.zone.root / raw).write_bytes(b"x")
    (arrival,) = ground.scan()
    assert (arrival.path, arrival.state) == (r"caf\xe9.csv", "ignored")
    assert ground.scan() == []


@pytest.mark.parametrize("name", ["USERS.CSV", "Manifest.csv", "AcademicSessions.csv", "district.ZIP"])
def test_capital_letters_do_not_matter(ground, name):
    ground.put(name, zip_of(seven()) if name.endswith("ZIP") else USERS)
    assert [arrival.state for arrival in ground.scan()] == ["waiting"]


def test_an_empty_file_waits_like_any_other(ground):
    ground.put("users.csv", b"")
    (arrival,) = ground.scan()
    assert (arrival.state, arrival.size) == ("waiting", 0)
    assert "0 bytes" in ground.receipt(arrival)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 broken", "is damaged"),
        (b"", "is not a zip"),
        (zip_of(seven())[:-30], "is damaged"),
        (zip_of({"../users.csv": b"x"}), "unsafe name"),
        (zip_of({"readme.txt": b"x"}), "holds none of the OneRoster files"),
    ],
)
def test_a_zip_that_cannot_be_read_is_ignored_at_once(ground, content, says):
    ground.put("OneRoster.zip", content)
    (arrival,) = ground.scan()
    assert arrival.state == "ignored" and says in arrival.reason
    ground.put("OneRoster.zip", zip_of(seven()))
    assert [one.state for one in ground.scan()] == ["waiting"]


def test_what_is_too_large_is_ignored(ground, settings):
    settings.PORTAL_MAX_FILE_MB = 0
    ground.put("users.csv", USERS)
    (arrival,) = ground.scan()
    assert arrival.state == "ignored" and "bigger than 0 MB" in arrival.reason


def test_thousands_of_other_files_are_bounded_and_hide_no_roster_file(ground, monkeypatch):
    monkeypatch.setattr(zone_files, "MOST_OTHERS", 30)
    monkeypatch.setattr(module, "MOST_OTHERS", 30)
    for number in range(1_000):
        (ground.zone.root / f"junk {number:05}.txt").write_bytes(b"")
    ground.put("in/more.txt", b"x")
    ground.put("users.csv", USERS)  # after all of them by name
    new = ground.scan()
    assert [arrival.path for arrival in new if arrival.state == "waiting"] == ["users.csv"]
    assert len(new) == 31
    started = time.monotonic()
    assert ground.scan() == []
    assert time.monotonic() - started < 1
    assert "Only the first 30 get a receipt" in ground.receipts()[TOO_MANY]
    for path in list(ground.zone.root.glob("junk*"))[20:]:
        path.unlink()
    ground.scan()
    assert TOO_MANY not in ground.receipts()


def test_what_is_overwritten_while_it_is_hashed_is_not_written_down(ground, monkeypatch):
    ground.put("users.csv", USERS)
    real = module.sha256_of

    def meanwhile(path):
        found = real(path)
        ground.put("users.csv", USERS + b"more\r\n")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(module, "sha256_of", meanwhile)
        assert ground.scan() == [] and ground.states() == []
    assert [arrival.size for arrival in ground.scan()] == [len(USERS) + 6]


def test_what_is_begun_anew_or_removed_while_it_is_hashed_is_not_written_down(ground, monkeypatch):
    real = module.sha256_of
    for act in (lambda: ground.zone.mark("users.csv"), (ground.zone.root / "users.csv").unlink):
        ground.put("users.csv", USERS)
        with monkeypatch.context() as patch:
            patch.setattr(module, "sha256_of", lambda path, act=act: (real(path), act())[0])
            assert ground.scan() == [] and ground.states() == []


def test_the_receipt_says_where_the_content_is_that_of_the_last_accepted_copy(imported):
    imported.put_all(eight(users={"S1": {"givenName": "New"}}))
    imported.scan()
    assert imported.arrival("users.csv").reason == ""
    reason = imported.arrival("orgs.csv").reason
    assert reason.startswith("It waits for the next run. Its content is the same as that of the last accepted copy, of sync ")
    assert sum(reason in text and "orgs.csv" in text for text in imported.receipts().values()) == 1


def test_a_scan_that_was_killed_before_the_receipt_is_made_good(ground, monkeypatch):
    ground.put("users.csv", USERS)
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_receipt", lambda zone, arrival: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ground.scan()
    assert ground.states() == [("users.csv", "waiting")] and ground.receipts() == {}
    ground.scan()
    assert len(ground.receipts()) == 1


def test_a_disk_that_takes_no_receipt_stops_nothing(ground, monkeypatch):
    ground.put("users.csv", USERS)
    monkeypatch.setattr("imports.services.receipts.mkstemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left")))
    assert len(ground.scan()) == 1


def test_other_districts_zones_are_not_touched(ground):
    other = Ground()
    other.put("users.csv", USERS)
    ground.put("orgs.csv", USERS)
    ground.scan()
    assert other.states() == [] and other.receipts() == {} and other.lying() == ["users.csv"]
    assert ground.states() == [("orgs.csv", "waiting")]


def test_two_scans_at_once_write_nothing_twice(shared):
    for number in range(20):
        shared.put(f"junk {number}.txt", b"x")
    shared.put_all(eight())
    errors = []

    def scan():
        try:
            shared.scan()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(shared.states()) == len(set(shared.states())) == 28 == len(shared.receipts())

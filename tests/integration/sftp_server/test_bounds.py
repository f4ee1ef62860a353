"""What one client can use up: bytes, names, open files, threads, guesses; and who goes on watching when the database is gone."""

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asyncssh import FXF_CREAT, FXF_WRITE, SFTPAttrs, SFTPError
from django.db import InterfaceError
from django.test import override_settings

from imports.landing import serve, space, uploads
from imports.landing.door import Door
from imports.landing.files import Surroundings, ZoneFiles
from imports.landing.sign_in import Grant
from imports.landing.uploads import MOST_AT_ONCE, MOST_OPEN, Uploads
from imports.zone import Zone

pytestmark = pytest.mark.no_database

NEW = os.O_CREAT | os.O_TRUNC


@pytest.fixture
def zone(tmp_path: Path, settings: Any) -> Zone:
    """A zone of one megabyte."""
    settings.PORTAL_LANDING_DIR = tmp_path
    settings.PORTAL_SFTP_QUOTA_MB = 1
    zone = Zone(1)
    zone.create()
    return zone


def kept(handle: Any) -> int:
    return os.fstat(handle.descriptor).st_blocks


@pytest.mark.parametrize("way", ["remove", "rename"])
@pytest.mark.parametrize("is_read", [True, False])
def test_a_file_without_a_name_keeps_no_bytes_however_long_it_is_held_open(zone: Zone, way: str, *, is_read: bool) -> None:
    """Else the quota is no limit: write, remove, keep the handle, and again."""
    files = Uploads(zone)
    files.space.refresh()
    handle = files.open_to_write(("a.csv",), NEW)
    assert handle.writing is not None
    handle.writing.grow(600_000, 600_000)
    os.pwrite(handle.descriptor, bytes(600_000), 0)
    if is_read:
        files.close(handle, is_proper=True)
        handle = files.open_to_read(("a.csv",))
    if way == "remove":
        files.remove(("a.csv",))
    else:
        files.close(files.open_to_write(("b.csv",), NEW), is_proper=True)
        files.rename(("b.csv",), ("a.csv",), may_replace=True)
    assert kept(handle) == 0
    assert files.space.used == 0
    if handle.writing is not None:
        with pytest.raises(SFTPError, match="removed, or replaced"):
            handle.writing.grow(10, 10)
    files.close(handle, is_proper=True)
    assert files.space.used == 0


def test_a_file_that_a_run_has_taken_is_not_emptied_by_who_removes_its_old_name(zone: Zone) -> None:
    (zone.root / "a.csv").write_bytes(b"whole")
    os.link(zone.root / "a.csv", zone.taking / "a.csv")
    Uploads(zone).remove(("a.csv",))
    assert (zone.taking / "a.csv").read_bytes() == b"whole"


def test_empty_files_and_folders_have_an_end(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "MOST_NAMES", 5)
    files = Uploads(zone)
    (zone.archive / "run").mkdir()
    for number in range(20):
        (zone.archive / "run" / f"{number}").touch()  # the portal's: they do not count
    files.space.refresh()
    room = 5 - files.space.names
    for number in range(room - 1):
        files.close(files.open_to_write((f"{number}",), NEW), is_proper=True)
    files.make_folder(("folder",))
    for attempt in (lambda: files.open_to_write(("more",), NEW), lambda: files.make_folder(("more",))):
        with pytest.raises(SFTPError, match="5 files and folders"):
            attempt()
    assert not zone.marked_under("more")
    files.close(files.open_to_write(("0",), NEW), is_proper=True)  # it is there already
    files.remove_folder(("folder",))
    files.close(files.open_to_write(("more",), NEW), is_proper=True)
    files.rename(("more",), ("0",), may_replace=True)
    files.make_folder(("folder",))


def test_one_zone_has_so_many_open_files_over_all_its_sessions_and_gets_them_back(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 3)
    files = Uploads(zone)
    handles = [files.open_to_write((f"{number}",), NEW) for number in range(2)]
    handles.append(files.open_to_read(("0",)))
    for attempt in (lambda: files.open_to_read(("0",)), lambda: files.open_to_write(("9",), NEW)):
        with pytest.raises(SFTPError, match="Too many files are open in this landing zone"):
            attempt()
    assert not (zone.root / "9").exists()
    for handle in handles:
        files.close(handle, is_proper=True)
    for _ in range(5):
        with pytest.raises(SFTPError):
            files.open_to_read(("not there",))
    assert len([files.open_to_read(("0",)) for _ in range(3)]) == 3
    assert MOST_OPEN < 1000


def test_one_zone_leaves_threads_to_the_others(zone: Zone) -> None:
    class Slow:
        """Threads that never end their work."""

        running = 0

        def submit(self, work: Any, *arguments: Any) -> Any:
            self.running += 1
            return Future()

    async def attack() -> int:
        slow: Any = Slow()
        files = Uploads(zone)
        sessions = [
            ZoneFiles(SimpleNamespace(logger=None, get_connection=lambda: None), GRANT, files, Surroundings(slow, Any, Any))  # type: ignore[arg-type]
            for _ in range(30)
        ]
        tasks = [asyncio.ensure_future(session.stat(b"/")) for session in sessions]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return slow.running

    assert asyncio.run(attack()) == MOST_AT_ONCE


def test_the_audit_trail_shows_what_a_name_hides(zone: Zone) -> None:
    told: list[Any] = []
    background: Any = SimpleNamespace(event=lambda _, action, target, **detail: told.append((action, target, detail.get("before"))))
    arrivals: Any = SimpleNamespace(came=lambda *_: None)

    async def attack() -> None:
        with ThreadPoolExecutor(1) as pool:
            around = Surroundings(pool, background, arrivals)
            session = ZoneFiles(SimpleNamespace(logger=None, get_connection=lambda: None), GRANT, Uploads(zone), around)  # type: ignore[arg-type]
            name = "\u202evsc.sresu\u200b\u2028".encode()
            await session.close(await session.open(name, FXF_WRITE | FXF_CREAT, SFTPAttrs()))
            await session.rename(name, b"users.csv")

    asyncio.run(attack())
    spelled = r"\u202evsc.sresu\u200b\u2028"
    assert told == [("sftp.uploaded", spelled, None), ("sftp.renamed", "users.csv", spelled)]


GRANT = Grant(1, 1, 1, "north", "127.0.0.1", "password", "hash")


@pytest.mark.parametrize("fault", [InterfaceError("connection already closed"), RuntimeError("a fault of ours")])
def test_a_database_that_goes_away_does_not_end_the_watch_over_who_may_stay(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    answers: list[Exception | bool] = [fault, False]

    def asked(_: Grant) -> bool:
        answer = answers.pop(0) if answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(serve, "_asked", asked)
    monkeypatch.setattr(serve, "_CHECK_SECONDS", 0.01)
    hall: Any = SimpleNamespace(sign_ins=None, doors=[])
    sent: list[str] = []
    hall.doors.append(SimpleNamespace(grant=GRANT, is_in=True, send_away=sent.append))

    async def watch() -> None:
        task = asyncio.ensure_future(serve._watch(hall))
        await asyncio.sleep(0.3)
        task.cancel()

    asyncio.run(watch())
    assert sent


@override_settings(PORTAL_SFTP_LOCK_MINUTES=15)
def test_a_guess_counts_though_its_client_does_not_wait_for_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[str] = []
    hall: Any = SimpleNamespace(
        sign_ins=None,
        lockout=SimpleNamespace(is_locked=lambda *_: False, failed=lambda *who: failures.append(who[0])),
        around=SimpleNamespace(background=SimpleNamespace(sign_in_failed=lambda *_: None)),
    )
    door = Door(hall)
    door._username = "north"

    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(door, "_asked", never)

    async def guess() -> None:
        task = asyncio.ensure_future(door.validate_password("north", "guess"))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(guess())
    assert failures == ["north"]

"""A district's own server that lies, never ends, or has names that no file can have: nothing is filled up, nothing breaks, every refusal has a sentence."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from imports.models import LandingZone
from imports.services.pull import pull_new
from imports.services.test_connection import try_connection
from imports.zone import Zone
from tests.integration.sftp_config import remote as remote_module
from tests.integration.sftp_config.kit import Desk
from tests.integration.sftp_config.remote import PASSWORD, Remote

pytestmark = [pytest.mark.django_db, pytest.mark.no_database]  # it is about another server, not about the database

MB = 1024 * 1024


class Liar:
    """What the server says instead of the truth; nothing of it is set at first."""

    listed: dict[str, int] | None = None  # name -> size
    is_endless = False
    size_at_last: int | None = None  # of every file, when it is asked for by its name
    pays = 0  # bytes that were read of files


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:  # noqa: C901
    """Make the servers of the test lie."""
    liar = Liar()
    honest = remote_module.served_by

    def served_by(remote: Remote) -> Any:
        server, files = honest(remote)

        class Lying(files):  # type: ignore[misc,valid-type]
            async def scandir(self, path: bytes) -> Any:
                for name, size in (liar.listed or {}).items():
                    yield asyncssh.SFTPName(name.encode(), attrs=asyncssh.SFTPAttrs(type=1, size=size, mtime=1, permissions=0o100644))
                while liar.is_endless:
                    await asyncio.sleep(0)
                    yield asyncssh.SFTPName(b".", attrs=asyncssh.SFTPAttrs(type=2, permissions=0o40755))

            def stat(self, path: bytes) -> Any:
                if liar.size_at_last is None:
                    return super().stat(path)
                return asyncssh.SFTPAttrs(type=1, size=liar.size_at_last, mtime=1, permissions=0o100644)

            lstat = stat

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                return object() if liar.size_at_last is not None else super().open(path, pflags, attrs)

            def close(self, file_obj: Any) -> Any:
                return None if liar.size_at_last is not None else super().close(file_obj)

            def read(self, file_obj: Any, offset: int, size: int) -> Any:
                if liar.size_at_last is None:
                    return super().read(file_obj, offset, size)
                liar.pays += size
                return bytes(max(0, min(size, liar.size_at_last - offset)))

        return server, Lying

    monkeypatch.setattr(remote_module, "served_by", served_by)
    return liar


@pytest.fixture
def zone(desk: Desk, liar: Liar, tmp_path: Path) -> Iterator[LandingZone]:
    """A zone that pulls from a lying server."""
    with Remote(tmp_path / "lying") as remote:
        desk.save_remote(remote.port, password=PASSWORD)
        LandingZone.objects.of(desk.world.district).update(host_key=remote.line)
        yield desk.zone


def test_a_file_that_has_no_end_is_cut_off_at_the_size_it_was_listed_with(zone: LandingZone, liar: Liar) -> None:
    liar.listed, liar.size_at_last = {"users.csv": 1000}, 300 * MB
    result = pull_new(zone)
    assert not result.pulled
    assert "users.csv changed while it was fetched" in result.problem
    assert liar.pays < MB
    assert not list(Zone(zone.pk).root.glob("*.csv"))


def test_a_listing_without_end_ends_soon(desk: Desk, zone: LandingZone, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.sftp_pull.MOST_ENTRIES", 500)
    monkeypatch.setattr("imports.services.pull.SECONDS", 20.0)
    liar.is_endless = True
    assert "more than 500 entries" in pull_new(zone).problem
    tried = try_connection(zone=zone, host_keys=[], by=desk.world.owner, address=None)
    assert "more than 500 entries" in tried.problem


def test_a_name_that_is_too_long_for_a_file_is_passed_over(zone: LandingZone, liar: Liar) -> None:
    liar.listed, liar.size_at_last = {f"{'z' * 300}.zip": 10, "users.csv": 10}, 10
    result = pull_new(zone)
    assert (result.pulled, result.problem) == (("users.csv",), "")


def test_folders_of_the_names_of_files_break_nothing(zone: LandingZone, liar: Liar) -> None:
    """A client may have made them while the app still had this portal's server."""
    Zone(zone.pk).create()
    root = Zone(zone.pk).root
    (root / "users.csv").mkdir()
    (root / ".pull-mine").mkdir()
    liar.listed, liar.size_at_last = {"users.csv": 10, "orgs.csv": 10}, 10
    result = pull_new(zone)
    assert result.pulled == ("orgs.csv",)
    assert [left.name for left in result.left] == ["users.csv"]
    assert "folder" in result.left[0].why

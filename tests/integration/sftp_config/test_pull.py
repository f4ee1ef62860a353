"""Pulling from the district's own server: what is new, whole, and all of it or nothing."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from imports.models import LandingZone
from imports.services import pull as service
from imports.services.pull import pull_new
from imports.zone import Zone
from tests.integration.sftp_config.kit import Desk
from tests.integration.sftp_config.remote import PASSWORD, Remote

pytestmark = [pytest.mark.django_db, pytest.mark.no_database]  # it is about another server, not about the database


@pytest.fixture
def zone(desk: Desk, remote: Remote) -> LandingZone:
    """A zone whose custom server is trusted."""
    desk.save_remote(remote.port, password=PASSWORD)
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(host_key=remote.line)
    return desk.zone


def waiting(zone: LandingZone) -> dict[str, str]:
    root = Zone(zone.pk).root
    return {path.name: path.read_text() for path in root.iterdir() if path.is_file()}


def test_roster_files_and_zips_are_brought_and_nothing_else(zone: LandingZone, remote: Remote) -> None:
    for name in (
        "users.csv",
        "Orgs.CSV",
        "OneRoster.zip",
        "manifest.csv",
        "notes.txt",
        "users.csv.part",
        ".users.csv",
        "users.csv.filepart",
    ):
        remote.put(name, name)
    (remote.files / "old").mkdir()
    (remote.files / "old" / "users.csv").write_text("x")
    result = pull_new(zone)
    assert result.is_ok
    assert sorted(result.pulled) == ["OneRoster.zip", "Orgs.CSV", "manifest.csv", "users.csv"]
    assert waiting(zone) == {name: name for name in result.pulled}
    assert remote.writes == []
    assert {path.name for path in remote.files.iterdir()} >= {"users.csv", "notes.txt"}


def test_what_was_pulled_is_not_pulled_again_until_its_content_changes(zone: LandingZone, remote: Remote) -> None:
    remote.put("users.csv", "one")
    pull_new(zone)
    (Zone(zone.pk).root / "users.csv").unlink()  # taken by a run
    assert pull_new(zone).pulled == () and waiting(zone) == {}
    os.utime(remote.files / "users.csv", (1, 1))  # touched alone
    assert pull_new(zone).pulled == () and waiting(zone) == {}
    remote.put("users.csv", "two")
    assert pull_new(zone).pulled == ("users.csv",)
    assert waiting(zone) == {"users.csv": "two"}
    assert set(zone.pulled["users.csv"]) == {"size", "modified", "sha256"}


def test_a_waiting_file_of_the_same_content_stays_as_it_is_and_another_is_replaced(zone: LandingZone, remote: Remote) -> None:
    root = Zone(zone.pk).root
    (root / "users.csv").write_text("same")
    (root / "orgs.csv").write_text("old")
    inode = (root / "users.csv").stat().st_ino
    remote.put("users.csv", "same")
    remote.put("orgs.csv", "new")
    assert pull_new(zone).pulled == ("orgs.csv",)
    assert (root / "users.csv").stat().st_ino == inode
    assert waiting(zone) == {"users.csv": "same", "orgs.csv": "new"}


def test_a_pulled_file_is_settled_and_unmarked(zone: LandingZone, remote: Remote) -> None:
    with Zone(zone.pk).lock():
        Zone(zone.pk).mark("users.csv")
    remote.put("users.csv", "x")
    pull_new(zone)
    assert not Zone(zone.pk).is_marked("users.csv")
    assert (Zone(zone.pk).root / "users.csv").stat().st_mtime < time.time()


def test_a_file_that_still_grows_lets_the_whole_set_wait(zone: LandingZone, remote: Remote, settings: Any) -> None:
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0.6
    remote.put("orgs.csv", "done")
    remote.put("users.csv", "a")
    timer = threading.Timer(0.5, lambda: remote.put("users.csv", "ab"))
    timer.start()
    result = pull_new(zone)
    timer.join()
    assert not result.is_ok and "users.csv is still being written" in result.problem
    assert waiting(zone) == {} and zone.pulled == {}
    assert sorted(pull_new(zone).pulled) == ["orgs.csv", "users.csv"]


def test_a_connection_that_breaks_leaves_nothing(zone: LandingZone, remote: Remote) -> None:
    remote.put("orgs.csv", "small")
    remote.put("users.csv", "x" * 3_000_000)
    remote.cuts_after = 200_000
    result = pull_new(zone)
    assert not result.is_ok and "Nothing was taken." in result.problem
    assert list(Zone(zone.pk).root.glob(".pull-*")) == [] and waiting(zone) == {}
    remote.cuts_after = None
    assert len(pull_new(zone).pulled) == 2


def test_too_large_files_are_left_with_a_reason_and_a_full_zone_takes_nothing(zone: LandingZone, remote: Remote, settings: Any) -> None:
    settings.PORTAL_MAX_FILE_MB = 0
    remote.put("users.csv", "x")
    remote.put("OneRoster.zip", "x")
    result = pull_new(zone)
    assert result.pulled == ("OneRoster.zip",)
    assert [(left.name, "larger than" in left.why) for left in result.left] == [("users.csv", True)]
    settings.PORTAL_MAX_FILE_MB, settings.PORTAL_SFTP_QUOTA_MB = 10, 0
    result = pull_new(zone)
    assert result.pulled == () and "no room" in result.left[0].why


def test_a_changed_host_key_stops_the_pull_before_the_password_is_given(zone: LandingZone, remote: Remote) -> None:
    remote.put("users.csv", "x")
    remote.restart_with_another_key()
    result = pull_new(zone)
    assert "another host key than the one that was trusted" in result.problem
    assert remote.sign_ins == [] and waiting(zone) == {}


def test_without_a_trusted_key_or_a_custom_server_nothing_is_pulled(desk: Desk, zone: LandingZone, remote: Remote) -> None:
    LandingZone.unscoped.filter(pk=zone.pk).update(host_key="")
    assert "not trusted yet" in pull_new(desk.zone).problem
    desk.sign_in()
    assert pull_new(desk.zone) == service.PullResult()
    assert remote.sign_ins == []


def test_another_folder_or_server_makes_everything_new(desk: Desk, zone: LandingZone, remote: Remote) -> None:
    (remote.files / "sub").mkdir()
    remote.put("users.csv", "x")
    remote.put("sub/orgs.csv", "y")
    pull_new(zone)
    desk.save_remote(remote.port, path="/sub")
    assert desk.zone.pulled == {}
    assert pull_new(desk.zone).pulled == ("orgs.csv",)


def test_a_link_is_read_as_what_it_leads_to_and_a_hostile_name_goes_nowhere(zone: LandingZone, remote: Remote) -> None:
    remote.put("real.csv", "linked")
    (remote.files / "users.csv").symlink_to("real.csv")
    (remote.files / "orgs.csv").symlink_to("missing.csv")
    (remote.files / "a\nb.zip").write_text("x")
    result = pull_new(zone)
    assert result.is_ok, result.problem
    assert waiting(zone).get("users.csv") == "linked"
    assert not any(path.is_symlink() for path in Zone(zone.pk).root.iterdir())
    assert all("\n" not in name for name in result.pulled)


def test_two_pulls_do_not_get_into_each_others_way(zone: LandingZone, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    remote.put("users.csv", "x")
    with service._alone(Zone(zone.pk)):
        assert "Another pull" in pull_new(zone).problem
    assert pull_new(zone).is_ok


def test_what_a_killed_pull_left_is_cleared_away(zone: LandingZone, remote: Remote) -> None:
    Zone(zone.pk).create()
    left: Path = Zone(zone.pk).root / ".pull-abc"
    left.write_text("half")
    pull_new(zone)
    assert not left.exists()


def test_a_pull_that_takes_too_long_is_given_up(zone: LandingZone, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SECONDS", 0.4)
    remote.hangs = True
    result = pull_new(zone)
    assert "It took longer than" in result.problem and waiting(zone) == {}


@pytest.mark.no_database
def test_the_client_works_within_another_event_loop_too() -> None:
    from imports.sftp_client import run_within

    async def inner() -> int:
        return 7

    async def outer() -> int:
        return run_within(inner(), 5)

    assert asyncio.run(outer()) == run_within(inner(), 5) == 7


@pytest.mark.no_database
def test_the_client_is_back_in_time_though_what_it_runs_does_not_let_itself_be_cancelled() -> None:
    from imports.sftp_client import run_within

    async def stubborn() -> None:
        for _ in range(100):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        run_within(stubborn(), 0.1)
    assert time.monotonic() - began < 3

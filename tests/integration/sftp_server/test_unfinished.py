"""A file that did not come whole never counts as whole, whatever broke it off; and what is resumed ends whole."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import paramiko
import pytest

from imports.zone import Zone
from tests.integration.sftp_server.world import Server, User, make_user, wait_until_gone
from tests.integration.worker.processes import wait_for

pytestmark = [pytest.mark.no_database, pytest.mark.slow]

SLOW = ("-l", "40000")  # so slow that there is time to break it off (kbit/s)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 40 MB."""
    path = tmp_path / "large.csv"
    path.write_bytes(os.urandom(1 << 20) * 40)
    return path


def begin(user: User, large: Path, name: str) -> "subprocess.Popen[str]":
    """Begin an upload; a tenth of it or so has come."""
    running = user.start_sftp(*SLOW)
    assert running.stdin is not None
    running.stdin.write(f"put {large} {name}\n")
    running.stdin.flush()
    path = user.root / name
    wait_for(lambda: path.exists() and path.stat().st_size > large.stat().st_size / 20, "some of the file", seconds=20)
    assert user.is_marked(name)
    return running


def kill(running: "subprocess.Popen[str]") -> None:
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(10)


def resume(user: User, large: Path, name: str) -> None:
    done = user.sftp(f"reput {large} {name}\n")
    assert done.returncode == 0, done.stderr
    assert (user.root / name).read_bytes() == large.read_bytes()
    assert not user.is_marked(name)


def test_a_client_that_is_killed_leaves_the_mark_and_a_resume_ends_whole(user: User, large: Path) -> None:
    running = begin(user, large, "killed.csv")
    kill(running)
    with user.paramiko() as client:
        assert 0 < client.stat("killed.csv").st_size < large.stat().st_size
    assert user.is_marked("killed.csv")

    resume(user, large, "killed.csv")


def test_a_server_that_is_killed_leaves_the_mark_and_a_resume_on_the_next_ends_whole(server: Server, user: User, large: Path) -> None:
    running = begin(user, large, "outage.csv")
    server.end(signal.SIGKILL)
    wait_until_gone(running)
    running.kill()
    assert user.is_marked("outage.csv")

    server.start()
    assert user.is_marked("outage.csv")
    resume(user, large, "outage.csv")


def test_a_server_that_is_stopped_ends_within_seconds_and_leaves_the_mark(server: Server, user: User, large: Path) -> None:
    running = begin(user, large, "stopped.csv")
    assert server.end(signal.SIGTERM) == 0
    wait_until_gone(running)
    running.kill()
    assert user.is_marked("stopped.csv")
    server.start()


def test_a_session_that_ends_without_closing_its_file_leaves_the_mark(user: User) -> None:
    transport = user.transport()
    transport.auth_publickey(user.username, paramiko.Ed25519Key.from_private_key_file(str(user.key)))
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    opened = client.open("left.csv", "w")
    opened.write(b"sourcedId\r\n1\r\n")
    opened.flush()
    channel = client.get_channel()
    assert channel is not None
    channel.shutdown_write()  # the end of the session in good order, but for the file
    wait_for(lambda: channel.closed or channel.eof_received, "the server to end the session", seconds=10)
    transport.close()

    with user.paramiko() as other:
        assert other.stat("left.csv").st_size == 14
    assert user.is_marked("left.csv")


def test_a_legacy_scp_that_is_cut_leaves_the_mark(user: User, large: Path) -> None:
    command = ["scp", "-F", "none", "-O", "-l", "40000", *user.options(), str(large), user.at("scp.csv")]
    running = subprocess.Popen(command, start_new_session=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: (user.root / "scp.csv").exists() and (user.root / "scp.csv").stat().st_size > 500_000, "some of it", seconds=20)
    kill(running)
    with user.paramiko() as client:
        assert client.stat("scp.csv").st_size < large.stat().st_size
    assert user.is_marked("scp.csv")


def test_ctrl_c_in_an_interactive_sftp_leaves_the_mark_though_the_client_closes_the_file(user: User, large: Path) -> None:
    running = begin(user, large, "ctrl-c.csv")
    os.kill(running.pid, signal.SIGINT)
    assert running.stdin is not None
    running.stdin.close()
    wait_until_gone(running)
    assert 0 < (user.root / "ctrl-c.csv").stat().st_size < large.stat().st_size
    assert user.is_marked("ctrl-c.csv")
    resume(user, large, "ctrl-c.csv")


@pytest.mark.parametrize(("end", "is_whole"), [(b"\n", True), (b"PK\x05\x06" + bytes(18), True), (b"x", False), (b"x" * 1000, True)])
def test_a_file_of_full_buffers_is_whole_when_it_ends_as_files_do(user: User, end: bytes, *, is_whole: bool) -> None:
    block = 32_768
    body = b"x" * (2 * block - len(end)) + end if len(end) < 1000 else b"x" * (2 * block) + end
    with user.paramiko() as client, client.open("buffers.csv", "w", bufsize=block) as opened:
        for start in range(0, len(body), block):
            opened.write(body[start : start + block])
    assert user.is_marked("buffers.csv") is not is_whole


def test_marks_follow_renames_and_go_with_removals(user: User) -> None:
    with user.paramiko() as client:
        client.mkdir("in")
        opened = client.open("in/a.csv", "w")
        opened.write(b"1")
        client.rename("in/a.csv", "in/b.csv")
        assert (user.is_marked("in/a.csv"), user.is_marked("in/b.csv")) == (False, True)
        client.rename("in", "out")
        assert (user.is_marked("in/b.csv"), user.is_marked("out/b.csv")) == (False, True)
        opened.close()
        assert not user.is_marked("out/b.csv")

        client.open("whole.csv", "w").close()
        opened = client.open("part.csv", "w")
        client.posix_rename("whole.csv", "part.csv")  # over one that is being written
        with pytest.raises(OSError, match="removed, or replaced by another"):
            opened.write(b"into nowhere")
        opened.close()
        assert (client.stat("part.csv").st_size, user.is_marked("part.csv")) == (0, False)

        opened = client.open("gone.csv", "w")
        client.remove("gone.csv")
        assert not user.is_marked("gone.csv")
        opened.close()
        assert not user.is_marked("gone.csv") and "gone.csv" not in client.listdir()


def test_two_handles_on_one_file_are_whole_when_the_last_was_closed(user: User) -> None:
    with user.paramiko() as client:
        one, other = client.open("twice.csv", "w"), client.open("twice.csv", "r+")
        one.write(b"abc")
        one.close()
        assert user.is_marked("twice.csv")
        other.close()
        assert not user.is_marked("twice.csv")

    with user.paramiko() as client:
        good = client.open("shared.csv", "w")
        with user.paramiko() as second:
            left = second.open("shared.csv", "r+")
            left.write(b"x")
        good.write(b"abc")
        good.close()
        assert client.stat("shared.csv").st_size == 3
        assert user.is_marked("shared.csv")


def test_a_whole_file_that_is_opened_and_closed_unchanged_stays_whole_and_a_torn_one_stays_torn(user: User) -> None:
    for name, is_torn in (("calm.csv", False), ("torn.csv", True)):
        (user.root / name).write_bytes(b"abc")
        if is_torn:
            with user.zone.lock():
                user.zone.mark(name)
        with user.paramiko() as client:
            client.open(name, "r+").close()
        assert user.is_marked(name) is is_torn
        assert (user.root / name).read_bytes() == b"abc"


def test_a_file_is_marked_before_it_exists_and_a_failed_open_leaves_no_mark(user: User) -> None:
    with user.paramiko() as client:
        for path in ("no/such/folder.csv", "archive/x.csv"):
            with pytest.raises(OSError, match="no such folder|change it"):
                client.open(path, "w")
            assert not user.is_marked(path)
        with pytest.raises(OSError, match="No such file|no such file"):
            client.open("absent.csv", "r+")
        assert not user.is_marked("absent.csv")


def test_quota_and_size_limits_are_said_in_words_and_leave_the_file_unfinished(
    make_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory, user: User
) -> None:
    small = make_server(PORTAL_SFTP_QUOTA_MB="3", PORTAL_MAX_FILE_MB="2", PORTAL_MAX_UPLOAD_MB="8")
    tight = make_user("tight", tmp_path_factory.mktemp("tight"), small.port)
    block = b"x" * 32_768
    with tight.paramiko() as client:
        opened = client.open("sparse.csv", "w")
        opened.seek(50 << 20)
        with pytest.raises(OSError, match="too large: 2 MB"):
            opened.write(block)
        opened.close()
        assert tight.is_marked("sparse.csv")  # closed in good order, but not all of it is there
        with pytest.raises(OSError, match="too large"):
            client.truncate("sparse.csv", 3 << 20)
        client.remove("sparse.csv")

        opened = client.open("big.zip", "w")
        with pytest.raises(OSError, match="landing zone is full: it may hold 3 MB"):
            opened.write(block * 200)
        opened.close()
        assert tight.is_marked("big.zip")
        assert (tight.root / "big.zip").stat().st_size <= 3 << 20
        client.remove("big.zip")
        assert not tight.is_marked("big.zip")
        client.open("fits.csv", "w").write(block)  # what was removed is free again
    assert "3.0MB" in (shown := tight.sftp("df -h\n").stdout) or "3072" in shown or "3.0" in shown
    assert Zone(tight.zone_row.pk).root.is_dir()

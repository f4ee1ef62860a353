"""`run_portal` as an operator meets it: it starts, heals, stops, and leaves nothing behind whatever happens to it."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.no_database]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def processes_of(data_dir: Path) -> dict[int, str]:
    """Return the living processes of the portal on this data folder: process id -> command line.

    Known by their environment; the broker, which overwrites that with its title, by its working folder.
    """
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            is_ours = f"PORTAL_DATA_DIR={data_dir}\0".encode() in (folder / "environ").read_bytes() + b"\0"
            is_ours = is_ours or data_dir in (folder / "cwd").readlink().parents
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (folder / "stat").read_text().rsplit(") ", 1)[1][0]
        except OSError:
            continue
        if is_ours and state != "Z":
            found[int(folder.name)] = command
    return found


class Portal:
    """A `manage.py run_portal` with its output."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port, self.sftp_port = free_port(), free_port()
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        self.env = keep | {"PORTAL_DATA_DIR": str(data_dir), "PORTAL_HTTP_PORT": str(self.port), "PORTAL_SFTP_PORT": str(self.sftp_port)}
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.lines.clear()
        command = [sys.executable, str(ROOT / "manage.py"), "run_portal", "--no-demo"]
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def start_and_wait(self) -> None:
        self.start()
        wait_for(lambda: "Roster Portal is ready" in self.text or self.process.poll() is not None, START_SECONDS, "the portal to be ready")
        assert self.process.poll() is None, self.text

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def pid_of(self, pattern: str) -> int:
        """Return the oldest process whose command line matches."""
        return min(pid for pid, command in processes_of(self.data_dir).items() if re.search(pattern, command))

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
        wait_for(lambda: not processes_of(self.data_dir), 15, "everything to end")


@contextmanager
def portal_in_a_new_folder() -> Iterator[Portal]:
    with tempfile.TemporaryDirectory(prefix="rpt-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        running = Portal(Path(folder))
        try:
            yield running
        finally:
            running.end()


@pytest.fixture
def portal() -> Iterator[Portal]:
    with portal_in_a_new_folder() as running:
        yield running


@pytest.fixture(scope="module")
def running_portal() -> Iterator[Portal]:
    """A portal that several tests use, because a start takes seconds; each leaves it ready."""
    with portal_in_a_new_folder() as running:
        running.start_and_wait()
        yield running


def test_it_starts_says_where_it_is_and_stops_cleanly_on_ctrl_c(portal):
    portal.start_and_wait()
    assert f"http://localhost:{portal.port}" in portal.text
    assert portal.get("/healthz") == portal.get("/readyz") == 200
    assert {line.split("|")[0].strip() for line in portal.lines if "|" in line} >= {"web", "worker", "sftp"}
    with socket.create_connection(("127.0.0.1", portal.sftp_port), timeout=5) as connection:
        assert connection.recv(8) == b"SSH-2.0-"
    assert f"port {portal.sftp_port}" in portal.text
    assert (portal.data_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    assert portal.data_dir.joinpath("files").stat().st_mode & 0o777 == 0o700

    started = time.monotonic()
    portal.process.send_signal(signal.SIGINT)
    assert portal.process.wait(15) == 0, portal.text
    assert time.monotonic() - started < 12
    wait_for(lambda: not processes_of(portal.data_dir), 1, "no process to be left")
    assert "Traceback" not in portal.text


def test_a_taken_port_is_named_before_anything_is_started(portal):
    with socket.create_server(("127.0.0.1", portal.port)):
        portal.start()
        assert portal.process.wait(30) == 1
        wait_for(lambda: "PORTAL_HTTP_PORT" in portal.text, 2, "the sentence")
    assert not processes_of(portal.data_dir)


def test_a_taken_sftp_port_is_named_before_anything_is_started(portal):
    with socket.create_server(("127.0.0.1", portal.sftp_port)):
        portal.start()
        assert portal.process.wait(30) == 1
        wait_for(lambda: "PORTAL_SFTP_PORT" in portal.text, 2, "the sentence")
    assert not processes_of(portal.data_dir)


def test_nothing_survives_a_kill_9_of_the_supervisor_and_the_next_start_works(portal):
    portal.start_and_wait()
    commands = " ".join(processes_of(portal.data_dir).values())
    assert all(name in commands for name in ("gunicorn", "worker", "beat", "broker.sock", "run_sftp"))
    worker = portal.pid_of("celery .* worker")
    children = [int(pid) for pid in Path(f"/proc/{worker}/task/{worker}/children").read_text().split()]
    assert children
    for child in children:
        os.kill(child, signal.SIGSTOP)  # as deaf as one in the middle of a long computation
    portal.process.kill()
    wait_for(lambda: not processes_of(portal.data_dir), 10, "every process to end by itself")

    portal.start_and_wait()
    assert portal.get("/readyz") == 200


def test_a_second_start_on_the_same_folder_is_refused_and_says_who_holds_it(running_portal):
    command = [sys.executable, str(ROOT / "manage.py"), "run_portal"]
    second = subprocess.run(command, env=running_portal.env, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert f"process {running_portal.process.pid}" in second.stderr
    assert "PORTAL_DATA_DIR" in second.stderr
    assert running_portal.get("/readyz") == 200


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("web", "gunicorn"), ("worker", "celery .* worker"), ("beat", "celery .* beat"), ("broker", "broker.sock"), ("sftp", "run_sftp")],
)
def test_a_killed_process_is_started_again(running_portal, name, pattern):
    before = running_portal.pid_of(pattern)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: f"{name} ended with status -9; starting it again" in running_portal.text, 15, "the line that says so")
    wait_for(lambda: any(re.search(pattern, line) for line in processes_of(running_portal.data_dir).values()), 20, "the new process")
    wait_for(lambda: running_portal.get("/readyz") == 200, 30, "readiness")
    assert running_portal.pid_of(pattern) != before
    assert running_portal.process.poll() is None

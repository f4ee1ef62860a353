"""A whole portal in processes of its own, as `make run` starts it, for the browser to use."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.notices.kit import MailServer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
PASSWORD = "Correct-horse-7-battery"


@dataclass(frozen=True)
class Portal:
    """A running portal: its address, and its commands on the same data."""

    url: str
    env: dict[str, str]

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=True).stdout

    def district(self, slug: str, name: str) -> str:
        """Create a district; returns the email of its owner."""
        email = f"owner@{slug}.example"
        self.manage("create_district", slug, "--name", name, "--admin", email, "--password", PASSWORD)
        return email

    def report(self, slug: str) -> dict[str, Any]:
        return json.loads(self.manage("sync", slug, "--json"))


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """Where the portal's mails end up."""
    server = MailServer()
    server.controller.start()
    yield server
    server.controller.stop()


@pytest.fixture(scope="session")
def portal(mail_server: MailServer) -> Iterator[Portal]:
    with tempfile.TemporaryDirectory(prefix="rpb-", dir="/tmp") as folder:
        port, sftp_port = _free_ports(2)
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        env = keep | {
            "PORTAL_DATA_DIR": folder,
            "PORTAL_HTTP_PORT": str(port),
            "PORTAL_SFTP_PORT": str(sftp_port),
            "PORTAL_SFTP_SETTLE_SECONDS": "1",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        }
        with (Path(folder) / "run_portal.log").open("w+") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "run_portal", "--no-demo"], env=env, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                _wait(f"http://127.0.0.1:{port}/readyz", process, Path(log.name))
                yield Portal(f"http://localhost:{port}", env)
            finally:
                process.terminate()
                process.wait(30)


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"The portal did not start:\n{log.read_text()[-4000:]}")


def sign_in(page: Any, portal: Portal, email: str) -> None:
    """Sign in through the page."""
    page.goto(f"{portal.url}/sign-in/")
    page.get_by_label(re.compile("email", re.IGNORECASE)).fill(email)
    page.get_by_label(re.compile("^password", re.IGNORECASE)).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{portal.url}/")

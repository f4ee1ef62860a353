"""A server process on the test database, zones to sign in to, and the clients that people have."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import paramiko
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection

from accounts.services.create_district import create_district
from imports.models import LandingKey, LandingZone
from imports.services.activate_app import activate_app
from imports.services.landing_zone import ensure_zone
from imports.zone import Zone
from tests.integration.worker.processes import wait_for

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "Pelican-Harbour-42"
SSH_OPTIONS = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentityAgent=none", "LogLevel=ERROR", "ConnectTimeout=10")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(landing: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of the server's process: this test's database, a landing folder of its own."""
    name, host = connection.settings_dict["NAME"], connection.settings_dict["OPTIONS"].get("host", "")
    is_sqlite = connection.vendor == "sqlite"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_ENV": "test", "PORTAL_DATA_DIR": str(settings.PORTAL_DATA_DIR),
        "DATABASE_URL": f"sqlite:///{name}" if is_sqlite else f"postgres://portal@/{name}?host={host}", "SECRET_KEY": settings.SECRET_KEY,
        "PYTHONUNBUFFERED": "1", "PORTAL_LANDING_DIR": str(landing), "PORTAL_SFTP_PORT": str(port), "PORTAL_SFTP_SETTLE_SECONDS": "1", **more,
    }  # fmt: skip


class Server:
    """`manage.py run_sftp`."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.env, self.log, self.port = env, log, int(env["PORTAL_SFTP_PORT"])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "run_sftp"], env=self.env, stdout=log, stderr=log)
        wait_for(self.answers, f"the server to answer: {self.log.read_text()}", seconds=30, pause=0.05)

    def answers(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as made:
            return made.recv(8) == b"SSH-2.0-"
        return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(10)


@dataclass
class User:
    """Somebody with a landing zone, a key and a password; `zone_row` says which of the two the zone takes."""

    zone_row: LandingZone
    folder: Path
    port: int

    @property
    def username(self) -> str:
        return self.zone_row.username

    @property
    def zone(self) -> Zone:
        return Zone(self.zone_row.pk)

    @property
    def root(self) -> Path:
        return self.zone.root

    @cached_property
    def key(self) -> Path:
        return make_key(self.folder / f"key-{self.username}")

    def change(self, **fields: object) -> None:
        LandingZone.objects.of(self.zone_row.district_id).filter(pk=self.zone_row.pk).update(**fields)

    def add_key(self, line: str) -> LandingKey:
        kind, blob = line.split()[:2]
        return LandingKey.objects.create(
            district_id=self.zone_row.district_id,
            zone=self.zone_row,
            line=f"{kind} {blob}",
            fingerprint=f"SHA256:{blob[-40:]}",
            name="laptop",
        )

    def is_marked(self, path: str) -> bool:
        with self.zone.lock():
            return self.zone.is_marked(path)

    # --- clients ---

    def options(self, *, address: str = "127.0.0.1", key: Path | None = None, password: str = "") -> list[str]:
        given = [f"Port={self.port}", f"BindAddress={address}", *SSH_OPTIONS]
        if password:
            given += ["BatchMode=no", "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1"]
        else:
            given += ["BatchMode=yes", "IdentitiesOnly=yes", f"IdentityFile={key or self.key}"]
        return [word for option in given for word in ("-o", option)]

    def _env(self, password: str) -> dict[str, str]:
        asker = self.folder / "askpass.sh"
        if not asker.exists():
            asker.write_text('#!/bin/sh\nprintf "%s\\n" "$GIVEN_PASSWORD"\n')
            asker.chmod(0o700)
        return os.environ | {"SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force", "GIVEN_PASSWORD": password, "DISPLAY": ":0"}

    def run(
        self, program: str, *arguments: str, batch: str = "", seconds: float = 60, **sign_in: object
    ) -> "subprocess.CompletedProcess[str]":
        """Run one of OpenSSH's clients."""
        password = str(sign_in.get("password", ""))
        command = [program, "-F", "none", *self.options(**sign_in), *arguments]  # type: ignore[arg-type]
        return subprocess.run(command, env=self._env(password), input=batch, capture_output=True, text=True, timeout=seconds)

    def sftp(self, batch: str, *arguments: str, **sign_in: object) -> "subprocess.CompletedProcess[str]":
        return self.run("sftp", *arguments, "-b", "-", f"{self.username}@127.0.0.1", batch=batch, **sign_in)

    def start_sftp(self, *arguments: str) -> "subprocess.Popen[str]":
        """An sftp that reads its commands as they are written to it."""
        command = ["sftp", "-F", "none", *self.options(), *arguments, "-b", "-", f"{self.username}@127.0.0.1"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def scp(self, source: str, target: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run("scp", *arguments, source, target)

    def at(self, path: str) -> str:
        return f"{self.username}@127.0.0.1:{path}"

    def lftp(self, commands: str) -> "subprocess.CompletedProcess[str]":
        ssh = " ".join(["ssh", "-a", "-x", "-F", "none", *self.options()])
        script = f'set sftp:connect-program "{ssh}"; set net:max-retries 1; set cmd:fail-exit yes; open sftp://{self.username}:@127.0.0.1:{self.port}; {commands}'
        return subprocess.run(["lftp", "-c", script], capture_output=True, text=True, timeout=60)

    def transport(self, address: str = "127.0.0.1") -> paramiko.Transport:
        """A connection that has not signed in."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(address, 0))
        transport = paramiko.Transport(made)
        transport.start_client(timeout=10)
        return transport

    @contextlib.contextmanager
    def paramiko(self) -> "contextlib.AbstractContextManager[paramiko.SFTPClient]":  # type: ignore[misc]
        transport = self.transport()
        try:
            transport.auth_publickey(self.username, paramiko.Ed25519Key.from_private_key_file(str(self.key)))
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            yield client
        finally:
            transport.close()


def make_key(path: Path, *arguments: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "laptop", "-f", str(path), *(arguments or ("-t", "ed25519"))], check=True)
    return path


def public(key: Path) -> str:
    return key.with_name(f"{key.name}.pub").read_text()


def make_user(slug: str, folder: Path, port: int) -> User:
    """A district with an SFTP app, whose user signs in by a key."""
    district, owner = create_district(slug=slug, name=slug.title(), admin_email=f"owner@{slug}.example", password=None)
    row = ensure_zone(activate_app(district=district, kind="sftp", by=owner))
    user = User(row, folder, port)
    user.change(sign_in=LandingZone.SignIn.KEY, password=hashed(PASSWORD))
    user.add_key(public(user.key))
    return user


def hashed(password: str) -> str:
    hasher = Argon2PasswordHasher()
    return hasher.encode(password, hasher.salt())


def wait_until_gone(process: "subprocess.Popen[str]", seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)

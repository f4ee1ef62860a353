"""The two servers that are compared: this portal's, and OpenSSH's with its internal-sftp, both on loopback, both with the same key."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import Place

USERNAME = "bench"  # of the portal's landing zone
_READY_SECONDS = 30.0
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, and how a client gets in. `folder` is where uploads go."""

    pid: int
    port: int
    username: str
    key: Path
    folder: str

    def command(self, batch: str, *options: str) -> None:
        """Have OpenSSH's sftp do some lines.

        Raises:
            RuntimeError: it could not; with what it said.
        """
        given = ["-P", str(self.port), "-i", str(self.key), "-b", "-", "-q", *options]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "IdentityAgent=none"):
            given += ["-o", option]
        done = subprocess.run(
            [_found("sftp"), "-F", "none", *given, f"{self.username}@127.0.0.1"], input=batch, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"sftp failed: {done.stdout}{done.stderr}")

    @property
    def memory_mb(self) -> float:
        """What the server's process holds at this moment."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def can_measure() -> bool:
    """Whether OpenSSH's server and client are installed."""
    return all(map(_program, ("sshd", "sftp", "ssh-keygen")))


def make_key(folder: Path) -> Path:
    """Make the key pair with which the client signs in."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([_found("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    return folder / "key"


@contextmanager
def portal_server(place: Place, key: Path) -> Iterator[Server]:
    """This portal's server on a fresh database."""
    zone = place.run("sftp_zone", key.parent).facts["zone"]
    port = _free_port()
    env = place.environment | {"PORTAL_SFTP_PORT": str(port), "PORTAL_SFTP_LISTEN": "127.0.0.1", "PORTAL_SFTP_USER_CONNECTIONS": "100"}
    with _running([sys.executable, str(_ROOT / "manage.py"), "run_sftp"], env, port, place.folder / "sftp.log") as pid:
        yield Server(pid, port, USERNAME, key, str(place.folder / "landing" / "zones" / str(zone)))


@contextmanager
def openssh_server(folder: Path, key: Path) -> Iterator[Server]:
    """OpenSSH's server for the user that we are, with a configuration of its own."""
    port = _free_port()
    uploads = folder / "uploads"
    uploads.mkdir(parents=True)
    subprocess.run([_found("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key")], check=True)
    shutil.copy(key.with_suffix(".pub"), folder / "authorized_keys")
    lines = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder / 'host_key'}", f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"PidFile {folder / 'pid'}", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin yes",
        f"Subsystem sftp internal-sftp -d {uploads}", "LogLevel ERROR",
    ]  # fmt: skip
    (folder / "sshd_config").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd of root separates its privileges
    with _running([_found("sshd"), "-D", "-e", "-f", str(folder / "sshd_config")], dict(os.environ), port, folder / "sshd.log") as pid:
        yield Server(pid, port, getpass.getuser(), key, str(uploads))


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _found(name: str) -> str:
    program = _program(name)
    if program is None:
        raise FileNotFoundError(f"{name} is not installed.")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], env: dict[str, str], port: int, log: Path) -> Iterator[int]:
    """A server while the block runs.

    Raises:
        RuntimeError: it does not answer; with what it wrote.
    """
    with log.open("wb") as written:
        process = subprocess.Popen(command, env=env, stdout=written, stderr=written, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + _READY_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} does not answer:\n{log.read_text()}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(10)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(8).startswith(b"SSH-2.0-")
    except OSError:
        return False

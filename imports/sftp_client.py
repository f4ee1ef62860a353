"""A client of SFTP servers, step by step, so that it can be said which step failed and how to mend it.

Only the host key that is expected is talked to, and only the address that was checked. Nothing of the machine's own SSH set-up is used: no
configuration file, no agent, no keys of the portal's user. Importing asyncssh takes a fifth of a second, so this module is imported where it is used.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import asyncssh

from imports.public_keys import KeyRefused, PublicKey, key_of_line
from notices.steps.addresses import is_other_machine

_HOST_KEY_ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
_KEEPALIVE_SECONDS, _KEEPALIVES = 15, 3
_RSA = "ssh-rsa"
_LEAVE_SECONDS = 1.0
T = TypeVar("T")
logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it tells every connection; what matters is told by us


class Step(StrEnum):
    """What is done one after the other."""

    REACH = "reach"
    RECOGNISE = "recognise"
    SIGN_IN = "sign_in"
    OPEN = "open"
    LIST = "list"
    WRITE = "write"
    READ = "read"
    REMOVE = "remove"


class StepFailed(Exception):
    """A step failed; the message says why and how to mend it. `offered` is the server's key where it is not the one expected."""

    def __init__(self, step: Step, message: str, offered: PublicKey | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.offered = offered


@dataclass(frozen=True, slots=True)
class Door:
    """Where to sign in, and how. `host_keys`: lines of public keys, one of which the server must prove to have; with none it is only asked for its key."""

    host: str
    port: int
    username: str
    host_keys: Sequence[str]
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    is_own: bool = False  # this portal's server, which may be anywhere
    is_any_address: bool = False  # also this machine itself


@dataclass
class Progress:
    """The step that is being tried, and those that are done; read by whoever waits, also after the time was up."""

    now: Step = Step.REACH
    done: list[Step] = field(default_factory=list)

    def go_on(self, step: Step) -> None:
        """The present step is done; begin another."""
        self.done.append(self.now)
        self.now = step


class _Client(asyncssh.SSHClient):
    """Compares the server's key, and sees how far the connection came."""

    def __init__(self, expected: Collection[str], progress: Progress) -> None:
        self.expected = expected
        self.progress = progress
        self.offered: PublicKey | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """The server is reached."""
        self.progress.go_on(Step.RECOGNISE)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Whether it is one of the keys expected."""
        try:
            self.offered = key_of_line(key.export_public_key("openssh").decode().strip())
        except KeyRefused:
            return False
        if self.offered.line not in self.expected:
            return False
        self.progress.go_on(Step.SIGN_IN)
        return True


def run_within(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Run it in an event loop of its own, and be back within the time whatever a server does.

    `asyncio.run` waits for what is cancelled, and what is cancelled may wait for an answer that never comes. Called from within another event loop,
    it is run in a thread.

    Raises:
        TimeoutError: the time is up.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work, seconds)
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(_run, work, seconds).result()


def _run(work: Coroutine[Any, Any, T], seconds: float) -> T:
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # of what is given up nobody need hear
    try:
        task = loop.create_task(work)
        done, _ = loop.run_until_complete(asyncio.wait({task}, timeout=seconds))
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=_LEAVE_SECONDS))
        loop.close()


@asynccontextmanager
async def connected(door: Door, progress: Progress) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """A connection that is signed in.

    Raises:
        StepFailed: it did not come about.
    """
    addresses = await _resolve(door)
    client = _Client(set(door.host_keys), progress)
    connection = await _connect(door, addresses, client)
    try:
        yield connection
    finally:
        connection.abort()


@asynccontextmanager
async def session(door: Door, progress: Progress) -> AsyncIterator[asyncssh.SFTPClient]:
    """An SFTP session over a connection of its own.

    Raises:
        StepFailed: it did not come about.
    """
    async with connected(door, progress) as connection:
        progress.go_on(Step.OPEN)
        try:
            sftp = await connection.start_sftp_client()
        except (asyncssh.Error, OSError) as error:
            raise StepFailed(Step.OPEN, "The sign-in works, but the server offers no SFTP to this user. Allow it there.") from error
        yield sftp


async def _resolve(door: Door) -> list[str]:
    """The addresses of the host, all of them allowed: one among them that is not, and none is called."""
    executor = ThreadPoolExecutor(max_workers=1)  # one of its own: nobody waits for a name server that does not answer
    try:
        look_up = partial(socket.getaddrinfo, door.host, door.port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(executor, look_up)
    except (OSError, UnicodeError) as error:
        raise StepFailed(Step.REACH, f"The name {door.host} is not known. Check the host.") from error
    finally:
        executor.shutdown(wait=False)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not (door.is_own or door.is_any_address) and not all(is_other_machine(address) for address in addresses):
        raise StepFailed(
            Step.REACH,
            f"{door.host} leads to the portal's own machine or to a reserved address, where this portal does not go. Use the server's address in your network.",
        )
    return addresses


async def _connect(door: Door, addresses: Sequence[str], client: _Client) -> asyncssh.SSHClientConnection:
    failure: Exception | None = None
    for address in addresses:
        try:
            return await asyncssh.connect(address, door.port, client_factory=lambda: client, **_options(door))
        except (asyncssh.Error, OSError) as error:
            if client.progress.now is not Step.REACH:
                raise _failed(door, client, error) from error
            failure = error  # the next address of the same name may answer
    raise _failed(door, client, failure or OSError()) from failure


def _options(door: Door) -> dict[str, Any]:
    try:
        keys = [asyncssh.import_private_key(door.private_key)] if door.private_key else None
    except asyncssh.KeyImportError as error:
        raise StepFailed(Step.SIGN_IN, "The saved private key is of a type that cannot sign in. Enter another.") from error
    return {
        "username": door.username, "password": door.password or None, "client_keys": keys, "agent_path": None, "config": [],
        "known_hosts": ([], [], []), "server_host_key_algs": _algorithms(door.host_keys), "encryption_algs": _CIPHERS,
        "preferred_auth": "publickey" if keys else "password,keyboard-interactive", "gss_host": None, "compression_algs": None,
        "x509_trusted_certs": None, "keepalive_interval": _KEEPALIVE_SECONDS, "keepalive_count_max": _KEEPALIVES,
    }  # fmt: skip


def _algorithms(lines: Sequence[str]) -> list[str]:
    """Those of the expected keys first, so that a server with several keys shows the one that is known; the others after, so that another one is named."""
    kinds = {line.split(" ")[0] for line in lines}
    known = [name for name in _HOST_KEY_ALGORITHMS if name in kinds or (_RSA in kinds and name.startswith("rsa-"))]
    return [*known, *(name for name in _HOST_KEY_ALGORITHMS if name not in known)]


def _failed(door: Door, client: _Client, error: Exception) -> StepFailed:
    step = client.progress.now
    if step is Step.REACH:
        return StepFailed(step, _unreached(door, error))
    if step is Step.RECOGNISE:
        if client.offered is not None:
            return StepFailed(step, "The server shows another host key than the one that is known.", client.offered)
        return StepFailed(
            step, f"What answers at {door.host}, port {door.port}, does not speak SSH as this portal does. Check host and port."
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return StepFailed(step, "The server refused the sign-in.")
    return StepFailed(
        step, "The server broke the connection off during the sign-in. It may limit the addresses that may sign in, or sign-ins in a row."
    )


def _unreached(door: Door, error: Exception) -> str:
    where = f"{door.host}, port {door.port}"
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {where}."
    return f"There is no answer from {where}."


def words_of(error: Exception) -> str:
    """What a server says of a fault, shortly: it is somebody else's text."""
    text = str(getattr(error, "reason", "") or error or type(error).__name__)
    return "".join(char if char.isprintable() else " " for char in text).strip().rstrip(".")[:150]

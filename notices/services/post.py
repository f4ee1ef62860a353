"""One POST to an address that somebody typed: resolved once, checked, and called at exactly the address that was checked.

No redirect is followed, no proxy used, no cookie kept. Everything together takes at most the seconds allowed, however slowly the answer drips.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from notices.steps.addresses import is_public

MAX_ANSWER = 200  # characters that are kept
TIMEOUT = 10.0  # seconds
USER_AGENT = "Roster-Portal-Webhook/1"


class PostFailed(Exception):
    """There was no answer; the message says why."""


class AddressRefused(Exception):
    """The address may not be called; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, and the beginning of what it said."""

    status: int
    text: str

    @property
    def is_ok(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300


def check_url(url: str, *, allow_private: bool) -> SplitResult:
    """Take an address apart, if it may be called at all.

    Raises:
        AddressRefused: it is no https address, carries a password or a fragment, or names a private address outright.
    """
    if any(char.isspace() or not char.isprintable() for char in url):
        raise AddressRefused("The address holds spaces or control characters. Remove them.")
    try:
        parts = urlsplit(url)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:  # UnicodeError is one
        raise AddressRefused("This is no address. It must look like https://hooks.example.org/portal.") from error
    if parts.scheme not in ({"https", "http"} if allow_private else {"https"}):
        raise AddressRefused("The address must begin with https://, so that nobody on the way can read along.")
    if not parts.hostname:
        raise AddressRefused("This is no address. It must look like https://hooks.example.org/portal.")
    if parts.username is not None or parts.fragment:
        raise AddressRefused("The address may hold no user name, password or fragment. Whoever receives checks the signature instead.")
    if not allow_private and _is_literal(parts.hostname) and not is_public(parts.hostname):
        raise AddressRefused("The address leads into a private network, where this portal does not go.")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, timeout: float = TIMEOUT) -> Answer:
    """Send the body and return the answer.

    Raises:
        AddressRefused: the address may not be called, or leads into a private network.
        PostFailed: there was no answer in time.
    """
    parts = check_url(url, allow_private=allow_private)
    ends = time.monotonic() + timeout
    failure: Exception | None = None
    for address in _resolve(parts, allow_private):
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:
            return _call(parts, address, body, headers, left)
        except ConnectionError as error:
            failure = error  # the next address of the same name may answer; nothing was sent yet
    raise PostFailed(_words(failure) if failure else "No answer in time.") from failure


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _resolve(parts: SplitResult, allow_private: bool) -> list[str]:
    """The addresses of the host, all of them public: one private among them, and none is called."""
    host = (parts.hostname or "").encode("idna").decode()
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except OSError as error:
        raise PostFailed(f"The name {host} is not known.") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise AddressRefused(f"{host} leads into a private network, where this portal does not go.")
    return addresses


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


class Unreachable(ConnectionError):
    """No connection came about."""


def _call(parts: SplitResult, address: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
    connection = _connection(parts, address, timeout)
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(timeout, end)
    watch.daemon = True
    watch.start()
    try:
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            raise Unreachable(_words(error)) from error
        everything = {"Host": _host(parts), "User-Agent": USER_AGENT, **headers}
        connection.request("POST", _target(parts), body=body, headers=everything, preload_content=False, decode_content=False)
        answer = connection.getresponse()
        raw = answer.read(4 * MAX_ANSWER)  # and no more of it, however long it is
        return Answer(answer.status, _clean(raw))
    except (HTTPError, HTTPException, OSError) as error:
        if is_late.is_set():
            raise PostFailed("No answer in time.") from error
        if isinstance(error, Unreachable):
            raise
        raise PostFailed(_words(error)) from error
    finally:
        watch.cancel()
        connection.close()


def _connection(parts: SplitResult, address: str, timeout: float) -> HTTPConnection:
    """A connection to the address; over TLS the certificate must be that of the host's name."""
    if parts.scheme == "http":
        return HTTPConnection(address, _port(parts), timeout=timeout)
    host = (parts.hostname or "").encode("idna").decode()
    return HTTPSConnection(
        address, _port(parts), timeout=timeout, ssl_context=ssl.create_default_context(), server_hostname=host, assert_hostname=host
    )


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").encode("idna").decode()
    return (f"[{host}]" if ":" in host else host) + (f":{parts.port}" if parts.port else "")


def _clean(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_ANSWER].strip()


def _words(error: Exception) -> str:
    """What went wrong, shortly, without the traces of a library."""
    if isinstance(error, Unreachable | PostFailed):
        return str(error)
    inner = error.__cause__ or error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"The certificate is not accepted: {inner.verify_message}."
    if isinstance(inner, ssl.SSLError):
        return "No secure connection came about."
    if isinstance(inner, ConnectionRefusedError):
        return "The connection was refused."
    if isinstance(inner, TimeoutError):
        return "No answer in time."
    return f"The connection failed ({type(inner).__name__})."

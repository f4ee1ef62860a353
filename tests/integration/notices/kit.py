"""A mail server and a webhook's receiver of this machine, and what tests of notices do again and again."""

import email
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from django.utils import timezone

from accounts.models import District
from notices.models import Event, Notice
from notices.services.deliver import deliver
from notices.services.emit import emit
from notices.services.fan_out import fan_out

HELD = {
    "sync": 12, "app": "CSV Upload", "what": "sync", "kind": "threshold", "why": "The district, Students: 20.0 % would be deleted.",
    "created": 3, "updated": 3912, "deleted": 412, "expires_days": 14,
}  # fmt: skip
FAILED = {"sync": 12, "app": "CSV Upload", "what": "sync", "errors": 3}
COMPLETED = {
    "sync": 12, "app": "CSV Upload", "what": "sync", "state": "completed", "created": 3, "updated": 2, "deleted": 1, "unchanged": 4,
    "left_out": 0, "errors": 0, "issues": 0,
}  # fmt: skip


@dataclass
class MailServer:
    """Takes mails on a port of its own; answers the next ones with `refusals` first, one each."""

    refusals: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose a port that is free."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail, or refuse it."""
        if self.refusals:
            return self.refusals.pop(0)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 Taken"

    def to(self) -> list[str]:
        """The receivers, sorted."""
        return sorted(str(mail["To"]) for mail in self.mails)


def texts(mail: EmailMessage) -> tuple[str, str]:
    """The mail as text and as HTML."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain and html
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


class Receiver(ThreadingHTTPServer):
    """A webhook's receiver: answers with `answers` in their order (status, headers, body), the last one again and again; keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a port that is free."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"thanks")]
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.drips = self.is_endless = False
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?x=1"


class Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep the call and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, dict(self.headers), body))
        if self.server.drips:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return
                time.sleep(0.05)
            return
        if self.server.is_endless:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            try:
                while True:
                    self.wfile.write(b"and so on, " * 1000)
            except OSError:
                return
        answers = self.server.answers
        status, headers, said = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self) -> None:
        """Who follows a redirect lands here."""
        self.server.calls.append((self.path, dict(self.headers), b"GET"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature as the docs tell a receiver to."""
    parts = dict(part.split("=", 1) for part in headers["Portal-Signature"].split(","))
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"]) and abs(time.time() - int(parts["t"])) < 60


def tell(district: District, event: str = "sync.held", facts: dict[str, Any] | None = None, url: str = "/history/12/review/") -> Event:
    """Write an event."""
    written = emit(district=district, event=event, subject_url=url, facts=HELD if facts is None else facts)
    assert written is not None
    return written


def settle(event: Event, now: datetime | None = None) -> list[Notice]:
    """Do what workers do for an event, once; returns its notices."""
    fan_out(event.pk)
    for pk in event.notices.order_by("pk").values_list("pk", flat=True):
        deliver(pk, now=now)
    return list(event.notices.order_by("pk"))


def later(**span: float) -> datetime:
    """A moment from now."""
    return timezone.now() + timedelta(**span)


def forbidden_words(rows: Iterable[dict[str, str]]) -> set[str]:
    """Everything in users.csv that names a person: names, ids, addresses."""
    names = ("sourcedId", "username", "givenName", "familyName", "middleName", "identifier", "email", "phone", "sms")
    return {row[name].strip() for row in rows for name in names if len(row.get(name, "").strip()) > 2}


def whole(mail: EmailMessage) -> str:
    """Everything of a mail but whom it goes to."""
    return "\n".join([str(mail["Subject"]), *texts(mail)])


def body_of(call: tuple[str, dict[str, str], bytes]) -> dict[str, Any]:
    """What a call to the receiver said."""
    return dict(json.loads(call[2]))

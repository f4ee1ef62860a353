"""Webhooks: signed, tried again, and never led into a private network."""

import json
import socket
import ssl
import time
from datetime import timedelta

import pytest

from accounts.models import AuditEvent, Role
from notices.models import Attempt, Notice, Webhook
from notices.services import post as module
from notices.services.fan_out import fan_out
from notices.services.post import AddressRefused, PostFailed, check_url, post
from notices.services.secrets import SecretLost, secret_of
from notices.services.try_out import try_webhook
from notices.services.webhooks import MOST, WebhookRefused, add_webhook, change_webhook, remove_webhook, renew_secret
from tests.integration.notices.kit import COMPLETED, FAILED, body_of, is_signed, later, settle, tell


@pytest.fixture
def webhook(district, members, receiver) -> Webhook:
    events = ["sync.completed", "sync.held"]
    return add_webhook(district=district, url=receiver.url, events=events, by=members[Role.OWNER].user, address=None)


def completed(district):
    return tell(district, "sync.completed", COMPLETED, "/history/12/")


def test_it_gets_the_event_signed_with_its_secret(district, webhook, receiver, settings):
    event = completed(district)
    (notice,) = settle(event)
    assert (notice.state, notice.last_status) == ("sent", 200)
    path, headers, body = receiver.calls[0]
    assert path == "/hook?x=1"
    assert is_signed(secret_of(webhook), headers, body)
    assert not is_signed("whsec_other", headers, body)
    assert not is_signed(secret_of(webhook), headers, body + b" ")
    assert headers["Portal-Event-Id"] == str(event.uid)
    assert json.loads(body) == {
        "id": str(event.uid), "event": "sync.completed", "district": "maple", "at": event.at.isoformat(timespec="seconds"),
        "subject_url": f"{settings.PORTAL_BASE_URL}/history/12/", "facts": COMPLETED,
    }  # fmt: skip


def test_only_what_it_asked_for_of_its_own_district_reaches_it(district, other_district, webhook, receiver):
    settle(tell(district, "sync.failed", FAILED))
    settle(completed(other_district))
    assert receiver.calls == []


def test_one_that_fails_is_tried_again_under_the_same_id(district, webhook, receiver):
    receiver.answers = [(500, {}, b"oh"), (503, {}, b"no"), (204, {}, b"")]
    event, now = completed(district), later(seconds=1)
    (notice,) = settle(event, now=now)
    assert (notice.state, notice.last_status, notice.last_error) == ("waiting", 500, "It was not taken (status 500).")
    (notice,) = settle(event, now=notice.next_at)
    assert notice.next_at == now + timedelta(minutes=6)
    (notice,) = settle(event, now=notice.next_at)
    assert (notice.state, notice.tries) == ("sent", 3)
    assert len({call[1]["Portal-Event-Id"] for call in receiver.calls}) == 1
    assert list(Attempt.objects.filter(notice=notice).order_by("pk").values_list("status", flat=True)) == [500, 503, 204]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(district, webhook, receiver, status):
    receiver.answers = [(status, {"Location": receiver.url.replace("hook", "elsewhere")}, b"")]
    (notice,) = settle(completed(district))
    assert (notice.state, notice.last_status) == ("waiting", status)
    assert "redirect" in notice.last_error
    assert [call[0] for call in receiver.calls] == ["/hook?x=1"]


def test_of_an_answer_no_more_than_200_characters_are_kept(district, webhook, receiver):
    receiver.answers = [(400, {"Content-Encoding": "gzip"}, b"\x00\xff<script>" + b"x" * 100_000)]
    (notice,) = settle(completed(district))
    attempt = Attempt.objects.get(notice=notice)
    assert len(attempt.answer) == 199  # the null character has become a blank and gone
    assert attempt.answer.startswith("\ufffd<script>xxx")


def test_an_endless_answer_is_not_read_to_its_end(receiver):
    receiver.is_endless = True
    started = time.monotonic()
    answer = post(receiver.url, b"{}", {}, allow_private=True, timeout=5)
    assert answer.is_ok and answer.text.startswith("and so on, and so on")
    assert time.monotonic() - started < 2


def test_an_answer_that_drips_ends_when_the_time_is_over(receiver):
    receiver.drips = True
    started = time.monotonic()
    with pytest.raises(PostFailed, match="No answer in time"):
        post(receiver.url, b"{}", {}, allow_private=True, timeout=0.5)
    assert time.monotonic() - started < 2


def test_a_webhook_that_is_off_or_gone_is_told_of_nothing(district, webhook, receiver, members):
    owner = members[Role.OWNER].user
    first, second = completed(district), completed(district)
    fan_out(first.pk), fan_out(second.pk)
    change_webhook(webhook=webhook, url=webhook.url, events=webhook.events, is_on=False, by=owner, address=None)
    assert settle(first)[0].state == "dropped"
    assert settle(completed(district)) == []
    remove_webhook(webhook=webhook, by=owner, address=None)
    kept = Notice.objects.of(district).filter(event=second).get()
    assert (kept.state, kept.webhook, kept.to) == ("dropped", None, receiver.url)
    assert receiver.calls == []


def test_a_new_secret_signs_from_then_on_and_a_changed_key_of_the_portal_is_said(district, webhook, receiver, members, settings):
    old = secret_of(webhook)
    renew_secret(webhook=webhook, by=members[Role.OWNER].user, address=None)
    assert old != secret_of(webhook)
    settle(completed(district))
    assert is_signed(secret_of(webhook), receiver.calls[0][1], receiver.calls[0][2])
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(SecretLost):
        secret_of(webhook)
    (notice,) = settle(completed(district))
    assert "SECRET_KEY was changed" in notice.last_error
    assert len(receiver.calls) == 1


def test_the_secret_lies_nowhere_in_the_database(district, webhook):
    secret = secret_of(webhook)
    stored = json.dumps([*Webhook.objects.of(district).values(), *AuditEvent.objects.of(district).values()], default=str)
    assert secret not in stored and secret.removeprefix("whsec_") not in stored


def test_a_test_is_sent_at_once_also_to_one_that_is_off_and_never_again(district, webhook, receiver):
    Webhook.objects.of(district).update(is_on=False)
    receiver.answers = [(500, {}, b"broken")]
    result = try_webhook(webhook=Webhook.objects.of(district).get())
    assert (result.is_ok, result.status) == (False, 500)
    assert body_of(receiver.calls[0])["event"] == "test"
    assert Notice.objects.of(district).get().state == "given_up"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x", "ftp://hooks.example.org/x", "https://", "hooks.example.org", "https://user:pw@hooks.example.org/",
        "https://hooks.example.org/#x", "https://10.0.0.8/", "https://127.0.0.1:8000/", "https://[::1]/", "https://[fe80::1]/",
        "https://169.254.169.254/latest/meta-data", "https://2130706433/", "https://[::ffff:10.0.0.1]/", "https://hooks.example.org:99999/",
        "https://hooks.example.org/a b", "https://hooks.example.org/\r\nHost: x",
    ],
)  # fmt: skip
def test_addresses_that_may_not_be_called_are_refused_when_they_are_typed(district, members, url):
    with pytest.raises(WebhookRefused):
        add_webhook(district=district, url=url, events=["sync.held"], by=members[Role.OWNER].user, address=None)
    assert not Webhook.objects.of(district).exists()


def test_without_an_event_or_beyond_the_most_none_is_added(district, members):
    owner = members[Role.OWNER].user

    def add(events):
        return add_webhook(district=district, url="https://hooks.example.org/x", events=events, by=owner, address=None)

    with pytest.raises(WebhookRefused, match="at least one event"):
        add(["test", "nonsense"])
    for _ in range(MOST):
        add(["sync.held"])
    with pytest.raises(WebhookRefused, match="Remove one"):
        add(["sync.held"])


def resolves_to(monkeypatch, *answers: list[str]) -> list[str]:
    """Every name resolves to the next answer; returns the addresses that a connection is opened to."""
    left, opened = list(answers), []

    def getaddrinfo(host, port, *args, **kwargs):
        if host.replace(".", "").isdigit() or ":" in host:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def create_connection(address, *args, **kwargs):
        opened.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(module.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    return opened


@pytest.mark.no_database
@pytest.mark.parametrize("private", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.1.2.3"])
def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch, private):
    opened = resolves_to(monkeypatch, ["93.184.216.34", private])
    with pytest.raises(AddressRefused, match="private network"):
        post("https://hooks.example.org/x", b"{}", {})
    assert opened == []


@pytest.mark.no_database
def test_a_name_is_resolved_once_so_that_it_cannot_change_after_it_was_checked(monkeypatch):
    opened = resolves_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(PostFailed, match="refused"):
        post("https://hooks.example.org/x", b"{}", {})
    assert opened == ["93.184.216.34"]


@pytest.mark.no_database
def test_over_tls_the_certificate_must_be_that_of_the_name_not_of_the_address():
    connection = module._connection(check_url("https://hooks.example.org/x", allow_private=False), "93.184.216.34", 1)
    assert (connection.host, connection.server_hostname, connection.assert_hostname) == ("93.184.216.34", *["hooks.example.org"] * 2)
    assert connection.ssl_context.verify_mode is ssl.CERT_REQUIRED

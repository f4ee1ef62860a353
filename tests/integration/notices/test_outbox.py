"""The outbox: told if and only if it happened, to each receiver once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import Role
from notices.models import Event, Notice
from notices.services import deliver as module
from notices.services import emit as emit_module
from notices.services.deliver import LEASE, deliver
from notices.services.emit import DELIVER, FAN_OUT, emit
from notices.services.fan_out import fan_out
from notices.services.sweep import due_notices, forget_old, sweep
from portal.celery import app
from tests.integration.accounts.people import make_district, make_member
from tests.integration.notices.kit import COMPLETED, FAILED, HELD, later, settle, tell


@pytest.fixture
def woken(monkeypatch) -> list[tuple[str, int]]:
    """The tasks that are sent, and nothing sent."""
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(emit_module.current_app, "send_task", lambda name, args: sent.append((name, args[0])))
    return sent


class Boom(Exception):
    """Something goes wrong in the caller's transaction."""


def test_an_event_is_rolled_back_with_what_it_tells_of(district, woken, django_capture_on_commit_callbacks):
    def act() -> None:
        with transaction.atomic():
            tell(district)
            raise Boom

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Boom):
        act()
    assert not Event.objects.of(district).exists()
    assert woken == []


def test_a_worker_is_woken_once_it_is_committed(district, members, woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        event = tell(district)
        assert woken == []
    assert woken == [(FAN_OUT, event.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        made = fan_out(event.pk)
    assert woken[1:] == [(DELIVER, pk) for pk in made]
    assert len(made) == 2


@pytest.mark.no_database
def test_the_workers_know_the_tasks_that_are_sent_by_name():
    app.loader.import_default_modules()
    assert {FAN_OUT, DELIVER} <= set(app.tasks)


def test_without_a_broker_the_event_is_safe_and_the_sweeper_finds_it(
    district, members, mail_server, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*args):
        raise ConnectionError("no broker")

    monkeypatch.setattr(emit_module.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        event = tell(district)
    sweep(later(seconds=20))
    assert event.notices.count() == 2
    assert due_notices(later(seconds=20)) == list(event.notices.order_by("pk").values_list("pk", flat=True))
    settle(event)
    assert len(mail_server.mails) == 2


def test_what_has_the_same_key_is_told_once_in_each_district(district, other_district):
    def once(of):
        return emit(district=of, event="sync.failed", subject_url="/history/1/", facts=FAILED, once_key="failed:1")

    assert once(district) is not None
    assert once(district) is None
    assert once(other_district) is not None
    assert Event.objects.of(district).count() == 1


@pytest.mark.parametrize(
    ("event", "facts", "url"),
    [
        ("sync.vanished", FAILED, "/history/1/"),
        ("sync.failed", {**FAILED, "student": "Ana Lopez"}, "/history/1/"),
        ("sync.failed", {"sync": 1}, "/history/1/"),
        ("sync.failed", FAILED, "https://elsewhere.example/"),
        ("sync.held", {**HELD, "why": "x" * 601}, "/history/1/"),
    ],
)
def test_a_fact_that_its_kind_does_not_list_is_a_bug_and_is_refused(district, event, facts, url):
    with pytest.raises(ValueError, match=r"fact|kind|path"):
        emit(district=district, event=event, subject_url=url, facts=facts)
    assert not Event.objects.of(district).exists()


def test_who_is_told_is_decided_once(district, members):
    event = tell(district)
    assert len(fan_out(event.pk)) == 2
    assert fan_out(event.pk) == []
    assert event.notices.count() == 2


def test_a_kind_for_webhooks_alone_is_mailed_to_nobody(district, members, mail_server):
    assert settle(tell(district, "sync.completed", COMPLETED)) == []
    assert mail_server.mails == []


def test_a_notice_that_a_worker_has_is_left_to_it_until_its_lease_lapses(district, members, mail_server):
    event = tell(district)
    first = fan_out(event.pk)[0]
    now = timezone.now()
    Notice.unscoped.filter(pk=first).update(claim="7f4df7e2-38f5-4c1a-8a3c-a9d28f6fe2f0", claimed_until=now + LEASE, tries=1)
    assert deliver(first, now=now) is None
    assert first not in due_notices(now + timedelta(minutes=1))
    assert mail_server.mails == []
    assert first in due_notices(now + LEASE + timedelta(minutes=1))  # its worker died: once more
    assert deliver(first, now=now + LEASE + timedelta(minutes=1))
    assert len(mail_server.mails) == 1


def test_a_worker_that_lost_its_claim_writes_nothing(district, members, mail_server, monkeypatch):
    event = tell(district)
    pk = fan_out(event.pk)[0]
    other = "7f4df7e2-38f5-4c1a-8a3c-a9d28f6fe2f0"

    def slow(notice, person):
        Notice.unscoped.filter(pk=pk).update(claim=other)  # its lease lapsed while it was sending, and another took it

    monkeypatch.setattr("notices.services.deliver.send_mail", slow)
    deliver(pk)
    notice = Notice.unscoped.get(pk=pk)
    assert (str(notice.claim), notice.state) == (other, "waiting")


def test_what_was_sent_is_not_sent_again_by_a_task_that_comes_twice(district, members, mail_server):
    event = tell(district)
    settle(event)
    settle(event, now=later(days=1))
    assert len(mail_server.mails) == 2


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_each_mail_once(mail_server, broker_url):
    district = make_district()
    make_member(district, Role.OWNER)
    make_member(district, Role.APPROVER)
    event = tell(district)

    def work(_: int) -> None:
        try:
            fan_out(event.pk)
            for pk in event.notices.values_list("pk", flat=True):
                deliver(pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert mail_server.to() == ["approver@maple.example", "owner@maple.example"]
    assert list(event.notices.values_list("tries", flat=True)) == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_the_same_key_written_by_several_at_once_is_one_event(broker_url):
    district = make_district()

    def write(_: int) -> bool:
        try:
            with transaction.atomic():
                return emit(district=district, event="sync.failed", subject_url="/history/1/", facts=FAILED, once_key="k") is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(write, range(6))) == 1
    assert Event.objects.of(district).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_result_that_cannot_be_written_is_tried_again_for_it_was_sent(mail_server, monkeypatch, broker_url):
    district = make_district()
    make_member(district, Role.OWNER)
    pk = fan_out(tell(district).pk)[0]
    right, failures = module._write_once, [OperationalError("locked"), OperationalError("locked")]

    def unlucky(*args):
        if failures:
            raise failures.pop()
        right(*args)

    monkeypatch.setattr(module, "_write_once", unlucky)
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    deliver(pk)
    assert Notice.unscoped.get(pk=pk).state == "sent"
    assert len(mail_server.mails) == 1


def test_the_log_forgets_after_its_days_and_events_stay(district, members, mail_server, settings):
    event = tell(district)
    settle(event)
    settings.PORTAL_NOTICES_KEEP_DAYS = 90
    assert forget_old(later(days=89)) == 0
    assert forget_old(later(days=91)) > 0
    assert not Notice.objects.of(district).exists()
    assert Event.objects.of(district).count() == 1

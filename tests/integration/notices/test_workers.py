"""From the transaction to the mailbox, through real worker processes and a real broker."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Role
from notices.models import Notice
from notices.services.deliver import LEASE
from notices.services.secrets import secret_of
from notices.services.webhooks import add_webhook
from tests.integration.accounts.people import make_district, make_member
from tests.integration.notices.kit import body_of, is_signed, tell, texts
from tests.integration.worker.processes import running_worker, wait_for

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


def test_a_committed_event_reaches_mailboxes_and_webhooks_also_after_its_worker_was_killed(process_env, mail_server, receiver, tmp_path):
    district = make_district()
    owner = make_member(district, Role.OWNER)
    make_member(district, Role.APPROVER)
    webhook = add_webhook(district=district, url=receiver.url, events=["sync.held"], by=owner.user, address=None)
    env = {**process_env, "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}", "PORTAL_WEBHOOKS_PRIVATE": "1"}
    env["PORTAL_BASE_URL"] = "https://portal.example.org"
    with running_worker(env, tmp_path / "one.log"):
        with transaction.atomic():
            event = tell(district)
        wait_for(lambda: event.notices.filter(state="sent").count() == 3, "three deliveries")
    assert mail_server.to() == ["approver@maple.example", "owner@maple.example"]
    assert "https://portal.example.org/history/12/review/" in texts(mail_server.mails[0])[0]
    assert body_of(receiver.calls[0])["event"] == "sync.held"
    assert is_signed(secret_of(webhook), receiver.calls[0][1], receiver.calls[0][2])

    # A worker was killed after it had claimed a notice: once the lease has lapsed the sweeper has it sent.
    orphan = Notice.objects.of(district).filter(to="owner@maple.example").get()
    past = timezone.now() - LEASE
    Notice.unscoped.filter(pk=orphan.pk).update(state="waiting", next_at=past, claimed_until=past, tries=1)
    with running_worker(env, tmp_path / "two.log"):
        from portal.celery import app

        app.send_task("notices.tasks.sweep_task")
        wait_for(lambda: event.notices.filter(state="sent").count() == 3, "the orphan to be sent")
    orphan.refresh_from_db()
    assert orphan.tries == 2
    assert len(mail_server.mails) == 3

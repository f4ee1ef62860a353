"""The pages of Notifications: who may see and change what, in their own district only."""

import json
import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent, Membership, Role
from imports.services.activate_app import activate_app
from notices.models import ExpectedDelivery, NoticeSettings, PersonSettings, Webhook
from notices.services.secrets import secret_of
from notices.services.webhooks import add_webhook
from tests.integration.accounts.people import actions_of, make_member, signed_in
from tests.integration.notices.kit import FAILED, later, settle, tell

SENT = {"groups": ["safety_threshold"], "digest_on": "on", "digest_hour": "9", "reminder_hours": "12", "expected_csv_upload": "30"}
PAGE = "/administration/notifications/"


@pytest.fixture
def app(district, members):
    return activate_app(district=district, kind="csv_upload", by=members[Role.OWNER].user)


@pytest.fixture
def webhook(district, members) -> Webhook:
    return add_webhook(
        district=district, url="https://hooks.example.org/x", events=["sync.held"], by=members[Role.OWNER].user, address=None
    )


def body(response) -> str:
    return response.content.decode()


def test_an_owner_saves_and_it_is_written_down(district, members, app):
    client = signed_in(members[Role.OWNER])
    assert "The notifications are saved." in body(client.post(PAGE, SENT, follow=True))
    saved = NoticeSettings.objects.of(district).get()
    assert (saved.digest_on, saved.digest_hour, saved.reminder_hours) == (True, 9, 12)
    assert saved.groups["safety_threshold"] and not saved.groups["institution_validation"]
    assert ExpectedDelivery.objects.of(district).get().hours == 30
    assert "Nothing was changed." in body(client.post(PAGE, SENT, follow=True))
    event = AuditEvent.objects.of(district).get(action="notices.changed")
    assert "Institution Validation" in event.detail["fields"] and "expected delivery of csv_upload" in event.detail["fields"]
    client.post(PAGE, {**SENT, "expected_csv_upload": "", "reminder_hours": ""})
    assert not ExpectedDelivery.objects.of(district).exists()
    assert NoticeSettings.objects.of(district).get().reminder_hours is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("digest_hour", "24"), ("digest_hour", ""), ("reminder_hours", "0"), ("reminder_hours", "x"), ("expected_csv_upload", "-3"),
     ("expected_csv_upload", "99999999999"), ("groups", "everything")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_saved(district, members, app, field, value):
    response = signed_in(members[Role.OWNER]).post(PAGE, {**SENT, field: value})
    assert response.status_code == 400
    assert not NoticeSettings.objects.of(district).exists()


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
def test_others_see_what_is_set_but_neither_change_it_nor_see_the_log(district, members, app, mail_server, role):
    settle(tell(district))
    client = signed_in(members[role])
    page = body(client.get(PAGE))
    assert "Safety Threshold" in page and "Owners change these settings." in page
    assert "owner@maple.example" not in page and "Delivery log" not in page and "<fieldset disabled>" in page
    assert client.post(PAGE, SENT).status_code == 403
    assert not NoticeSettings.objects.of(district).exists()


def test_every_group_of_the_reference_says_what_it_sends(members):
    page = body(signed_in(members[Role.OWNER]).get(PAGE))
    for title in (
        "Safety Threshold",
        "Institution Validation",
        "Data Access Request",
        "On-Demand/Special Offer Activation",
        "Privacy Policy",
    ):
        assert title in page
    assert page.count("so nothing is sent.") == 3
    assert "No mail server is set" in page


def test_the_log_is_paged_and_shows_what_failed(district, other_district, members, mail_server):
    for role in Role:
        make_member(other_district, role)
    settle(tell(other_district))
    mail_server.refusals = ["550 No such mailbox"]
    settle(tell(district, "sync.failed", FAILED), now=later(seconds=1))
    for _ in range(14):
        settle(tell(district))
    client = signed_in(members[Role.OWNER])
    page = body(client.get(PAGE))
    assert "1–25 of 30 deliveries" in page
    assert "cedar.example" not in page
    failed = body(client.get(PAGE, {"show": "failed"}))
    assert "The mail server did not take it (code 550)." in failed
    assert "1–1 of 1 deliveries" in failed
    assert "next try" in failed


def test_a_test_mail_goes_to_whoever_asks_and_into_the_log(district, members, mail_server):
    client = signed_in(members[Role.OWNER])
    page = body(client.post(reverse("test_mail"), follow=True))
    assert "The mail server took the test mail to owner@maple.example." in page
    assert mail_server.to() == ["owner@maple.example"]
    mail_server.refusals = ["554 No"]
    page = body(client.post(reverse("test_mail"), follow=True))
    assert "The test mail was not sent. The mail server did not take it (code 554)." in page
    assert "Given up" in page


def test_without_a_mail_server_the_test_says_so(members):
    assert "printed to the portal&#x27;s log" in body(signed_in(members[Role.OWNER]).post(reverse("test_mail"), follow=True))
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("role", Role)
def test_everybody_has_their_own_choice_and_finds_it_in_their_menu(district, members, mail_server, role):
    client = signed_in(members[role])
    assert 'href="/notifications/"' in body(client.get("/"))
    assert "As Maple Valley has set them" in body(client.get("/notifications/"))
    page = body(client.post("/notifications/", {"group": ["safety_threshold"]}, follow=True))
    assert "Your notifications are saved." in page and "Your own choice" in page
    assert PersonSettings.objects.of(district).get().groups == {
        "safety_threshold": True, "institution_validation": False, "data_access_request": False, "activation": False, "privacy_policy": False,
    }  # fmt: skip
    settle(tell(district, "sync.failed", FAILED))
    assert f"{role}@maple.example" not in mail_server.to()
    assert "follow the default" in body(client.post("/notifications/follow/", follow=True))
    assert not PersonSettings.objects.of(district).exists()
    assert "notices.own_changed" in actions_of(district)


def test_a_choice_is_about_the_district_one_is_in(district, other_district, members):
    owner = members[Role.OWNER]
    Membership.objects.create(district=other_district, user=owner.user, role=Role.OWNER)
    client = signed_in(owner)
    client.post("/district/", {"district": "maple"})
    client.post("/notifications/", {})
    assert PersonSettings.objects.of(district).count() == 1
    assert not PersonSettings.objects.of(other_district).exists()


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_after_it_was_made(district, members):
    client = signed_in(members[Role.OWNER])
    page = body(client.post(reverse("webhooks"), {"url": "https://hooks.example.org/a", "events": ["sync.held"]}, follow=True))
    webhook = Webhook.objects.of(district).get()
    first = secret_of(webhook)
    assert first in page
    address = reverse("webhook", args=[webhook.pk])
    assert first not in body(client.get(address))
    page = body(client.post(reverse("renew_secret", args=[webhook.pk]), follow=True))
    webhook.refresh_from_db()
    assert secret_of(webhook) in page and first not in page
    assert "whsec_" not in body(client.get(address))
    assert {"webhook.added", "webhook.secret_renewed"} <= set(actions_of(district))


def test_a_webhook_is_changed_switched_off_and_removed(district, members, webhook):
    client = signed_in(members[Role.OWNER])
    address = reverse("webhook", args=[webhook.pk])
    client.post(address, {"url": "https://hooks.example.org/y", "events": ["sync.failed", "sync.held"]})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.events, webhook.is_on) == ("https://hooks.example.org/y", ["sync.held", "sync.failed"], False)
    response = client.post(address, {"url": "https://127.0.0.1/", "events": ["sync.held"], "is_on": "on"})
    assert response.status_code == 400 and "private network" in body(response)
    response = client.post(address, {"url": "https://hooks.example.org/y", "is_on": "on"})
    assert response.status_code == 400 and "Choose at least one event." in body(response)
    assert "The webhook is removed." in body(client.post(reverse("remove_webhook", args=[webhook.pk]), follow=True))
    assert not Webhook.objects.of(district).exists()


def test_the_page_shows_its_tries_with_their_status(district, members, webhook, receiver):
    Webhook.objects.of(district).update(url=receiver.url)
    receiver.answers = [(418, {}, b"<b>a teapot</b>")]
    client = signed_in(members[Role.OWNER])
    page = body(client.post(reverse("test_webhook", args=[webhook.pk]), follow=True))
    assert "The test event was not delivered. It was not taken (status 418)." in page
    assert re.search(r">418<", page)
    assert "&lt;b&gt;a teapot" in page


POSTED = ("test_webhook", "renew_secret", "remove_webhook")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
def test_webhooks_are_for_owners(members, webhook, role):
    client = signed_in(members[role])
    assert client.get(reverse("webhooks")).status_code == 403
    assert client.get(reverse("webhook", args=[webhook.pk])).status_code == 403
    assert client.post(reverse("test_mail")).status_code == 403
    assert [client.post(reverse(name, args=[webhook.pk])).status_code for name in POSTED] == [403] * 3


def test_the_webhooks_of_another_district_do_not_exist(other_district, webhook):
    stranger = signed_in(make_member(other_district, Role.OWNER))
    assert "hooks.example.org/x" not in body(stranger.get(reverse("webhooks")))
    assert stranger.get(reverse("webhook", args=[webhook.pk])).status_code == 404
    assert [stranger.post(reverse(name, args=[webhook.pk])).status_code for name in POSTED] == [404] * 3
    assert Webhook.objects.of(webhook.district).count() == 1


@pytest.mark.parametrize("name", POSTED)
def test_what_changes_is_posted_never_fetched(members, webhook, name):
    assert signed_in(members[Role.OWNER]).get(reverse(name, args=[webhook.pk])).status_code == 405


def test_ids_are_unique_and_pages_have_one_heading(district, members, webhook, app, mail_server):
    settle(tell(district))
    client = signed_in(members[Role.OWNER])
    for address in (PAGE, reverse("webhooks"), reverse("webhook", args=[webhook.pk]), "/notifications/"):
        page = body(client.get(address))
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), address
        assert len(re.findall(r"<h1[ >]", page)) == 1
        for named in re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]+)"', page):
            assert set(named.split()) <= set(ids), (address, named)


def test_the_audit_trail_holds_the_host_of_a_webhook_alone(district, members):
    add_webhook(
        district=district, url="https://hooks.example.org/T1/SECRET", events=["sync.held"], by=members[Role.OWNER].user, address=None
    )
    assert "SECRET" not in json.dumps(list(AuditEvent.objects.of(district).values()), default=str)

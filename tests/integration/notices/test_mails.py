"""Mails through a real mail server: to whom, with what words, how often, and when no more."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from notices.models import Attempt, Notice, NoticeSettings
from notices.services.fan_out import fan_out
from notices.services.save_own import follow_district, save_own
from notices.services.sweep import due_notices
from notices.steps.backoff import PAUSES
from tests.integration.accounts.people import make_member
from tests.integration.notices.kit import FAILED, HELD, later, settle, tell, texts, whole

ALL_OFF: dict[str, bool] = {}


def test_a_held_sync_is_told_in_text_and_html_with_the_link_to_its_review(district, members, mail_server):
    settle(tell(district))
    mail = mail_server.mails[0]
    assert mail["Subject"] == "Held: CSV Upload sync #12 of Maple Valley waits for a decision"
    plain, html = texts(mail)
    link = "https://portal.example.org/history/12/review/"
    assert f"Approve or reject:\n\n{link}\n" in plain
    assert f'<a href="{link}"><strong>Approve or reject</strong></a>' in html
    for text in (plain, html):
        assert "20.0 % would be deleted" in text
        assert "If it is approved: 412 deleted, 3,912 updated, 3 created." in text
        assert "within 14 days" in text
        assert "https://portal.example.org/notifications/" in text
    assert "You get this mail because you are an owner of Maple Valley and" in plain
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("event", "facts", "roles"),
    [
        ("sync.held", HELD, {Role.OWNER, Role.APPROVER}),
        ("sync.expired", {"sync": 12, "app": "CSV Upload", "what": "sync", "days": 14}, {Role.OWNER, Role.APPROVER}),
        ("sync.failed", FAILED, {Role.OWNER, Role.EDITOR}),
        ("delivery.missing", {"app": "CSV Upload", "hours": 24, "last_at": None}, {Role.OWNER, Role.EDITOR}),
        ("delivery.refused", {"app": "SFTP", "why": "The first import needs all eight files."}, {Role.OWNER, Role.EDITOR}),
        ("rollover.ends", {"what": "Suspend data import", "ends_at": "2026-08-30T12:00:00+00:00"}, {Role.OWNER}),
    ],
)
def test_each_kind_goes_to_its_roles_of_its_district_alone(district, other_district, members, mail_server, event, facts, roles):
    for role in Role:
        make_member(other_district, role)
    settle(tell(district, event, facts))
    assert mail_server.to() == sorted(f"{role}@maple.example" for role in roles)
    assert all("Cedar" not in whole(mail) for mail in mail_server.mails)


def test_who_opted_out_is_not_told_and_the_others_are(district, members, mail_server):
    save_own(district=district, user=members[Role.OWNER].user, groups={"institution_validation": True}, address=None)
    settle(tell(district))
    assert mail_server.to() == ["approver@maple.example"]
    settle(tell(district, "sync.failed", FAILED))
    assert mail_server.to() == ["approver@maple.example", "editor@maple.example", "owner@maple.example"]


def test_an_opt_out_in_one_district_is_none_in_another(district, other_district, members, mail_server):
    owner = members[Role.OWNER].user
    Membership.objects.create(district=other_district, user=owner, role=Role.OWNER)
    save_own(district=district, user=owner, groups=ALL_OFF, address=None)
    settle(tell(other_district))
    assert mail_server.to() == ["owner@maple.example"]


def test_the_district_sets_the_default_and_whoever_chose_is_not_touched(district, members, mail_server):
    save_own(district=district, user=members[Role.APPROVER].user, groups={"safety_threshold": True}, address=None)
    NoticeSettings.objects.create(district=district, groups={"safety_threshold": False})
    settle(tell(district))
    assert mail_server.to() == ["approver@maple.example"]
    follow_district(district=district, user=members[Role.APPROVER].user, address=None)
    assert settle(tell(district)) == []


@pytest.mark.parametrize("change", ["leaves", "opts out", "other role", "inactive"])
def test_whoever_left_or_opted_out_before_it_was_sent_gets_nothing(district, members, mail_server, change):
    event = tell(district)
    fan_out(event.pk)
    membership = members[Role.APPROVER]
    if change == "leaves":
        membership.delete()
    elif change == "opts out":
        save_own(district=district, user=membership.user, groups=ALL_OFF, address=None)
    elif change == "other role":
        Membership.objects.of(district).filter(pk=membership.pk).update(role=Role.VIEWER)
    else:
        membership.user.is_active = False
        membership.user.save()
    settle(event)
    assert mail_server.to() == ["owner@maple.example"]
    dropped = event.notices.get(to="approver@maple.example")
    assert dropped.state == Notice.State.DROPPED
    assert dropped.last_error
    assert due_notices(timezone.now() + timedelta(days=9)) == []


def test_a_refused_mail_is_tried_again_after_a_minute_and_sent_once(district, members, mail_server):
    mail_server.refusals = ["451 Try again later"]
    now = later(seconds=1)
    event = tell(district)
    first, second = settle(event, now=now)
    assert (first.state, first.tries, first.last_error) == ("waiting", 1, "The mail server did not take it (code 451).")
    assert first.next_at == now + timedelta(minutes=1)
    assert second.state == "sent"
    settle(event, now=now + timedelta(seconds=59))
    assert len(mail_server.mails) == 1
    first, second = settle(event, now=now + timedelta(seconds=61))
    assert (first.state, first.tries, first.last_error) == ("sent", 2, "")
    assert mail_server.to() == ["approver@maple.example", "owner@maple.example"]
    assert list(Attempt.objects.filter(notice=first).order_by("pk").values_list("is_ok", flat=True)) == [False, True]


def test_after_the_last_pause_it_is_given_up_and_shown_so(district, members, mail_server, settings):
    settings.EMAIL_PORT = 1  # nobody listens there
    now = later(seconds=1)
    event = tell(district)
    pauses = []
    for _ in range(len(PAUSES)):
        notice = settle(event, now=now)[0]
        pauses.append(notice.next_at - now)
        now = notice.next_at
    assert pauses == list(PAUSES)
    notice = settle(event, now=now)[0]
    assert (notice.state, notice.tries) == ("given_up", 8)
    assert notice.last_error == "The mail server could not be reached (ConnectionRefusedError)."
    assert settle(event, now=now + timedelta(days=9))[0].tries == 8


def test_the_same_notice_bears_the_same_message_id_in_every_try(district, members, mail_server):
    event = tell(district)
    first, _ = settle(event)
    Notice.unscoped.filter(pk=first.pk).update(state="waiting")  # as if its worker had died between sending and writing
    settle(event)
    ids = [str(mail["Message-ID"]) for mail in mail_server.mails if mail["To"] == first.to]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert re.fullmatch(rf"<{event.uid}\.{first.pk}@portal\.example\.org>", ids[0])


def test_a_mail_cannot_be_bent_by_the_name_of_a_district(district, members, mail_server):
    district.name = "Maple\r\nBcc: thief@elsewhere.example\r\n\r\n<b>Valley</b>"
    district.save()
    settle(tell(district))
    assert mail_server.to() == ["approver@maple.example", "owner@maple.example"]
    assert mail_server.mails[0]["Bcc"] is None
    assert "<b>Valley" not in texts(mail_server.mails[0])[1]


def test_a_member_of_several_districts_gets_links_that_say_which(district, other_district, members, mail_server, client):
    owner = members[Role.OWNER].user
    Membership.objects.create(district=other_district, user=owner, role=Role.OWNER)
    settle(tell(district))
    mail = next(mail for mail in mail_server.mails if mail["To"] == owner.email)
    assert "/history/12/review/?district=maple" in texts(mail)[0]
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/administration/").wsgi_request.district == other_district
    assert client.get("/administration/?district=maple").wsgi_request.district == district
    assert client.get("/administration/").wsgi_request.district == district


def test_a_link_chooses_no_district_one_is_no_member_of(district, other_district, members, client):
    client.force_login(members[Role.OWNER].user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/administration/?district=cedar").wsgi_request.district == district

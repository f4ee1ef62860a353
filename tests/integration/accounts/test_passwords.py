"""Forgotten passwords: the mail, its link, and how the link dies."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from tests.integration.accounts.people import PASSWORD, actions_of, make_member

NEW = "an even longer word"


@pytest.fixture
def member(district) -> Membership:
    return make_member(district, Role.OWNER, "dana@maple.example")


def ask(email: str) -> None:
    assert Client().post("/password/forgotten/", {"email": email}, headers={"host": "localhost"}).url == "/password/sent/"


def link_of_last_mail() -> str:
    match = re.search(r"http://localhost:8000(/password/set/\S+)", mail.outbox[-1].body)
    assert match, mail.outbox[-1].body
    return match.group(1)


def follow(client: Client, link: str):
    """Open the link; return the page that it leads to."""
    return client.get(link, follow=True)


def set_password(client: Client, link: str, password: str):
    page = follow(client, link)
    return client.post(page.request["PATH_INFO"], {"new_password1": password, "new_password2": password})


def test_the_mail_has_text_and_html_with_the_same_link_to_the_portals_own_address(member):
    ask(" DANA@maple.example")
    message = mail.outbox[0]
    assert message.to == ["dana@maple.example"]
    html = message.alternatives[0][0]
    assert f"http://localhost:8000{link_of_last_mail()}" in html
    assert "24 hours" in message.body
    assert "24 hours" in html


def test_the_page_says_the_same_for_an_unknown_email_and_sends_nothing(db):
    ask("nobody@maple.example")
    assert mail.outbox == []


def test_the_link_sets_a_password_once(member):
    ask(member.user.email)
    link = link_of_last_mail()
    assert set_password(Client(), link, NEW).url == "/sign-in/"
    assert Client().post("/sign-in/", {"username": member.user.email, "password": NEW}).status_code == 302
    assert actions_of(member.district) == ["password.set"]
    assert "This link no longer works" in follow(Client(), link).content.decode()


@pytest.mark.parametrize(("age", "works"), [(timedelta(hours=23, minutes=59), True), (timedelta(hours=24, minutes=1), False)], ids=str)
def test_the_link_dies_after_24_hours(member, monkeypatch, age, works):
    ask(member.user.email)
    link = link_of_last_mail()
    later = (timezone.now() + age).replace(tzinfo=None)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: later)
    assert ("Choose a password" in follow(Client(), link).content.decode()) is works


def test_a_sign_in_after_the_mail_kills_its_link(member):
    ask(member.user.email)
    Client().post("/sign-in/", {"username": member.user.email, "password": PASSWORD})
    assert "This link no longer works" in follow(Client(), link_of_last_mail()).content.decode()


@pytest.mark.parametrize("bad", ["short", "1234567890123", "password123", "dana@maple.example"])
def test_a_weak_password_is_refused_with_a_reason(member, bad):
    ask(member.user.email)
    response = set_password(Client(), link_of_last_mail(), bad)
    assert response.status_code == 200
    assert "field-error" in response.content.decode()


def test_an_invited_person_whose_first_link_died_gets_a_new_one(district):
    person = User.objects.create_user("new@maple.example", None)
    Membership.objects.create(district=district, user=person, role=Role.VIEWER)
    ask("new@maple.example")
    assert set_password(Client(), link_of_last_mail(), NEW).url == "/sign-in/"


def test_changing_the_password_ends_the_other_sessions(member):
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.post("/sign-in/", {"username": member.user.email, "password": PASSWORD})
    response = here.post("/password/change/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert response.url == "/"
    assert here.get("/gallery/").status_code == 200
    assert elsewhere.get("/gallery/").status_code == 302
    assert actions_of(member.district) == ["password.changed"]

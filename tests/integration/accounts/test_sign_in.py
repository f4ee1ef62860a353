"""Signing in, signing out, and the pause after too many failures."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, District, Membership, Role, User
from tests.integration.accounts.people import PASSWORD, make_district, make_member, signed_in

SIGN_IN = "/sign-in/"


def try_to_sign_in(client: Client, email: str, password: str, **headers: str):
    return client.post(SIGN_IN, {"username": email, "password": password}, **headers)


@pytest.fixture
def member(district: District) -> Membership:
    return make_member(district, Role.OWNER, "dana@maple.example")


@pytest.mark.parametrize("typed", ["dana@maple.example", "  Dana@Maple.Example "])
def test_email_and_password_lead_to_home_however_the_email_is_written(member, typed):
    response = try_to_sign_in(Client(), typed, PASSWORD)
    assert (response.status_code, response.url) == (302, "/")


def test_signing_in_leads_to_the_page_that_was_asked_for_but_never_to_another_site(member):
    client = Client()
    assert client.get("/gallery/").url == "/sign-in/?next=/gallery/"
    login = {"username": member.user.email, "password": PASSWORD}
    assert client.post(SIGN_IN, {**login, "next": "/gallery/"}).url == "/gallery/"
    assert Client().post(SIGN_IN, {**login, "next": "https://evil.example/"}).url == "/"


@pytest.mark.parametrize(
    ("email", "password"), [("dana@maple.example", "wrong"), ("nobody@maple.example", PASSWORD)], ids=["wrong password", "unknown email"]
)
def test_an_unknown_email_and_a_wrong_password_get_the_same_answer(member, email, password):
    page = try_to_sign_in(Client(), email, password).content.decode()
    assert "This email and password do not match an account." in page
    assert "/sign-out/" not in page


def test_an_account_that_was_switched_off_cannot_sign_in(member):
    User.objects.update(is_active=False)
    assert try_to_sign_in(Client(), member.user.email, PASSWORD).status_code == 200


def test_the_fifth_failure_pauses_sign_in_even_with_the_right_password_and_says_until_when(member):
    client = Client()
    answers = [try_to_sign_in(client, member.user.email, "wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    response = try_to_sign_in(client, member.user.email.upper(), PASSWORD)
    assert response.status_code == 429
    assert "You may try again 15 minutes after the last attempt." in " ".join(response.content.decode().split())
    assert response["Retry-After"] == "900"


def test_the_pause_ends_and_leaves_others_alone(member, district):
    other = make_member(district, Role.VIEWER)
    client = Client()
    for _ in range(5):
        try_to_sign_in(client, member.user.email, "wrong")
    assert try_to_sign_in(Client(), other.user.email, PASSWORD).status_code == 302
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1))
    assert try_to_sign_in(client, member.user.email, PASSWORD).status_code == 302


def test_sign_in_and_the_first_lock_out_stand_in_the_audit_trail_of_every_district_of_the_person(member, other_district):
    make_member(other_district, Role.VIEWER, member.user.email)
    try_to_sign_in(Client(), member.user.email, PASSWORD, REMOTE_ADDR="203.0.113.7")
    for _ in range(8):
        try_to_sign_in(Client(), member.user.email, "wrong", REMOTE_ADDR="203.0.113.9")
    for district in (member.district, other_district):
        events = AuditEvent.objects.of(district).order_by("pk").values_list("action", "actor_label", "address")
        assert list(events) == [
            ("person.signed_in", "dana@maple.example", "203.0.113.7"),
            ("person.locked_out", "dana@maple.example", "203.0.113.9"),
        ]


def test_a_lock_out_of_an_unknown_email_is_nobodys_audit_event(district):
    for _ in range(6):
        try_to_sign_in(Client(), "nobody@maple.example", "wrong")
    assert not AuditEvent.objects.of(district).exists()


def test_signing_out_takes_a_post_and_ends_the_session(member):
    client = signed_in(member)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").url == SIGN_IN
    assert client.get("/").status_code == 302


def test_who_is_signed_in_already_is_led_past_the_sign_in_page(member):
    assert signed_in(member).get(SIGN_IN).url == "/"


def test_a_person_without_a_district_is_told_so_and_can_still_sign_out(db):
    make_district()
    person = User.objects.create_user("new@maple.example", PASSWORD)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    for path in ("/", "/gallery/", "/administration/people/", reverse("audit_csv")):
        response = client.get(path)
        assert response.status_code == 403
        assert "You are in no district yet" in response.content.decode()
    assert client.post("/sign-out/").url == SIGN_IN

"""User name, password and addresses of the portal's own server: saved at once, audited, and never shown again."""

import logging
import re
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.urls import reverse

from accounts.models import Role
from imports.landing_rules import RuleBroken, checked_networks, checked_password, new_password
from imports.models import ConfigVersion, LandingZone
from imports.services.landing_zone import ensure_zone
from tests.integration.sftp_config.kit import DELIVERY, GOOD, PUBLIC, Desk

pytestmark = pytest.mark.django_db


def test_the_page_shows_host_port_and_fingerprints_and_that_nobody_can_sign_in_yet(desk: Desk, settings: Any) -> None:
    settings.PORTAL_SFTP_ADDRESS, settings.PORTAL_SFTP_PORT = "sftp.portal.example", 2022
    page = desk.page()
    for words in (
        "sftp.portal.example",
        'data-copies="2022"',
        "Ed25519",
        "SHA256:",
        "Compare with what your client shows",
        "Nobody can sign in yet",
    ):
        assert words in page, words
    assert "Data Schema" in page and "Advanced Settings" in page


def test_csv_upload_has_no_server(desk: Desk) -> None:
    page = desk.client().get("/apps/csv_upload/configure/delivery/").content.decode()
    assert "Test Connection" not in page and "sftp.js" not in page


def test_a_password_is_stored_as_a_hash_and_appears_nowhere(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    response = desk.sign_in(username="north-sis", password=GOOD, addresses="203.0.113.7\n10.1.2.3/24")
    assert response.status_code == 302
    zone = desk.zone
    assert (zone.username, zone.sign_in, zone.allowed_addresses) == ("north-sis", "password", ["203.0.113.7/32", "10.1.2.0/24"])
    assert check_password(GOOD, zone.password) and zone.password_set_at
    assert GOOD not in desk.page() + desk.audit_text() + caplog.text
    assert desk.audit() == [
        ("landing.sign_in_changed", {"username": "north-sis", "allowed_addresses": ["203.0.113.7/32", "10.1.2.0/24"]}),
        ("landing.password_set", {"password": "typed"}),
    ]


def test_a_network_with_host_bits_is_taken_with_a_word(desk: Desk) -> None:
    client = desk.client()
    client.post(reverse("imports:sftp_sign_in"), {"username": "north", "sign_in": "password", "addresses": "10.1.2.3/24"})
    assert "10.1.2.3/24 is taken as the network 10.1.2.0/24." in desk.page(client=client)


def test_a_generated_password_is_shown_exactly_once(desk: Desk) -> None:
    client = desk.client()
    client.post(reverse("imports:sftp_sign_in"), {"username": "north", "sign_in": "password", "do": "generate", "addresses": ""})
    session = "".join(map(str, client.session.items()))
    page = desk.page(client=client)
    found = re.search(r'id="new-password">([^<]+)<', page)
    assert found and check_password(found[1], desk.zone.password)
    assert len(found[1]) >= 20 and found[1] not in session
    assert found[1] not in desk.page(client=client) + desk.page() + desk.audit_text()
    assert ("landing.password_set", {"password": "generated"}) in desk.audit()


def test_the_count_of_a_step_does_not_use_up_the_one_showing(desk: Desk) -> None:
    client = desk.client()
    client.post(reverse("imports:sftp_sign_in"), {"username": "north", "sign_in": "password", "do": "generate", "addresses": ""})
    client.get("/apps/sftp/configure/delivery/counts/")
    client.head(DELIVERY)
    assert 'id="new-password"' in desk.page(client=client)


def test_generated_passwords_are_long_readable_and_never_alike() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert re.fullmatch(r"([a-hj-km-np-z2-9]{5}-){4}[a-hj-km-np-z2-9]{5}", password)
        checked_password(password, "north")


@pytest.mark.parametrize(
    ("password", "words"),
    [("short-one", "9 characters"), ("123456789012345", "digits alone"), ("northern-sis", "user name"), ("1q2w3e4r5t6y", "most common"),
     (" padded-password-1", "space"), ("grüße-aus-dem-norden", "plain keyboard"), ("tab\tin-the-password", "plain keyboard"), ("x" * 300, "more than 256")],
)  # fmt: skip
def test_a_weak_password_is_refused_at_its_field_and_not_put_back(desk: Desk, password: str, words: str) -> None:
    response = desk.sign_in(username="northern-si", password=password)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page and 'id="password-error"' in page
    assert f'value="{password}"' not in page
    assert desk.zone.username == "north" and not desk.zone.password and desk.audit() == []
    assert 'value="northern-si"' in page  # what was typed elsewhere stays


@pytest.mark.parametrize("name", ["ab", "-north", "north valley", "nörth", "a" * 65, "../etc", "north\n", ""])
def test_a_bad_user_name_is_refused(desk: Desk, name: str) -> None:
    if name == "north\n":
        assert desk.sign_in(username=name).status_code == 302  # a line end at the end is no part of it
    else:
        assert desk.sign_in(username=name).status_code == 422
    assert desk.zone.username == "north"


@pytest.mark.parametrize("name", ["south", "SOUTH"])
def test_a_name_that_is_taken_is_refused_without_a_word_about_whose_it_is(desk: Desk, name: str) -> None:
    other = Desk("south")
    page = desk.sign_in(username=name).content.decode()
    assert "This user name is not free. Choose another." in page
    assert other.world.district.name not in page
    assert desk.zone.username == "north"


def test_a_short_name_that_it_had_from_the_start_may_stay(desk: Desk) -> None:
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(username="nv")
    assert desk.sign_in(password=GOOD).status_code == 302


@pytest.mark.parametrize("text", ["10.0.0.256", "example.org", "10.0.0.0/40", "fe80::1%eth0/64", "10.0.0.0/8/8"])
def test_what_is_no_network_is_refused_by_name(text: str) -> None:
    with pytest.raises(RuleBroken, match=re.escape(text)):
        checked_networks(f"192.0.2.1\n{text}")


def test_networks_are_each_kept_once_and_mapped_ones_as_what_they_are() -> None:
    assert checked_networks("2001:DB8::1, 192.0.2.1;192.0.2.1/32 ::ffff:192.0.2.1")[0] == ["2001:db8::1/128", "192.0.2.1/32"]
    with pytest.raises(RuleBroken, match="at most 100"):
        checked_networks("\n".join(f"10.0.{n}.0/24" for n in range(101)))


def test_the_address_one_comes_from_is_hinted_unless_it_is_this_machine(desk: Desk) -> None:
    assert "You are at" not in desk.page()
    assert "198.51.100.4" in desk.client().get(DELIVERY, REMOTE_ADDR="198.51.100.4").content.decode()


def test_key_based_leaves_the_password_but_takes_no_new_one(desk: Desk) -> None:
    desk.sign_in(password=GOOD)
    desk.add_key()
    before = desk.zone.password
    desk.sign_in(sign_in="key", password="another-good-one-5")
    assert (desk.zone.sign_in, desk.zone.password) == ("key", before)


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keys_are_added_listed_named_and_removed(desk: Desk) -> None:
    assert desk.add_key(f"{PUBLIC} laptop").status_code == 302
    assert desk.post("sftp_keys", {"pasted": f"{PUBLIC} again"}).status_code == 422  # it is there already
    (key,) = desk.keys
    page = desk.page()
    for words in ("laptop", key.fingerprint, "Ed25519, 256 bits", "never"):
        assert words in page, words
    assert desk.post("sftp_key_remove", None, key.pk).status_code == 302
    assert desk.keys == []
    assert [action for action, _ in desk.audit()] == ["landing.key_added", "landing.key_removed"]
    assert desk.audit()[0][1]["fingerprint"] == key.fingerprint


def test_a_private_key_chosen_by_mistake_leaves_no_trace(desk: Desk, caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    from tests.integration.sftp_config.kit import PRIVATE

    caplog.set_level(logging.DEBUG)
    settings.FILE_UPLOAD_TEMP_DIR = "/no/such/folder"  # a file put there would fail
    for response in (desk.add_key(PRIVATE), desk.post("sftp_keys", {"pasted": PRIVATE})):
        page = response.content.decode()
        assert response.status_code == 422
        assert "the file that ends in .pub" in page
        assert not any(line in page + caplog.text + desk.audit_text() for line in PRIVATE.splitlines()[1:-1])
    assert desk.keys == []


def test_no_more_than_twenty_keys(desk: Desk) -> None:
    from tests.integration.sftp_config.kit import pair

    lines = [pair()[1] for _ in range(21)]
    assert "can have 20 keys" in desk.add_key("\n".join(lines)).content.decode()
    assert desk.keys == []
    assert desk.add_key("\n".join(lines[:20])).status_code == 302


def test_a_form_too_large_or_empty_takes_no_file(desk: Desk) -> None:
    for response in (desk.add_key(b"x" * 200_000), desk.post("sftp_keys", {})):
        assert response.status_code == 422
        assert "at most 64 KB" in response.content.decode()


# --- who may ----------------------------------------------------------------------------------------------------------

ACTS = ("sftp_sign_in", "sftp_keys", "sftp_server", "sftp_test", "sftp_trust")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_only_owners_and_editors_change_or_test_anything(desk: Desk, role: Role) -> None:
    for name in ACTS:
        assert desk.post(name, {"username": "x" * 5, "sign_in": "password", "password": GOOD}, role=role).status_code == 403
    assert desk.post("sftp_key_remove", None, 1, role=role).status_code == 403
    assert desk.client(role).get(DELIVERY).status_code == 403
    assert desk.audit() == []


def test_another_district_reaches_nothing(desk: Desk) -> None:
    desk.add_key()
    stranger = Desk("south")
    assert stranger.post("sftp_key_remove", None, desk.keys[0].pk).status_code == 404
    assert len(desk.keys) == 1
    stranger.sign_in(username="south-2", password=GOOD)
    assert (desk.zone.username, desk.zone.password) == ("north", "")
    for secret in (desk.keys[0].fingerprint, desk.zone.username + '"'):
        assert secret not in stranger.page()


def test_without_the_app_there_is_nothing(desk: Desk) -> None:
    from tests.integration.imports_ui.world import World

    client = World("east").client()
    for name in ACTS:
        assert client.post(reverse(f"imports:{name}")).status_code == 404


def test_forged_requests_are_refused(desk: Desk) -> None:
    client = desk.client(enforce_csrf_checks=True)
    for name in ACTS:
        assert client.post(reverse(f"imports:{name}"), {"pasted": PUBLIC}).status_code == 403
        assert client.get(reverse(f"imports:{name}")).status_code in {403, 405}
    assert desk.keys == []
    client.get(DELIVERY)
    token = client.cookies["csrftoken"].value
    assert client.post(reverse("imports:sftp_keys"), {"pasted": PUBLIC, "csrfmiddlewaretoken": token}).status_code == 302


def test_nothing_of_it_is_part_of_the_versioned_configuration(desk: Desk) -> None:
    desk.sign_in(username="north-2", password=GOOD)
    assert ConfigVersion.objects.of(desk.world.district).filter(app=desk.app).count() == 1
    ensure_zone(desk.app)
    assert desk.zone.username == "north-2"

"""Connection details: what a client needs, for every member, and no secret."""

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string

from imports.models import LandingZone
from tests.integration.sftp_config.kit import GOOD, PUBLIC, Desk

pytestmark = [pytest.mark.django_db, pytest.mark.no_database]  # one page


def details(desk: Desk) -> str:
    zone = desk.zone
    connection = SimpleNamespace(zone=zone, keys=len(desk.keys), host="sftp.example", port=2222, is_custom=zone.server == "custom")
    return render_to_string("imports/_connection_details.html", {"connection": connection, "district": desk.world.district})


def test_of_the_portals_server(desk: Desk) -> None:
    assert "not set yet" in details(desk)
    desk.sign_in(username="sis-export", password=GOOD, addresses="203.0.113.0/24")
    text = details(desk)
    for words in ("sftp.example", "2222", "sis-export", "Password-based", "it cannot be shown", "SHA256:", "203.0.113.0/24"):
        assert words in text, words
    assert desk.zone.password not in text
    desk.add_key(PUBLIC)
    desk.sign_in(sign_in="key")
    assert "1 public key" in details(desk) and "cannot be shown" not in details(desk)


def test_of_the_districts_own(desk: Desk) -> None:
    desk.save_remote(2022, host="sftp.district.example", password="remote-secret-1", path="/out")
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(host_key=PUBLIC)
    text = details(desk)
    for words in ("sftp.district.example", "2022", "sis", "/out", "SHA256:", "stored encrypted"):
        assert words in text, words
    assert "remote-secret-1" not in text

"""Test Connection: each step really done, the one that fails named with how to mend it."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from imports.landing.host_keys import host_key_lines
from imports.models import LandingZone
from imports.secrets import SecretLost
from imports.services import test_connection as service
from imports.zone import Zone
from notices.steps.addresses import is_other_machine
from tests.integration.sftp_config.kit import GOOD, PRIVATE, PUBLIC, Desk, pair
from tests.integration.sftp_config.remote import PASSWORD, Remote

pytestmark = [pytest.mark.django_db, pytest.mark.no_database]  # it is about another server, not about the database


def trusted(desk: Desk, remote: Remote, **values: Any) -> None:
    """The custom server, saved and trusted."""
    assert desk.save_remote(remote.port, **{"password": PASSWORD, **values}).status_code == 302
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(host_key=remote.line)


# --- the portal's own server, as it really is ---------------------------------------------------------------------------


@pytest.fixture
def own(transactional_db: None, desk: Desk, process_env: dict[str, str], landing: Path, settings: Any) -> Iterator[Desk]:
    """The portal's SFTP server as a process of its own."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    settings.PORTAL_SFTP_CONNECT = f"127.0.0.1:{port}"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]  # the process knows no other
    env = {**process_env, "PORTAL_LANDING_DIR": str(landing), "PORTAL_SFTP_PORT": str(port), "PORTAL_SFTP_LISTEN": "127.0.0.1"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_sftp"],
        env=env,
        cwd=django_settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield desk
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("The SFTP server did not start.")


@pytest.mark.django_db(transaction=True)
def test_the_portals_own_server_is_signed_in_to_written_and_read(own: Desk, landing: Path) -> None:
    page = own.test()[1]
    assert "Connection is OK." in page
    assert [path.name for path in Zone(own.zone.pk).root.iterdir() if path.is_file()] == []
    assert (own.zone.test_key, own.zone.test_key_until) == ("", None)
    own.sign_in(password=GOOD)
    client, page = own.test(password=GOOD)
    assert "Sign in with the password to try" in page and page.count("Done:") == 8
    assert GOOD not in page + "".join(map(str, client.session.items())) + own.audit_text()
    page = own.test(password="not-the-password")[1]
    assert "is not the one that is saved" in page and "Connection is OK." not in page
    own.sign_in(username="another-name", sign_in="key", addresses="203.0.113.0/24")
    assert "Connection is OK." in own.test()[1]  # the portal itself is no client: its test passes whatever is allowed
    assert [detail["result"][:2] for action, detail in own.audit() if action == "landing.tested"] == ["OK", "OK", "Th", "OK"]


def test_a_server_that_does_not_run_is_said_to_be_not_running(desk: Desk, settings: Any) -> None:
    settings.PORTAL_SFTP_CONNECT = "127.0.0.1:1"
    page = desk.test()[1]
    assert "Nothing listens at 127.0.0.1, port 1." in page and "SFTP process is not running" in page
    assert page.count("Failed:") == 1 and "Done:" not in page
    assert desk.zone.test_key == ""


def test_a_server_with_other_host_keys_is_not_signed_in_to(desk: Desk, remote: Remote, settings: Any) -> None:
    settings.PORTAL_SFTP_CONNECT = f"127.0.0.1:{remote.port}"
    page = desk.test()[1]
    assert "another host key than the portal has on disk" in page
    assert "Trust" not in page
    assert remote.sign_ins == []


def test_one_test_at_a_time_and_not_too_many(desk: Desk, settings: Any) -> None:
    settings.PORTAL_SFTP_CONNECT = "127.0.0.1:1"
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(test_key_until=timezone.now() + timedelta(minutes=1))
    assert "A test of this connection is under way" in desk.test()[1]
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(test_key_until=timezone.now() - timedelta(seconds=1))
    client = desk.client()
    for _ in range(10):
        client.post(reverse("imports:sftp_test"))
    assert "Wait a minute" in desk.test()[1]
    assert len([1 for action, _ in desk.audit() if action == "landing.tested"]) == 10


def test_the_test_key_is_taken_back_when_the_test_breaks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        assert desk.zone.test_key.startswith("ssh-ed25519 ")
        raise RuntimeError("broken")

    monkeypatch.setattr(service, "_run", broken)
    with pytest.raises(RuntimeError):
        service.try_connection(zone=desk.zone, host_keys=[line for *_, line in host_key_lines()], by=desk.world.owner, address=None)
    assert (desk.zone.test_key, desk.zone.test_key_until) == ("", None)


# --- the district's own -------------------------------------------------------------------------------------------------


def test_an_unknown_server_is_shown_by_its_fingerprint_and_trusted(desk: Desk, remote: Remote) -> None:
    desk.save_remote(remote.port, password=PASSWORD)
    client, page = desk.test()
    assert remote.fingerprint in page and "Is this your server?" in page
    assert remote.sign_ins == []  # the password is not given to a stranger
    for forged in ("SHA256:other", ""):
        client.post(reverse("imports:sftp_trust"), {"fingerprint": forged})
        assert desk.zone.host_key == ""
    client.post(reverse("imports:sftp_trust"), {"fingerprint": remote.fingerprint})
    assert desk.zone.host_key == remote.line
    assert "Connection is OK." in desk.page(client=client)
    assert list(remote.files.iterdir()) == []  # the test file is removed again
    trust = next(detail for action, detail in desk.audit() if action == "landing.host_trusted")
    assert (trust["fingerprint"], trust["before"]) == (remote.fingerprint, "")


def test_a_changed_key_is_refused_with_both_fingerprints_until_it_is_trusted(desk: Desk, remote: Remote) -> None:
    trusted(desk, remote)
    before = remote.fingerprint
    remote.restart_with_another_key()
    client, page = desk.test()
    assert before in page and remote.fingerprint in page and "Trust the new key" in page
    assert remote.sign_ins == []
    client.post(reverse("imports:sftp_trust"), {"fingerprint": remote.fingerprint})
    assert "Connection is OK." in desk.page(client=client)


def test_a_key_is_not_trusted_for_a_server_that_was_changed_meanwhile(desk: Desk, remote: Remote) -> None:
    desk.save_remote(remote.port, password=PASSWORD)
    client, _ = desk.test()
    desk.save_remote(remote.port, host="127.0.0.2", password=PASSWORD)
    client.post(reverse("imports:sftp_trust"), {"fingerprint": remote.fingerprint})
    assert desk.zone.host_key == ""


def test_a_read_only_server_is_fine_for_pulling(desk: Desk, remote: Remote) -> None:
    remote.read_only = True
    trusted(desk, remote)
    page = desk.test()[1]
    assert "Connection is OK." in page and "Reading works; writing was refused, which is fine for pulling." in page


def test_key_based_signs_in_with_the_private_key(desk: Desk, remote: Remote) -> None:
    trusted(desk, remote, sign_in="key", private_key=PRIVATE, password="")
    assert "Connection is OK." in desk.test()[1]
    assert PUBLIC
    trusted(desk, remote, sign_in="key", private_key=pair()[0], password="")
    page = desk.test()[1]
    assert "The server refused the sign-in." in page and "Check the user name" in page


@pytest.mark.parametrize(
    ("values", "words", "failed"),
    [({"password": "wrong-password"}, "refused the sign-in", "Sign in"), ({"path": "/no/such"}, "cannot be read", "Read the folder"),
     ({"port": 1}, "Nothing listens", "Reach the server"), ({"host": "no-such-host.invalid"}, "is not known", "Reach the server")],
)  # fmt: skip
def test_the_step_that_fails_is_named(desk: Desk, remote: Remote, values: dict[str, Any], words: str, failed: str) -> None:
    port = values.pop("port", remote.port)
    desk.save_remote(port, **{"password": PASSWORD, **values})
    LandingZone.unscoped.filter(pk=desk.zone.pk).update(host_key=remote.line)
    page = desk.test()[1]
    assert words in page
    assert 'aria-label="Failed:"' in page and page.split('aria-label="Failed:"')[1].split("<span>")[1].startswith(failed)


def test_a_server_that_hangs_is_given_up_after_the_time(desk: Desk, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SECONDS", 0.5)
    remote.hangs = True
    trusted(desk, remote)
    began = time.monotonic()
    page = desk.test()[1]
    assert "There was no answer within" in page
    assert time.monotonic() - began < 5


def test_what_is_no_ssh_server_is_said_to_be_none(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:
        import threading

        def answer() -> None:
            talk, _ = web.accept()
            talk.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)
            talk.close()

        threading.Thread(target=answer, daemon=True).start()
        desk.save_remote(web.getsockname()[1], password=PASSWORD)
        page = desk.test()[1]
    assert "does not speak SSH" in page


def test_the_portals_own_machine_and_link_local_addresses_are_refused(desk: Desk, remote: Remote, settings: Any) -> None:
    settings.PORTAL_SFTP_PRIVATE = False
    for host in ("127.0.0.1", "169.254.169.254", "::1", "localhost"):
        desk.save_remote(remote.port, host=host, password=PASSWORD)
        assert "portal&#x27;s own machine or to a reserved address" in desk.test()[1], host
    assert remote.sign_ins == []


@pytest.mark.no_database
@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "172.16.0.1", "fd12::1", "8.8.8.8", "2600::1"])
def test_private_networks_are_other_machines(address: str) -> None:
    assert is_other_machine(address)


@pytest.mark.no_database
@pytest.mark.parametrize(
    "address", ["127.8.8.8", "0.1.2.3", "169.254.1.1", "224.0.0.1", "255.255.255.255", "100.100.100.200", "::", "::1", "fe80::1%eth0", "ff02::1",
                "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "hello"],
)  # fmt: skip
def test_this_machine_and_what_clouds_tell_it_are_not(address: str) -> None:
    assert not is_other_machine(address)


# --- the secrets of the district's own server -----------------------------------------------------------------------------


def test_the_secret_is_stored_encrypted_and_shown_nowhere(desk: Desk, remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    trusted(desk, remote)
    client, page = desk.test()
    everything = page + desk.page("?server=custom") + desk.audit_text() + caplog.text + "".join(map(str, client.session.items()))
    assert PASSWORD not in everything and PASSWORD not in desk.zone.remote_secret
    desk.save_remote(remote.port, sign_in="key", private_key=PRIVATE)
    body = PRIVATE.splitlines()[1]
    assert body not in desk.page("?server=custom") + desk.audit_text() + caplog.text and body not in desk.zone.remote_secret


def test_another_secret_key_of_the_portal_is_said_clearly(desk: Desk, remote: Remote, settings: Any) -> None:
    trusted(desk, remote)
    settings.SECRET_KEY = "another" * 10
    zone = desk.zone
    from imports.remote_server import secret_of
    from imports.services.pull import pull_new

    with pytest.raises(SecretLost, match="SECRET_KEY was changed"):
        secret_of(zone)
    assert "SECRET_KEY was changed" in pull_new(zone).problem
    tried = service.try_connection(zone=zone, host_keys=[], by=desk.world.owner, address=None)
    assert "SECRET_KEY was changed" in tried.problem
    desk.save_remote(remote.port, password=PASSWORD)
    assert secret_of(desk.zone) == PASSWORD


@pytest.mark.parametrize("change", [{"host": "127.0.0.2"}, {"username": "other"}, {"port": 1}, {"sign_in": "key"}])
def test_a_saved_secret_never_goes_to_another_door(desk: Desk, remote: Remote, change: dict[str, Any]) -> None:
    trusted(desk, remote)
    values = {"host": "127.0.0.1", "username": "sis", **change}
    response = desk.save_remote(values.pop("port", remote.port), **values)
    assert response.status_code == 422
    assert "Enter it again" in response.content.decode()
    assert desk.zone.host == "127.0.0.1" and desk.zone.port == remote.port
    assert desk.save_remote(remote.port, path="/files").status_code == 302  # another folder of the same server


def test_another_server_must_be_trusted_anew(desk: Desk, remote: Remote) -> None:
    trusted(desk, remote)
    desk.save_remote(remote.port + 1, password=PASSWORD)
    assert desk.zone.host_key == ""


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [({"host": "sftp://x.org"}, "host", "host alone"), ({"host": ""}, "host", "no host"), ({"host": "a b"}, "host", "no host"), ({"host": "1.2.3"}, "host", "no host"),
     ({"port": "0"}, "port", "1 to 65535"), ({"port": "x"}, "port", "1 to 65535"), ({"username": ""}, "username", "Enter the user name"),
     ({"path": "a\x00b"}, "path", ""), ({"password": ""}, "password", "Enter the password"), ({"sign_in": "key"}, "private_key", "Choose the private key"),
     ({"sign_in": "key", "private_key": PUBLIC}, "private_key", "no private key"), ({"sign_in": "key", "private_key": PRIVATE[:120]}, "private_key", "damaged"),
     ({"sign_in": "key", "private_key": "PuTTY-User-Key-File-3: x"}, "private_key", "Export OpenSSH key")],
)  # fmt: skip
def test_what_is_wrong_with_a_server_is_said_at_its_field(desk: Desk, values: dict[str, Any], field: str, words: str) -> None:
    response = desk.post(
        "sftp_server", {"host": "x.org", "port": "22", "username": "sis", "sign_in": "password", "password": PASSWORD, "path": "", **values}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert f'id="{field}-error"' in page and words in page
    assert desk.zone.server == "portal" and PASSWORD not in page


def test_a_key_with_a_passphrase_is_refused_with_how_to_make_one_without(desk: Desk, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret-1", "-f", tmp_path / "id"], check=True)
    page = desk.save_remote(22, sign_in="key", private_key=(tmp_path / "id").read_text()).content.decode()
    assert "has a passphrase" in page and "ssh-keygen -p" in page


def test_saving_either_server_makes_it_the_one_in_force(desk: Desk) -> None:
    desk.save_remote(22, password=PASSWORD)
    assert desk.zone.server == "custom"
    assert "Files are fetched from 127.0.0.1 at present" in desk.page("?server=portal")
    desk.sign_in()
    assert desk.zone.server == "portal"
    assert desk.zone.remote_secret  # kept for a way back
    assert "Files are uploaded to this portal" in desk.page("?server=custom")

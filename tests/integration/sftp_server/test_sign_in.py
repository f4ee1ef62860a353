"""Who may sign in, from where, how often they may fail, and what ends a session."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from imports.landing.host_keys import host_key_lines
from imports.models import LandingKey, LandingZone
from tests.integration.sftp_server.world import PASSWORD, ROOT, Server, User, free_port, hashed, make_key, make_user, public
from tests.integration.worker.processes import wait_for

pytestmark = pytest.mark.slow

BY_PASSWORD, BY_KEY = LandingZone.SignIn.PASSWORD, LandingZone.SignIn.KEY


@pytest.fixture(autouse=True)
def as_before(user: User) -> Iterator[None]:
    """The zone is as it was, for the next test."""
    yield
    user.change(sign_in=BY_KEY, allowed_addresses=[], server=LandingZone.Server.PORTAL, test_key="", test_key_until=None)


def gets_in(user: User, **how: object) -> bool:
    done = user.sftp("pwd\n", **how)
    assert done.returncode in {0, 255}, done.stderr
    return done.returncode == 0


def test_a_password_opens_only_a_zone_that_is_signed_in_to_by_password(user: User) -> None:
    assert not gets_in(user, password=PASSWORD, address="127.0.0.2")
    user.change(sign_in=BY_PASSWORD)
    assert gets_in(user, password=PASSWORD, address="127.0.0.2")
    assert not gets_in(user, password=PASSWORD.lower(), address="127.0.0.2")
    assert not gets_in(user, address="127.0.0.2")  # the key is not asked for any more

    def told() -> list[AuditEvent]:
        return list(AuditEvent.objects.of(user.zone_row.district_id).filter(action="sftp.sign-in-failed", address="127.0.0.2"))

    wait_for(lambda: bool(told()), "the event", seconds=20, pause=0.1)
    assert len(told()) == 1  # once a minute


@pytest.mark.no_database
def test_keyboard_interactive_takes_the_password_too(user: User) -> None:
    user.change(sign_in=BY_PASSWORD)
    transport = user.transport("127.0.0.3")
    transport.auth_interactive(user.username, lambda title, instructions, prompts: [PASSWORD for _ in prompts])
    assert transport.is_authenticated()
    transport.close()


@pytest.mark.no_database
def test_a_blank_password_opens_nothing(user: User) -> None:
    user.change(sign_in=BY_PASSWORD, password="")
    try:
        transport = user.transport("127.0.0.3")
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(user.username, "", fallback=False)
        transport.close()
    finally:
        user.change(password=hashed(PASSWORD))


@pytest.mark.parametrize(
    ("arguments", "opens"),
    [
        (("-t", "ed25519"), True),
        (("-t", "rsa", "-b", "3072"), True),
        (("-t", "ecdsa", "-b", "256"), True),
        (("-t", "rsa", "-b", "2048"), False),
    ],
)
def test_keys_open_when_they_are_known_and_strong(user: User, tmp_path: Path, arguments: tuple[str, ...], *, opens: bool) -> None:
    key = make_key(tmp_path / "key", *arguments)
    assert not gets_in(user, key=key, address="127.0.0.4")
    row = user.add_key(public(key))
    assert gets_in(user, key=key, address="127.0.0.4") is opens
    if opens:
        wait_for(lambda: LandingKey.unscoped.get(pk=row.pk).used_at is not None, "the use of the key", seconds=20, pause=0.1)
    row.delete()
    assert not gets_in(user, key=key, address="127.0.0.4")


@pytest.mark.no_database
def test_a_key_of_another_zone_opens_nothing(users: tuple[User, User]) -> None:
    one, other = users
    assert not gets_in(one, key=other.key, address="127.0.0.5")
    assert gets_in(other, address="127.0.0.5")


@pytest.mark.no_database
def test_a_client_that_shows_several_keys_is_not_locked_out(user: User, tmp_path: Path) -> None:
    keys = [make_key(tmp_path / f"key-{number}") for number in range(7)]
    more = [word for key in keys for word in ("-o", f"IdentityFile={key}")]
    for _ in range(3):
        done = subprocess.run(
            ["sftp", "-F", "none", *more, *user.options(address="127.0.0.6"), "-b", "-", f"{user.username}@127.0.0.1"],
            input="pwd\n", capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@pytest.mark.no_database
def test_the_test_key_opens_whatever_the_zone_takes_but_only_for_its_time(user: User, tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    line = " ".join(public(key).split()[:2])
    user.change(
        sign_in=BY_PASSWORD, allowed_addresses=["192.0.2.0/24"], test_key=line, test_key_until=timezone.now() + timedelta(minutes=1)
    )
    for _ in range(5):
        assert not gets_in(user, password="wrong", address="127.0.0.7")
    assert gets_in(user, key=key, address="127.0.0.7")  # even while the address is locked out

    user.change(test_key_until=timezone.now() - timedelta(seconds=1))
    assert not gets_in(user, key=key, address="127.0.0.7")


@pytest.mark.no_database
def test_only_allowed_addresses_get_in(user: User) -> None:
    user.change(allowed_addresses=["127.0.0.8/32", "2001:db8::/32", "nonsense"])
    assert gets_in(user, address="127.0.0.8")
    assert not gets_in(user, address="127.0.0.9")


@pytest.mark.no_database
def test_a_zone_with_a_server_of_its_own_cannot_be_entered(user: User) -> None:
    user.change(server=LandingZone.Server.CUSTOM)
    assert not gets_in(user, address="127.0.0.9")


@pytest.mark.no_database
def test_five_failures_lock_a_user_out_from_that_address_and_from_no_other(user: User) -> None:
    user.change(sign_in=BY_PASSWORD)
    for _ in range(5):
        assert not gets_in(user, password="guess", address="127.0.0.10")
    locked = user.sftp("pwd\n", password=PASSWORD, address="127.0.0.10")
    assert locked.returncode == 255
    assert "Too many failed sign-ins. Signing in is possible again after 15 minutes without one." in locked.stderr
    assert gets_in(user, password=PASSWORD, address="127.0.0.11")


@pytest.mark.no_database
def test_an_unknown_user_takes_as_long_as_a_known_one(user: User) -> None:
    user.change(sign_in=BY_PASSWORD)

    def seconds(name: str) -> float:
        taken = []
        for number in range(2):
            transport = user.transport(f"127.0.0.{20 + number}")
            started = time.perf_counter()
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password(name, "wrong", fallback=False)
            taken.append(time.perf_counter() - started)
            transport.close()
        return min(taken)

    known, unknown = seconds(user.username), seconds("nobody-at-all")
    assert unknown > known / 3


def test_a_session_ends_when_its_password_or_key_is_taken_away(user: User, tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    row = user.add_key(public(key))
    transport = user.transport("127.0.0.14")
    transport.auth_publickey(user.username, paramiko.Ed25519Key.from_private_key_file(str(key)))
    assert transport.is_active()
    row.delete()
    wait_for(lambda: not transport.is_active(), "the end of the session", seconds=25, pause=0.2)


@pytest.mark.no_database
def test_a_user_has_so_many_connections_and_the_server_so_many(
    make_server: object, tmp_path_factory: pytest.TempPathFactory, user: User
) -> None:
    narrow = make_server(PORTAL_SFTP_USER_CONNECTIONS="2", PORTAL_SFTP_CONNECTIONS="4")  # type: ignore[operator]
    guest = make_user("guest", tmp_path_factory.mktemp("guest"), narrow.port)
    kept = []
    for _ in range(2):
        transport = guest.transport()
        transport.auth_publickey(guest.username, paramiko.Ed25519Key.from_private_key_file(str(guest.key)))
        kept.append(transport)
    assert guest.sftp("pwd\n").returncode != 0
    kept.pop().close()
    wait_for(lambda: guest.sftp("pwd\n").returncode == 0, "room", seconds=10, pause=0.2)

    waiting = [socket.create_connection(("127.0.0.1", narrow.port)) for _ in range(3)]
    time.sleep(0.3)
    assert guest.sftp("pwd\n").returncode != 0
    for one in waiting:
        one.close()
    wait_for(lambda: guest.sftp("pwd\n").returncode == 0, "room", seconds=10, pause=0.2)
    for transport in kept:
        transport.close()


@pytest.mark.no_database
def test_a_port_where_nobody_listens_and_one_that_is_taken(server: Server, user: User) -> None:
    elsewhere = User(user.zone_row, user.folder, free_port())
    assert elsewhere.sftp("pwd\n", key=user.key).returncode == 255
    second = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "run_sftp"], env=server.env, capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert "PORTAL_SFTP_PORT" in second.stderr


@pytest.mark.no_database
def test_host_keys_are_the_same_for_the_client_and_on_the_page_and_are_kept(server: Server, user: User) -> None:
    lines = host_key_lines()
    assert [kind for kind, _, _ in lines] == ["Ed25519", "RSA"]
    scanned = subprocess.run(["ssh-keyscan", "-p", str(server.port), "127.0.0.1"], capture_output=True, text=True, timeout=30).stdout
    for _, fingerprint, line in lines:
        assert fingerprint.startswith("SHA256:")
        assert line.split()[1] in scanned
    shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=scanned, capture_output=True, text=True).stdout
    assert all(fingerprint in shown for _, fingerprint, _ in lines)
    server.end()
    server.start()
    assert host_key_lines() == lines


@pytest.mark.no_database
@pytest.mark.parametrize(
    "options",
    [
        ["-o", "Ciphers=aes128-cbc"],
        ["-o", "MACs=hmac-sha1", "-o", "Ciphers=aes128-ctr"],
        ["-o", "KexAlgorithms=diffie-hellman-group14-sha1"],
    ],
)
def test_old_algorithms_are_not_spoken(user: User, options: list[str]) -> None:
    assert user.sftp("pwd\n", *options).returncode == 255


@pytest.mark.no_database
@pytest.mark.parametrize("cipher", ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"])
def test_every_cipher_carries_a_file_there_and_back(user: User, file: Path, cipher: str) -> None:
    back = file.with_suffix(".back")
    done = user.sftp(f"put {file} cipher.csv\nget cipher.csv {back}\n", "-c", cipher)
    assert done.returncode == 0, done.stderr
    assert back.read_bytes() == file.read_bytes()

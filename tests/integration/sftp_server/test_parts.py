"""Parts of the server by themselves: ciphers, lock-out, sizes, addresses, paths."""

import threading
from pathlib import Path
from typing import Any

import pytest
from asyncssh import SFTPError
from asyncssh.encryption import ChachaEncryption, Encryption, GCMEncryption
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from imports.landing.background import Background
from imports.landing.ciphers import Chacha, Gcm
from imports.landing.host_keys import host_key_files
from imports.landing.jail import may_change, parts_of
from imports.landing.lockout import OF_ADDRESS, OF_USER, OF_USER_AND_ADDRESS, Lockout, network_of
from imports.landing.sign_in import is_allowed
from imports.landing.space import MB, Space, largest
from imports.public_keys import is_strong
from imports.zone import Zone

pytestmark = pytest.mark.no_database

IV = bytes(range(12))


def pair(name: str, *, own: bool) -> Encryption:
    if name == "chacha20-poly1305":
        return (Chacha if own else ChachaEncryption).new(name, bytes(range(64)), b"")
    kind = Gcm if own else GCMEncryption
    return kind.new(name, bytes(range(16 if "128" in name else 32)), IV)


@pytest.mark.parametrize("name", ["aes128-gcm", "aes256-gcm", "chacha20-poly1305"])
@given(packets=st.lists(st.binary(min_size=16, max_size=300), min_size=1, max_size=5), start=st.integers(0, 2**32 - 10))
def test_own_ciphers_give_the_bytes_of_asyncssh_and_read_them(name: str, packets: list[bytes], start: int) -> None:
    ours, theirs, ours_back, theirs_back = (pair(name, own=own) for own in (True, False, True, False))
    for seq, packet in enumerate(packets, start):
        header = len(packet).to_bytes(4, "big")
        ours_sent = b"".join(ours.encrypt_packet(seq, header, packet))
        assert ours_sent == b"".join(theirs.encrypt_packet(seq, header, packet))
        for back in (ours_back, theirs_back):
            first, length = back.decrypt_header(seq, ours_sent[:16], 4)
            assert length == header
            assert back.decrypt_packet(seq, first, ours_sent[16:-16], 4, ours_sent[-16:]) == packet


@pytest.mark.parametrize("name", ["aes128-gcm", "chacha20-poly1305"])
@pytest.mark.parametrize("at", [5, 40, -1])
def test_a_tampered_packet_is_refused(name: str, at: int) -> None:
    sent = bytearray(b"".join(pair(name, own=True).encrypt_packet(7, b"\0\0\0\x40", bytes(64))))
    sent[at] ^= 1
    reader = pair(name, own=True)
    first, _ = reader.decrypt_header(7, bytes(sent[:16]), 4)
    assert reader.decrypt_packet(7, first, bytes(sent[16:-16]), 4, bytes(sent[-16:])) is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lock_outs_by_user_and_address_by_address_and_by_user_end_by_themselves() -> None:
    clock = Clock()
    lockout = Lockout(clock)
    locked = [lockout.failed("ada", "10.0.0.1") for _ in range(OF_USER_AND_ADDRESS)]
    assert locked == [False] * (OF_USER_AND_ADDRESS - 1) + [True]
    assert lockout.is_locked("ada", "10.0.0.1")
    assert not lockout.is_locked("ada", "10.0.0.2") and not lockout.is_locked("bob", "10.0.0.1")

    for number in range(OF_ADDRESS):
        lockout.failed(f"user-{number}", "10.0.0.3")
    assert lockout.is_locked("bob", "10.0.0.3")

    for number in range(OF_USER):
        lockout.failed("eve", f"10.1.0.{number}")
    assert lockout.is_locked("eve", "10.9.9.9")

    assert not lockout.is_locked("eve", "10.9.9.9", by_key=True)  # whoever has the key is not kept out by what others do elsewhere
    assert lockout.is_locked("ada", "10.0.0.1", by_key=True) and lockout.is_locked("bob", "10.0.0.3", by_key=True)

    clock.now = 15 * 60 + 1
    assert not any(lockout.is_locked(*who) for who in (("ada", "10.0.0.1"), ("bob", "10.0.0.3"), ("eve", "10.9.9.9")))


def test_a_success_forgets_the_failures_before_it_and_memory_is_bounded() -> None:
    lockout = Lockout(Clock())
    for _ in range(OF_USER_AND_ADDRESS - 1):
        lockout.failed("ada", "10.0.0.1")
    lockout.succeeded("ada", "10.0.0.1")
    lockout.failed("ada", "10.0.0.1")
    assert not lockout.is_locked("ada", "10.0.0.1")
    for number in range(30_000):
        lockout.failed(f"user-{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(lockout._failures) <= 20_000


def test_addresses_of_one_client_count_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    assert is_allowed(["10.0.0.0/8"], "::ffff:10.1.2.3") and is_allowed([], "anything")
    assert not is_allowed(["10.0.0.0/8"], "11.0.0.1") and not is_allowed(["junk"], "10.0.0.1") and not is_allowed(["10.0.0.0/8"], "junk")


@given(st.text(max_size=60))
def test_no_path_has_parts_that_lead_up(text: str) -> None:
    try:
        parts = parts_of(text.encode("utf-8", errors="surrogatepass"))
    except SFTPError:
        return
    assert not {"", ".", ".."} & set(parts)
    assert not any("/" in part or "\0" in part for part in parts)


@pytest.mark.parametrize("path", ["", "/", "..", "archive", "archive/x", "/receipts/../archive/y", "./archive"])
def test_what_is_the_portals_may_not_change(path: str) -> None:
    with pytest.raises(SFTPError):
        may_change(parts_of(path.encode()))


@override_settings(PORTAL_MAX_FILE_MB=2, PORTAL_MAX_UPLOAD_MB=9)
def test_a_zip_may_be_larger_than_a_file_under_whatever_name_it_comes() -> None:
    assert {largest(name) for name in ("a.csv", "a.CSV.part", "x/a.txt.tmp")} == {2 * MB}
    assert {largest(name) for name in ("a.zip", "A.ZIP.filepart", ".in.a", ".a.part")} == {9 * MB}


@override_settings(PORTAL_SFTP_QUOTA_MB=1)
def test_space_counts_what_others_removed_before_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(bytes(MB - 10))
    space = Space(tmp_path)
    space.refresh()
    with pytest.raises(SFTPError, match="full"):
        space.take(100)
    (tmp_path / "old.csv").unlink()
    space._counted_at = -1e9
    space.take(100)
    assert space.used == 100


def test_weak_and_broken_keys_are_not_strong() -> None:
    assert not is_strong(b"")
    assert not is_strong(b"\0\0\0\x07ssh-dss")
    assert not is_strong(b"\0\0\0\x07ssh-rsa\xff\xff\xff\xff")


def test_host_keys_are_made_once_however_many_ask(tmp_path: Path) -> None:
    with override_settings(PORTAL_LANDING_DIR=tmp_path):
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append({kind: path.read_bytes() for kind, path in host_key_files().items()}))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 4 and all(one == found[0] for one in found)
    for path in (tmp_path / "host_keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_unfinished_in_a_folder_keeps_its_mark_when_the_folder_moves(tmp_path: Path) -> None:
    with override_settings(PORTAL_LANDING_DIR=tmp_path):
        zone = Zone(1)
        zone.create()
        with zone.lock():
            zone.mark("in/a.csv")
            zone.mark("in-2/b.csv")
            zone.move_marks("in", "out")
            assert zone.is_marked("out/a.csv") and zone.is_marked("in-2/b.csv") and not zone.is_marked("in/a.csv")
            zone.move_marks("in-2/b.csv", "in-2/b.csv")
            assert zone.is_marked("in-2/b.csv")


def test_the_background_never_blocks_and_says_what_it_dropped(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()
    gate = threading.Event()
    background.do(gate.wait)  # type: ignore[arg-type]
    for _ in range(10_100):
        background.do(lambda: None)
    gate.set()
    background.stop(10)
    assert any("were not recorded" in record.getMessage() for record in caplog.records)

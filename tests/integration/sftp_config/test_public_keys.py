"""Public keys are read from every file people have; what must not be kept is refused before anything of it is."""

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from imports.public_keys import KeyRefused, read_public_keys
from tests.integration.sftp_config.kit import ECDSA, OTHER, PRIVATE, PUBLIC, RSA_2048, pair

pytestmark = pytest.mark.no_database


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key that ssh-keygen made."""
    path = tmp_path_factory.mktemp("keys") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sis export, host 7", "-f", path], check=True)
    return path


def keygen(*args: object) -> str:
    return subprocess.run(["ssh-keygen", *map(str, args)], check=True, capture_output=True, text=True).stdout


def test_a_pub_file_is_read_with_the_fingerprint_that_ssh_keygen_shows(made: Path) -> None:
    (key,) = read_public_keys(made.with_suffix(".pub").read_bytes())
    assert (key.words, key.bits, key.comment) == ("Ed25519", 256, "sis export, host 7")
    assert key.fingerprint in keygen("-l", "-f", made.with_suffix(".pub"))


def test_putty_ssh2_and_pem_formats_give_the_same_key(made: Path) -> None:
    (expected,) = read_public_keys(made.with_suffix(".pub").read_bytes())
    (ssh2,) = read_public_keys(keygen("-e", "-m", "RFC4716", "-f", made.with_suffix(".pub")))
    assert ssh2.fingerprint == expected.fingerprint
    assert "converted by" in ssh2.comment
    big = rsa.generate_private_key(65537, 3072).public_key()
    pem = big.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (key,) = read_public_keys(pem)
    assert (key.kind, key.bits) == ("ssh-rsa", 3072)


def test_an_ssh2_header_may_go_on_over_lines() -> None:
    data = PUBLIC.split()[1]
    text = f'---- BEGIN SSH2 PUBLIC KEY ----\nComment: "imported \\\nby hand"\n{data[:30]}\n{data[30:]}\n---- END SSH2 PUBLIC KEY ----\n'
    (key,) = read_public_keys(text)
    assert key.line == PUBLIC


def test_a_file_of_windows_in_utf16_and_one_with_a_byte_order_mark_are_read() -> None:
    for data in (PUBLIC.encode("utf-16"), b"\xef\xbb\xbf" + PUBLIC.encode(), f"{PUBLIC} a\r\n".encode()):
        assert read_public_keys(data)[0].line == PUBLIC


def test_several_lines_are_several_keys_each_once_and_remarks_are_passed_over() -> None:
    keys = read_public_keys(f"# laptops\n{PUBLIC} one\n\n{ECDSA} two\n{PUBLIC} again\n")
    assert [key.kind for key in keys] == ["ssh-ed25519", "ecdsa-sha2-nistp256"]


@pytest.mark.parametrize(
    "text",
    [PRIVATE, PRIVATE.replace("OPENSSH ", "RSA "), "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", f"{PUBLIC}\n{PRIVATE}",
     "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nabc"],
)  # fmt: skip
def test_a_private_key_is_refused_with_the_file_to_take_and_not_quoted(text: str) -> None:
    with pytest.raises(KeyRefused, match=r"private key.*was not kept.*\.pub") as refusal:
        read_public_keys(text)
    assert not any(line in str(refusal.value) for line in text.splitlines() if len(line) > 30 and "BEGIN" not in line)


def _blob(*fields: bytes) -> str:
    return base64.b64encode(b"".join(len(field).to_bytes(4, "big") + field for field in fields)).decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RSA_2048, "2,048 bits; at least 3,072.*ssh-keygen -t ed25519"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAP old", "DSA key.*ssh-keygen -t ed25519"),
        (f"ssh-ed25519 {_blob(b'ssh-dss', b'x')}", "DSA"),
        ("sk-ssh-ed25519@openssh.com AAAA token", "security token"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA x", "certificate"),
        (f'from="10.0.0.0/8" {PUBLIC}', "Before the key there is something else"),
        (PUBLIC[:-9], "damaged"),
        (PUBLIC.replace("ssh-ed25519", "ssh-rsa"), "not what its first word says"),
        (f"{PUBLIC[:40]}!!{PUBLIC[40:]}", "damaged"),
        (f"ssh-ed25519 {_blob(b'ssh-ed25519', b'short')}", "damaged"),
        ("ssh-ed25519", "damaged"),
        ("", "no key in it"),
        ("# nothing\n", "no key in it"),
        ("hello", "no public key"),
        (b"\x00\xff\xfe\x80", "no text"),
        (b"a" * 70_000, "too large"),
    ],
)
def test_what_may_not_sign_in_is_refused_in_a_sentence(text: str | bytes, words: str) -> None:
    with pytest.raises(KeyRefused, match=words):
        read_public_keys(text)


def test_a_comment_is_text_without_control_characters_and_of_bounded_length() -> None:
    (key,) = read_public_keys(f"{PUBLIC} a\x1b[31mb\u202e{'x' * 500}")
    assert key.comment.startswith("a[31mb") and len(key.comment) == 200


def test_rsa_of_3072_bits_is_enough() -> None:
    assert read_public_keys(pair(rsa.generate_private_key(65537, 3072))[1])[0].bits == 3072
    assert read_public_keys(OTHER)[0].words == "Ed25519"

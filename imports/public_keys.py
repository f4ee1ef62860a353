"""Public keys of SFTP clients: read from the files people have, judged by their strength, named by their fingerprint.

Understood are lines of a .pub file, the SSH2 format (PuTTYgen's "Save public key") and PEM public keys. Private keys are recognised before anything
is read of them, so that no part of one is ever kept.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key, load_ssh_public_key

MOST_BYTES = 64 * 1024  # of a file; a key has less than two thousand
LONGEST_COMMENT = 200
LEAST_RSA, MOST_RSA = 3072, 16384
BETTER = "Make a better one with: ssh-keygen -t ed25519"

_PRIVATE = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|PuTTY-User-Key-File-|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----|SSH PRIVATE KEY FILE FORMAT"
)
_SSH2 = re.compile(r"---- BEGIN SSH2 PUBLIC KEY ----(.*?)---- END SSH2 PUBLIC KEY ----", re.DOTALL)
_PEM = re.compile(r"-----BEGIN ((?:RSA )?PUBLIC KEY)-----.*?-----END \1-----", re.DOTALL)
_OPENSSH = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_WORDS = {"ssh-ed25519": "Ed25519", "ssh-rsa": "RSA"}
_ED25519_BITS = 256


class KeyRefused(Exception):
    """What was given is no public key that may sign in; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key. `line` is what a .pub file says, without the comment."""

    kind: str
    bits: int
    line: str
    comment: str
    fingerprint: str

    @property
    def words(self) -> str:
        """Its type as people know it."""
        return words_of_kind(self.kind)


def words_of_kind(kind: str) -> str:
    """The type of a key as people know it: ssh-ed25519 is Ed25519."""
    return _WORDS.get(kind) or f"ECDSA {kind.removeprefix('ecdsa-sha2-')}"


def read_public_keys(given: bytes | str) -> list[PublicKey]:
    """The public keys of a file or of a pasted text, at least one; a key given twice comes once.

    Raises:
        KeyRefused: it holds something else, or a key that is too weak.
    """
    text = _text(given)
    if _PRIVATE.search(text):
        raise KeyRefused(
            "This is a private key. It was not kept. It must never leave the computer it belongs to: choose the public key beside it, "
            "the file that ends in .pub (in PuTTYgen: Save public key)."
        )
    found = {key.fingerprint: key for key in _keys(text)}
    if not found:
        raise KeyRefused(
            "There is no key in it. Choose the file that ends in .pub, or paste its line, for example ssh-ed25519 AAAA… laptop."
        )
    return list(found.values())


def key_of_line(line: str) -> PublicKey:
    """The key of one stored line, however strong; for showing it.

    Raises:
        KeyRefused: it is no line of a key.
    """
    return _of_openssh(line, is_judged=False)


def is_strong(blob: bytes) -> bool:
    """Whether a key is of a kind and length that may sign in; what is no key is not."""
    try:
        _of_blob(blob, "")
    except KeyRefused:
        return False
    return True


def fingerprint_of(blob: bytes) -> str:
    """The fingerprint as clients show it, beginning with SHA256."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def _text(given: bytes | str) -> str:
    if len(given) > MOST_BYTES:
        raise KeyRefused("This file is too large for a public key. Choose the file that ends in .pub.")
    if isinstance(given, str):
        return given
    encoding = "utf-16" if given[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return given.decode(encoding)
    except UnicodeDecodeError as error:
        raise KeyRefused("This file is no text, so it is no public key. Choose the file that ends in .pub.") from error


def _keys(text: str) -> Iterator[PublicKey]:
    for found in _SSH2.finditer(text):
        yield _of_ssh2(found[1])
    for found in _PEM.finditer(text):
        yield _of_pem(found[0])
    rest = _PEM.sub("", _SSH2.sub("", text))
    for line in rest.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            yield _of_openssh(line.strip())


def _of_openssh(line: str, *, is_judged: bool = True) -> PublicKey:
    kind, _, rest = line.partition(" ")
    data, _, comment = rest.strip().partition(" ")
    if kind == "ssh-dss":
        raise KeyRefused(f"This is a DSA key, which is no longer safe. {BETTER}")
    if kind.startswith("sk-"):
        raise KeyRefused(f"This key lives in a security token that must be touched for each sign-in, so no program can use it. {BETTER}")
    if "-cert-v01@" in kind:
        raise KeyRefused("This is a certificate. Choose the key it was made for: the .pub file without -cert in its name.")
    if kind not in _OPENSSH:
        if any(f"{known} " in line for known in _OPENSSH):
            raise KeyRefused(
                "Before the key there is something else. Paste the line from its type on; addresses are limited by Allowed addresses."
            )
        raise KeyRefused("This is no public key. Paste the line of the .pub file, for example ssh-ed25519 AAAA… laptop.")
    return _of_blob(_decoded(data), comment, expected=kind, is_judged=is_judged)


def _of_ssh2(body: str) -> PublicKey:
    comment, data, is_header_going_on = "", [], False
    for line in body.strip().splitlines():
        if is_header_going_on or ": " in line:
            if line.lower().startswith("comment: "):
                comment = line.partition(": ")[2].strip().strip('"')
            is_header_going_on = line.rstrip().endswith("\\")
        else:
            data.append(line.strip())
    return _of_blob(_decoded("".join(data)), comment)


def _of_pem(text: str) -> PublicKey:
    try:
        key = load_pem_public_key(text.encode())
        line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    except (ValueError, UnsupportedAlgorithm, AttributeError) as error:
        raise KeyRefused(f"This public key is damaged, or of a type that SFTP does not know. {BETTER}") from error
    return _of_openssh(line)


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyRefused("The key is damaged: a part of it is missing or broken. Copy the whole line of the .pub file again.") from error


def _of_blob(blob: bytes, comment: str, *, expected: str = "", is_judged: bool = True) -> PublicKey:
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii", errors="replace") if len(blob) > 4 else ""
    if kind == "ssh-dss":
        raise KeyRefused(f"This is a DSA key, which is no longer safe. {BETTER}")
    if kind not in _OPENSSH or expected not in {"", kind}:
        raise KeyRefused("The key is damaged: it is not what its first word says. Copy the whole line of the .pub file again.")
    line = f"{kind} {base64.b64encode(blob).decode()}"
    try:
        key = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefused("The key is damaged: a part of it is missing or broken. Copy the whole line of the .pub file again.") from error
    if is_judged:
        _judge(key)
    return PublicKey(kind, _bits(key), line, _clean(comment), fingerprint_of(blob))


def _judge(key: object) -> None:
    if isinstance(key, DSAPublicKey):
        raise KeyRefused(f"This is a DSA key, which is no longer safe. {BETTER}")
    if isinstance(key, RSAPublicKey):
        if key.key_size < LEAST_RSA:
            raise KeyRefused(f"This RSA key has {key.key_size:,} bits; at least {LEAST_RSA:,} are needed. {BETTER} (or -t rsa -b 4096)")
        if key.key_size > MOST_RSA:
            raise KeyRefused(f"This RSA key has {key.key_size:,} bits; at most {MOST_RSA:,} are taken. {BETTER}")


def _bits(key: object) -> int:
    if isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        return key.key_size
    return _ED25519_BITS if isinstance(key, Ed25519PublicKey) else 0


def _clean(comment: str) -> str:
    return "".join(char for char in comment if unicodedata.category(char)[0] != "C").strip()[:LONGEST_COMMENT]


def fingerprint_of_line(line: str) -> str:
    """The fingerprint of a stored line; empty if it is none."""
    try:
        return key_of_line(line).fingerprint
    except KeyRefused:
        return ""

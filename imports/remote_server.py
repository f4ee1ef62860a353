"""The district's own SFTP server: what was typed, checked; which secret signs in; which addresses it may have."""

import ipaddress
import re
import unicodedata

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from imports.landing_rules import RuleBroken
from imports.models import LandingZone
from imports.public_keys import MOST_BYTES
from imports.secrets import lock, unlock

PURPOSE = "landing.remote"
MOST_PORT = 65_535
LONGEST_USER, LONGEST_PATH, LONGEST_PASSWORD = 128, 1024, 1024
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?")
_WITHOUT = 'Make a copy of it without one: copy the file, then run ssh-keygen -p -N "" -f COPY, and choose the copy.'


def checked_host(text: str) -> str:
    """A host name or an address, without a port or a scheme.

    Raises:
        RuleBroken: it is none.
    """
    text = text.strip()
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if "://" in text or "/" in text or "@" in text:
        raise RuleBroken("Write the host alone, without sftp://, user name or folder, for example sftp.district.org.")
    try:
        name = text.encode("idna").decode("ascii") if text else ""
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name) or name.replace(".", "").isdigit():
        raise RuleBroken("This is no host. Write a name such as sftp.district.org, or an address such as 203.0.113.7.")
    return name.lower()


def checked_port(text: str) -> int:
    """A port; empty is the usual one.

    Raises:
        RuleBroken: it is none.
    """
    text = text.strip() or "22"
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_PORT and len(text) <= len(str(MOST_PORT))):
        raise RuleBroken(f"A port is a number from 1 to {MOST_PORT}; most servers use 22.")
    return int(text)


def checked_remote_user(text: str) -> str:
    """The user name at the other server.

    Raises:
        RuleBroken: it is empty, too long, or holds control characters.
    """
    return _plain(text.strip(), "user name", LONGEST_USER, is_needed=True)


def checked_path(text: str) -> str:
    """The folder at the other server; empty is where the sign-in leads.

    Raises:
        RuleBroken: it is too long, or holds control characters.
    """
    return _plain(text.strip(), "path", LONGEST_PATH)


def checked_remote_password(text: str) -> str:
    """The password at the other server, as it is.

    Raises:
        RuleBroken: it is too long, or holds control characters.
    """
    return _plain(text, "password", LONGEST_PASSWORD)


def _plain(text: str, what: str, longest: int, *, is_needed: bool = False) -> str:
    if is_needed and not text:
        raise RuleBroken(f"Enter the {what}.")
    if len(text) > longest:
        raise RuleBroken(f"The {what} has more than {longest:,} characters.")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise RuleBroken(f"The {what} holds control characters. Remove them.")
    return text


def checked_private_key(given: bytes | str) -> str:
    """A private key in OpenSSH or PEM format, without a passphrase.

    Raises:
        RuleBroken: it is none, is locked by a passphrase, or is of an old type. The sentence quotes nothing of it.
    """
    if len(given) > MOST_BYTES:
        raise RuleBroken("This file is too large for a private key.")
    try:
        text = given if isinstance(given, str) else given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleBroken("This file is no text, so it is no private key.") from error
    text = "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
    if "PuTTY-User-Key-File-" in text:
        raise RuleBroken("This is a key of PuTTY. Open it in PuTTYgen, choose Conversions > Export OpenSSH key, and take that file.")
    if "PRIVATE KEY" not in text:
        raise RuleBroken("This is no private key. Choose the file beside the .pub file; it begins with -----BEGIN … PRIVATE KEY-----.")
    if "ENCRYPTED" in text:
        raise RuleBroken(f"This private key has a passphrase, which a program cannot type. {_WITHOUT}")
    load = load_ssh_private_key if "OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        key = load(text.encode(), password=None)
    except TypeError as error:
        raise RuleBroken(f"This private key has a passphrase, which a program cannot type. {_WITHOUT}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower():
            raise RuleBroken(f"This private key has a passphrase, which a program cannot type. {_WITHOUT}") from error
        raise RuleBroken(
            "This private key is damaged: a part of it is missing or broken. Choose the file again, or paste all of it."
        ) from error
    if isinstance(key, DSAPrivateKey):
        raise RuleBroken("This is a DSA key, which is no longer safe. Make a better one with: ssh-keygen -t ed25519")
    return text


def lock_secret(secret: str) -> str:
    """The password or private key as it is stored."""
    return lock(secret, PURPOSE)


def secret_of(zone: LandingZone) -> str:
    """The password or private key that signs in to the other server; empty if there is none.

    Raises:
        SecretLost: it cannot be read any more.
    """
    return unlock(zone.remote_secret, PURPOSE) if zone.remote_secret else ""

"""What the portal must be able to read again, and nobody who has a copy of the database alone: encrypted with a key derived from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_KEY_BYTES = 32


class SecretLost(Exception):
    """What was stored cannot be read any more; the message says why and how to mend it."""


def lock(text: str, purpose: str) -> str:
    """The text encrypted, in letters. The same purpose, such as "landing.remote", opens it again."""
    return _box(purpose).encrypt(text.encode()).decode("ascii")


def unlock(locked: str, purpose: str) -> str:
    """The text of `lock`.

    Raises:
        SecretLost: it was locked with another SECRET_KEY or for another purpose, or is damaged.
    """
    try:
        return _box(purpose).decrypt(locked.encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise SecretLost(
            "The portal's SECRET_KEY was changed after this was saved, so it cannot be read any more. Enter it again."
        ) from error


def _box(purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=f"roster-portal.{purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))

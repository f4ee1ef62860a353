"""The secret of a webhook: derived from the portal's key, so that a copy of the database alone signs nothing."""

import base64
import hashlib
import hmac
import secrets

from django.utils.crypto import salted_hmac

from notices.models import Webhook

PREFIX = "whsec_"


class SecretLost(Exception):
    """The portal's SECRET_KEY is another one than when the secret was shown."""


def new_secret(webhook: Webhook) -> None:
    """Give the webhook another secret; the caller saves it (`nonce` and `mark`)."""
    webhook.nonce = secrets.token_hex(16)
    webhook.mark = _mark(_derive(webhook))


def secret_of(webhook: Webhook) -> str:
    """The secret as it is shown to the owner.

    Raises:
        SecretLost: it cannot be derived any more.
    """
    secret = _derive(webhook)
    if not hmac.compare_digest(_mark(secret), webhook.mark):
        raise SecretLost("The portal's SECRET_KEY was changed after this secret was made. Make a new secret for the webhook.")
    return secret


def sign(secret: str, body: bytes, at: int) -> str:
    """The value of the Portal-Signature header: HMAC-SHA256 of "<at>.<body>" under the secret, `at` in Unix seconds."""
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signature}"


def _derive(webhook: Webhook) -> str:
    digest = salted_hmac("notices.webhook", f"{webhook.uid}:{webhook.nonce}", algorithm="sha256").digest()
    return PREFIX + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _mark(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]

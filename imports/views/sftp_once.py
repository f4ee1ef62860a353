"""What the next page shows once and then no more: a password that was just made, and what came of Test Connection."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from imports.models import ImportApp
from imports.secrets import SecretLost, lock, unlock
from imports.services.test_connection import Tried

_PASSWORD, _TRIED = "sftp_password", "sftp_tried"  # names in the session
_PURPOSE = "landing.shown_once"


def keep_password(request: HttpRequest, app: ImportApp, password: str) -> None:
    """Keep it for the next page, unreadable for whoever reads the table of sessions."""
    request.session[_PASSWORD] = [app.pk, lock(password, _PURPOSE)]


def take_password(request: HttpRequest, app: ImportApp) -> str:
    """The password that was kept for this app, once."""
    if request.session.get(_PASSWORD, [0])[0] != app.pk:
        return ""
    try:
        return unlock(request.session.pop(_PASSWORD)[1], _PURPOSE)
    except SecretLost:
        return ""


def keep_tried(request: HttpRequest, app: ImportApp, host: str, port: int, tried: Tried) -> None:
    """Keep the result, with the server it is about."""
    request.session[_TRIED] = {"app": app.pk, "host": host, "port": port, **asdict(tried)}


def take_tried(request: HttpRequest, app: ImportApp) -> dict[str, Any] | None:
    """The result to show, once; the key that was offered stays to be trusted."""
    kept = request.session.get(_TRIED)
    if not kept or kept["app"] != app.pk or kept.get("is_seen"):
        return None
    request.session[_TRIED] = {**kept, "is_seen": True}
    return kept


def offered_key(request: HttpRequest, app: ImportApp, fingerprint: str) -> tuple[str, int, str] | None:
    """Host, port and key of the server that this person was shown; None if that was another key, or another page."""
    kept = request.session.get(_TRIED)
    if not kept or kept["app"] != app.pk or not kept["offered"] or kept["offered_fingerprint"] != fingerprint:
        return None
    return kept["host"], kept["port"], kept["offered"]

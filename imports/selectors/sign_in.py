"""Who may sign in to an app's landing zone, as its document says it."""

from collections.abc import Mapping
from typing import Any

from imports.config import merge_document
from imports.models import ImportApp, LandingKey, LandingZone


def with_sign_in(app: ImportApp, document: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document with user name and public keys, so that it can be given back; of the password nothing. Other apps have none of it."""
    whole = merge_document(document, app.kind)
    zone = LandingZone.objects.of(app.district_id).filter(app=app).first()
    if zone is None:
        return whole
    keys = LandingKey.objects.of(app.district_id).filter(zone=zone).order_by("pk")
    lines = [f"{key.line} {key.name}".strip() for key in keys]
    return {**whole, "delivery": {**whole["delivery"], "username": zone.username, "public_keys": lines}}

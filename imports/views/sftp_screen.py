"""What the section Server of the SFTP app's Delivery Configuration shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.hashers import is_password_usable

from accounts.current import DistrictRequest, address_of
from imports.landing_rules import LEAST_PASSWORD
from imports.models import ImportApp, LandingKey, LandingZone
from imports.public_keys import KeyRefused, PublicKey, fingerprint_of_line, key_of_line
from imports.secrets import SecretLost
from imports.services.landing_keys import MOST
from imports.services.landing_zone import ensure_zone
from imports.views.sftp_once import take_password, take_tried
from notices.steps.addresses import is_other_machine

PORTAL, CUSTOM = LandingZone.Server.PORTAL, LandingZone.Server.CUSTOM


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key in the list; `key` says its type and bits, None where the stored line cannot be read."""

    row: LandingKey
    key: PublicKey | None


@dataclass
class SftpScreen:
    """The section as one person sees it.

    shown: the server whose settings are shown, which need not be the one in force.
    form: what was entered and refused, by the name of its form: sign_in, remote, key.
    """

    request: DistrictRequest
    app: ImportApp
    shown: str = ""
    entered: Mapping[str, forms.Form] = field(default_factory=dict)
    least_password: int = LEAST_PASSWORD
    most_keys: int = MOST

    def __post_init__(self) -> None:
        self.zone = ensure_zone(self.app)
        asked = self.shown or self.request.GET.get("server", "")
        self.shown = asked if asked in (PORTAL, CUSTOM) else self.zone.server
        is_first = self.request.method == "GET"
        self.new_password = take_password(self.request, self.app) if is_first else ""
        self.tried = take_tried(self.request, self.app) if is_first else None

    @property
    def is_custom(self) -> bool:
        """Whether the settings of the district's own server are shown."""
        return self.shown == CUSTOM

    @property
    def is_in_force(self) -> bool:
        """Whether the server that is shown is the one in force."""
        return self.shown == self.zone.server

    @property
    def host(self) -> str:
        """The name of the portal's own server."""
        return settings.PORTAL_SFTP_ADDRESS

    @property
    def port(self) -> int:
        """Its port."""
        return settings.PORTAL_SFTP_PORT

    @cached_property
    def fingerprints(self) -> Sequence[tuple[str, str]]:
        """Type and fingerprint of each of its keys."""
        return host_fingerprints()

    @cached_property
    def keys(self) -> list[KeyLine]:
        """The keys that may sign in, oldest first."""
        rows = LandingKey.objects.of(self.app.district_id).filter(zone=self.zone).select_related("added_by").order_by("pk")
        return [KeyLine(row, _read(row.line)) for row in rows]

    @property
    def is_password_set(self) -> bool:
        """Whether the portal's own server knows a password."""
        return bool(self.zone.password) and is_password_usable(self.zone.password)

    @property
    def lacks(self) -> str:
        """Why nobody can sign in yet, in a sentence."""
        if self.zone.sign_in == LandingZone.SignIn.PASSWORD and not self.is_password_set:
            return "Nobody can sign in yet: type a password or generate one, and save it."
        if self.zone.sign_in == LandingZone.SignIn.KEY and not self.keys:
            return "Nobody can sign in yet: add a public key below."
        return ""

    @property
    def here(self) -> str:
        """The address this person comes from, where it is one that a list of addresses could name."""
        address = address_of(self.request) or ""
        return address if is_other_machine(address) else ""

    @property
    def host_fingerprint(self) -> str:
        """The fingerprint of the custom server's key that is trusted; empty: none is yet."""
        return fingerprint_of_line(self.zone.host_key) if self.zone.host_key else ""

    @property
    def secret_lost(self) -> str:
        """Why the saved password or private key cannot be used any more; empty if it can."""
        from imports.remote_server import secret_of

        try:
            secret_of(self.zone)
        except SecretLost as lost:
            return str(lost)
        return ""

    # --- the values of the fields: as they were entered, else as they are saved; of a secret there is none -----------------

    @property
    def sign_in(self) -> dict[str, Any]:
        """The form about the portal's own server."""
        zone = self.zone
        saved = {"username": zone.username, "sign_in": zone.sign_in, "addresses": "\n".join(zone.allowed_addresses)}
        return _fields(self.entered.get("sign_in"), saved)

    @property
    def remote(self) -> dict[str, Any]:
        """The form about the district's own server."""
        zone = self.zone
        saved = {
            "host": zone.host, "port": zone.port, "username": zone.remote_username, "sign_in": zone.remote_sign_in, "path": zone.remote_path,
        }  # fmt: skip
        return _fields(self.entered.get("remote"), saved)

    @property
    def key(self) -> dict[str, Any]:
        """The form that adds a key."""
        return _fields(self.entered.get("key"), {"name": ""})


def host_fingerprints() -> list[tuple[str, str]]:
    """Type and fingerprint of each key of the portal's own server."""
    from imports.landing.host_keys import host_key_lines

    return [(kind, fingerprint) for kind, fingerprint, _ in host_key_lines()]


def host_lines() -> list[str]:
    """The public keys of the portal's own server."""
    from imports.landing.host_keys import host_key_lines

    return [" ".join(line.split()[:2]) for _, _, line in host_key_lines()]


def _fields(form: forms.Form | None, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Values and errors by field. Only fields that are saved have a value."""
    if form is None:
        return {"values": saved, "errors": {}}
    return {
        "values": {name: form.data.get(name, value) for name, value in saved.items()},
        "errors": {name: list(form.errors[name]) for name in form.errors},
    }


def _read(line: str) -> PublicKey | None:
    try:
        return key_of_line(line)
    except KeyRefused:
        return None

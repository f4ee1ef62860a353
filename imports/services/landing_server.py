"""The district's own SFTP server, from which an app pulls: where it is, how to sign in, and which host key is trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.landing_rules import RuleBroken
from imports.models import LandingZone
from imports.public_keys import key_of_line
from imports.remote_server import (
    checked_host,
    checked_path,
    checked_port,
    checked_private_key,
    checked_remote_password,
    checked_remote_user,
    lock_secret,
)
from imports.services.landing_sign_in import Saved, SignInRefused

AGAIN = "Enter it again: what was saved belongs to another server, another user, or another way of signing in."
FIRST = {LandingZone.SignIn.PASSWORD: "Enter the password.", LandingZone.SignIn.KEY: "Choose the private key, or paste it."}


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """What is to be saved, as it was typed. An empty password or private key leaves the saved one."""

    host: str
    port: str
    username: str
    way: LandingZone.SignIn
    path: str
    password: str = ""
    private_key: bytes | str = ""


def save_remote_server(*, zone: LandingZone, wanted: RemoteServer, by: User, address: str | None) -> Saved:
    """Save it, and make it the server that files come from.

    A saved secret is never sent to another server than the one it was entered for: with another host, port or user it must be entered again,
    and another host or port must be trusted anew.

    Raises:
        SignInRefused: nothing is changed.
    """
    values, secret = _check(wanted)
    with transaction.atomic():
        zone = LandingZone.unscoped.select_for_update().select_related("app", "district").get(pk=zone.pk)
        before = _facts(zone)
        is_same_server = (zone.host, zone.port) == (values["host"], values["port"])
        is_same_door = is_same_server and (zone.remote_username, zone.remote_sign_in) == (values["remote_username"], wanted.way)
        if not secret and not (is_same_door and zone.remote_secret):
            field = "password" if wanted.way == LandingZone.SignIn.PASSWORD else "private_key"
            raise SignInRefused({field: AGAIN if zone.remote_secret else FIRST[wanted.way]})
        if not is_same_server:
            zone.host_key = ""
        if not is_same_server or zone.remote_path != values["remote_path"] or zone.remote_username != values["remote_username"]:
            zone.pulled = {}
        if secret:
            zone.remote_secret = lock_secret(secret)
        for name, value in values.items():
            setattr(zone, name, value)
        zone.server, zone.remote_sign_in = LandingZone.Server.CUSTOM, wanted.way
        zone.save(update_fields=[*values, "server", "remote_sign_in", "remote_secret", "host_key", "pulled"])
        changed = {name: value for name, value in _facts(zone).items() if before[name] != value}
        target = zone.app.get_kind_display()
        if changed:
            record_event(district=zone.district, action="landing.server_changed", by=by, target=target, address=address, **changed)
        if secret:
            record_event(district=zone.district, action="landing.secret_set", by=by, target=target, address=address, host=zone.host)
    return Saved(zone, bool(changed or secret))


def trust_host_key(*, zone: LandingZone, host: str, port: int, line: str, by: User, address: str | None) -> bool:
    """Pin the key that the server at that host and port showed; False if the app has another server by now."""
    key = key_of_line(line)
    with transaction.atomic():
        zone = LandingZone.unscoped.select_for_update().select_related("app", "district").get(pk=zone.pk)
        if (zone.host, zone.port) != (host, port):
            return False
        before = key_of_line(zone.host_key).fingerprint if zone.host_key else ""
        zone.host_key = key.line
        zone.save(update_fields=["host_key"])
        facts = {"host": host, "port": port, "fingerprint": key.fingerprint, "before": before}
        record_event(
            district=zone.district, action="landing.host_trusted", by=by, target=zone.app.get_kind_display(), address=address, **facts
        )
    return True


def _check(wanted: RemoteServer) -> tuple[dict[str, Any], str]:
    """The values of the zone's columns, and the new secret."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}

    def take(column: str, field: str, check: Callable[[Any], Any], typed: Any) -> None:
        try:
            values[column] = check(typed)
        except RuleBroken as broken:
            problems[field] = str(broken)

    take("host", "host", checked_host, wanted.host)
    take("port", "port", checked_port, wanted.port)
    take("remote_username", "username", checked_remote_user, wanted.username)
    take("remote_path", "path", checked_path, wanted.path)
    if wanted.way == LandingZone.SignIn.PASSWORD:
        take("secret", "password", checked_remote_password, wanted.password)
    elif wanted.private_key:
        take("secret", "private_key", checked_private_key, wanted.private_key)
    if problems:
        raise SignInRefused(problems)
    return values, values.pop("secret", "")


def _facts(zone: LandingZone) -> dict[str, object]:
    """What the audit trail says of the server; nothing of it is secret."""
    return {
        "server": LandingZone.Server(zone.server).label,
        "host": zone.host,
        "port": zone.port,
        "username": zone.remote_username,
        "authentication": LandingZone.SignIn(zone.remote_sign_in).label,
        "path": zone.remote_path,
    }

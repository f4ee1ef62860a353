"""Who signs in to a landing zone: user name, password, way of signing in, and from where. Saved at once; no part of the versioned configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.audit import record_event
from imports.landing_rules import RuleBroken, checked_networks, checked_password, checked_username
from imports.models import LandingZone

TAKEN = "This user name is not free. Choose another."


class SignInRefused(Exception):
    """Nothing was saved; `problems` says by field (username, password, addresses, ...) why."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is to be saved. An empty password leaves the present one; `addresses` is text, a network per line."""

    username: str
    way: LandingZone.SignIn
    addresses: str
    password: str = ""
    is_generated: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved: the zone as it is now, whether anything differs, and what was read differently from how it was typed."""

    zone: LandingZone
    is_changed: bool
    notes: Sequence[str] = ()


def save_sign_in(
    *, zone: LandingZone, wanted: SignIn, by: User | None, address: str | None, server: LandingZone.Server = LandingZone.Server.PORTAL
) -> Saved:
    """Save it, and make this portal's server (or the other one) the one that files come by.

    Raises:
        SignInRefused: nothing is changed.
    """
    networks, notes = _check(zone, wanted)
    hashed = make_password(wanted.password) if wanted.password else ""
    try:
        with transaction.atomic():
            zone = LandingZone.unscoped.select_for_update().select_related("app", "district").get(pk=zone.pk)
            before = _facts(zone)
            zone.username, zone.sign_in, zone.allowed_addresses = wanted.username.strip(), wanted.way, networks
            zone.server = server
            _refuse_taken(zone)
            if hashed:
                zone.password, zone.password_set_at = hashed, timezone.now()
            zone.save(update_fields=["username", "sign_in", "allowed_addresses", "server", "password", "password_set_at"])
            changed = {name: value for name, value in _facts(zone).items() if before[name] != value}
            target = zone.app.get_kind_display()
            if changed:
                record_event(district=zone.district, action="landing.sign_in_changed", by=by, target=target, address=address, **changed)
            if hashed:
                way = "generated" if wanted.is_generated else "typed"
                record_event(district=zone.district, action="landing.password_set", by=by, target=target, address=address, password=way)
    except IntegrityError as error:  # somebody took the name a moment ago
        raise SignInRefused({"username": TAKEN}) from error
    return Saved(zone, bool(changed or hashed), notes)


def _check(zone: LandingZone, wanted: SignIn) -> tuple[list[str], list[str]]:
    problems: dict[str, str] = {}
    networks: list[str] = []
    notes: list[str] = []
    if wanted.username.strip() != zone.username:  # what it had from the start stays right
        try:
            checked_username(wanted.username)
        except RuleBroken as broken:
            problems["username"] = str(broken)
    if wanted.password and not wanted.is_generated:
        try:
            checked_password(wanted.password, wanted.username)
        except RuleBroken as broken:
            problems["password"] = str(broken)
    try:
        networks, notes = checked_networks(wanted.addresses)
    except RuleBroken as broken:
        problems["addresses"] = str(broken)
    if problems:
        raise SignInRefused(problems)
    return networks, notes


def _refuse_taken(zone: LandingZone) -> None:
    """Names that differ in capitals alone are taken, too: whoever types one in a hurry must not knock at another district's door."""
    if LandingZone.unscoped.filter(username__iexact=zone.username).exclude(pk=zone.pk).exists():
        raise SignInRefused({"username": TAKEN})


def _facts(zone: LandingZone) -> dict[str, object]:
    """What the audit trail says of a zone's sign-in; nothing of it is secret."""
    return {
        "server": LandingZone.Server(zone.server).label,
        "username": zone.username,
        "authentication": LandingZone.SignIn(zone.sign_in).label,
        "allowed_addresses": list(zone.allowed_addresses) or "from anywhere",
    }

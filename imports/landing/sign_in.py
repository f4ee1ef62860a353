"""Whether somebody may sign in to a landing zone. Everything here asks the database, so it runs in threads."""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from imports.models import LandingKey, LandingZone
from imports.public_keys import is_strong

Way = Literal["password", "key", "test"]


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to be in a zone, and what it rests on."""

    zone_id: int
    district_id: int
    app_id: int
    username: str
    address: str
    way: Way
    proof: str  # the password's hash, the number of the key's row, or the test key
    key_name: str = ""


def by_password(username: str, password: str, address: str) -> Grant | None:
    """The grant of a password; None for whoever may not sign in, always after the time that a check takes."""
    zone = _zone(username)
    usable = zone is not None and zone.sign_in == LandingZone.SignIn.PASSWORD and bool(zone.password)
    is_right = check_password(password, zone.password if zone is not None and usable else _nobodys())
    if zone is None or not usable or not is_right or not is_allowed(zone.allowed_addresses, address):
        return None
    return _grant(zone, address, "password", zone.password)


def by_key(username: str, blob: bytes, address: str) -> Grant | None:
    """The grant of a public key (of which the client has yet to prove that it has the private one)."""
    zone = _zone(username)
    keys = list(LandingKey.unscoped.filter(zone=zone.pk if zone else 0))  # asked for in vain, too: time must not tell which users there are
    if zone is None:
        return None
    if _is_test(zone, blob):
        return _grant(zone, address, "test", zone.test_key)
    if zone.sign_in != LandingZone.SignIn.KEY or not is_allowed(zone.allowed_addresses, address):
        return None
    for key in keys:
        if blob_of(key.line) == blob and is_strong(blob):
            return _grant(zone, address, "key", str(key.pk), str(key))
    return None


def still_holds(grant: Grant) -> bool:
    """Whether what a grant rests on is still there: the password, the key, the way of signing in, the address."""
    zone = (
        LandingZone.objects.of(grant.district_id)
        .filter(pk=grant.zone_id, username=grant.username, server=LandingZone.Server.PORTAL)
        .first()
    )
    if zone is None:
        return False
    if grant.way == "test":
        return True  # over within seconds, by itself
    if not is_allowed(zone.allowed_addresses, grant.address):
        return False
    if grant.way == "password":
        return zone.sign_in == LandingZone.SignIn.PASSWORD and zone.password == grant.proof
    has_key = LandingKey.objects.of(grant.district_id).filter(pk=grant.proof, zone=zone).exists()
    return zone.sign_in == LandingZone.SignIn.KEY and has_key


def district_of(username: str) -> int | None:
    """The district whose zone somebody tried to enter."""
    return LandingZone.unscoped.filter(username=username).values_list("district", flat=True).first()


def key_was_used(grant: Grant) -> None:
    """Remember when a key was last used."""
    LandingKey.objects.of(grant.district_id).filter(pk=grant.proof).update(used_at=timezone.now())


def is_allowed(networks: list[str], address: str) -> bool:
    """Whether an address is in one of the networks; from anywhere when none is named."""
    if not networks:
        return True
    try:
        client = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(client, ipaddress.IPv6Address) and client.ipv4_mapped:
        client = client.ipv4_mapped
    return any(client in network for network in map(_network, networks) if network is not None)


def blob_of(line: str) -> bytes:
    """Return the key in a line of type and key; nothing when it is none."""
    try:
        return base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error):
        return b""


def _zone(username: str) -> LandingZone | None:
    return LandingZone.unscoped.filter(username=username, server=LandingZone.Server.PORTAL).first()


def _grant(zone: LandingZone, address: str, way: Way, proof: str, key_name: str = "") -> Grant:
    return Grant(zone.pk, zone.district_id, zone.app_id, zone.username, address, way, proof, key_name)


def _is_test(zone: LandingZone, blob: bytes) -> bool:
    until = zone.test_key_until
    return bool(zone.test_key) and until is not None and until > timezone.now() and blob_of(zone.test_key) == blob


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@cache
def _nobodys() -> str:
    """A hash that no password fits."""
    return make_password("\0 nobody")

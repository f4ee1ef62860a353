"""What may be the user name, the password and the allowed addresses of a landing zone. Each function returns the cleaned value or refuses it in a sentence."""

import ipaddress
import re
import secrets
from functools import cache
from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError

from imports.models import LandingZone

LEAST_PASSWORD, MOST_PASSWORD = 12, 256
MOST_NETWORKS = 100
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}")
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks like something else
_GROUPS, _GROUP = 5, 5  # 25 signs of 31: 123 bits
_SEPARATORS = re.compile(r"[\s,;]+")


class RuleBroken(Exception):
    """A value cannot be taken; the message says why and how to mend it."""


def checked_username(text: str) -> str:
    """A user name of letters, digits, dots, underscores and hyphens.

    Raises:
        RuleBroken: it is none.
    """
    text = text.strip()
    if not _USERNAME.fullmatch(text):
        raise RuleBroken("A user name has 3 to 64 letters, digits, dots, underscores or hyphens, and begins with a letter or a digit.")
    return text


def checked_password(password: str, username: str) -> str:
    """A password that is hard to guess and that every client sends in the same way.

    Raises:
        RuleBroken: it is too short, too common, too close to the user name, or holds what clients send differently.
    """
    if len(password) > MOST_PASSWORD:
        raise RuleBroken(f"The password has more than {MOST_PASSWORD} characters. Use a shorter one.")
    if not password.isascii() or not password.isprintable():
        raise RuleBroken("Use letters, digits and signs of a plain keyboard: clients do not agree on how to send others.")
    if password != password.strip():
        raise RuleBroken("The password begins or ends with a space, which is easily lost. Remove it.")
    if len(password) < LEAST_PASSWORD:
        raise RuleBroken(f"The password has {len(password)} characters. At least {LEAST_PASSWORD} are needed.")
    for validator, sentence in _validators():
        try:
            validator.validate(password, LandingZone(username=username))
        except ValidationError as error:
            raise RuleBroken(sentence) from error
    return password


@cache
def _validators() -> tuple[tuple[Any, str], ...]:
    """Django's validators, with what each refusal says here; kept, for one of them reads a long list."""
    return (
        (NumericPasswordValidator(), "The password is digits alone. Add letters or signs."),
        (CommonPasswordValidator(), "This password is among the most common ones, which are tried first. Use another, or Generate."),
        (UserAttributeSimilarityValidator(("username",)), "The password is too much like the user name. Use another, or Generate."),
    )


def new_password() -> str:
    """A random password that can be read aloud: 25 letters and digits in groups of five."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(_GROUP)) for _ in range(_GROUPS))


def checked_networks(text: str) -> tuple[list[str], list[str]]:
    """The networks of a text in CIDR form, each once, and what was read differently from how it was typed, in sentences.

    Raises:
        RuleBroken: naming the first entry that is no network.
    """
    found: list[str] = []
    notes: list[str] = []
    for typed in filter(None, _SEPARATORS.split(text)):
        network = _network(typed)
        if "/" in typed and ipaddress.ip_address(typed.partition("/")[0]) != network.network_address:
            notes.append(f"{typed} is taken as the network {network}.")
        if str(network) not in found:
            found.append(str(network))
    if len(found) > MOST_NETWORKS:
        raise RuleBroken(f"There are {len(found)} networks; at most {MOST_NETWORKS} are taken. Join neighbours into larger ones.")
    return found, notes


def _network(typed: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network("" if "%" in typed else typed, strict=False)  # a scope means nothing on another machine
    except ValueError as error:
        raise RuleBroken(f"{typed[:60]} is no address and no network. Write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.") from error
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network(f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}", strict=False)
    return network

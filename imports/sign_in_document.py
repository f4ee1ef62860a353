"""The sign-in keys of an SFTP app's document: delivery.username, password and public_keys. They go to the landing zone and are never part of a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imports.config import SIGN_INS, ConfigProblem
from imports.landing_rules import RuleBroken, checked_password, checked_username
from imports.public_keys import KeyRefused, PublicKey, read_public_keys


@dataclass(frozen=True, slots=True)
class SignInPart:
    """What a document says of them; None is what it leaves as it is."""

    username: str | None = None
    password: str | None = None
    public_keys: Sequence[PublicKey] | None = None


def has_sign_in(document: Any) -> bool:
    """Whether a document names any of them."""
    return any(key in SIGN_INS for key in _delivery(document))


def read_sign_in(document: Any, username: str, problems: list[ConfigProblem]) -> SignInPart:
    """What a document says of them, read over the present user name; faults are added to `problems`.

    The shapes (texts, a list) are checked by `parse_config`: what has a wrong one is passed over here.
    """
    given = _delivery(document)

    def text(key: str) -> str | None:
        return given[key] if isinstance(given.get(key), str) else None

    wanted, password, listed = text("username"), text("password"), given.get("public_keys")
    if wanted is not None and wanted != username:
        _refuse(problems, "delivery.username", lambda: checked_username(wanted))
    if password is not None:
        _refuse(problems, "delivery.password", lambda: checked_password(password, wanted or username))
    keys = _read_keys(listed, problems) if isinstance(listed, list) else None
    return SignInPart(wanted, password, keys)


def _read_keys(listed: list[Any], problems: list[ConfigProblem]) -> list[PublicKey]:
    keys: list[PublicKey] = []
    for number, line in enumerate(listed):
        if not isinstance(line, str):
            continue
        path = f"delivery.public_keys[{number}]"
        if any(problem.path == path for problem in problems):
            continue
        try:
            found = read_public_keys(line)
        except KeyRefused as refusal:
            problems.append(ConfigProblem(path, str(refusal)))
            continue
        if len(found) > 1:
            problems.append(ConfigProblem(path, "This holds several keys. Give each its own entry of the list."))
        elif any(key.fingerprint == found[0].fingerprint for key in keys):
            problems.append(ConfigProblem(path, "This key is in the list already. Remove one of the two."))
        keys += found
    return keys


def _refuse(problems: list[ConfigProblem], path: str, check: Any) -> None:
    if any(problem.path == path for problem in problems):
        return
    try:
        check()
    except RuleBroken as broken:
        problems.append(ConfigProblem(path, str(broken)))


def _delivery(document: Any) -> Mapping[str, Any]:
    delivery = document.get("delivery") if isinstance(document, Mapping) else None
    return delivery if isinstance(delivery, Mapping) else {}

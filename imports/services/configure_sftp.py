"""Configure an app from a document whose sign-in keys go to its landing zone: everything in one transaction, or nothing."""

from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts.models import User
from imports.config import ConfigProblem, ConfigRefused, merge_document, without_sign_ins
from imports.config_parser import parse_config
from imports.models import ConfigVersion, ImportApp, LandingZone
from imports.public_keys import KeyRefused
from imports.selectors.delivered import known_headers
from imports.services.landing_keys import replace_keys
from imports.services.landing_sign_in import SignIn, SignInRefused, save_sign_in
from imports.services.landing_zone import ensure_zone
from imports.services.save_config import save_config
from imports.sign_in_document import SignInPart, has_sign_in, read_sign_in

PASSWORD, KEY = LandingZone.SignIn.PASSWORD, LandingZone.SignIn.KEY


@transaction.atomic
def configure_sftp(*, app: ImportApp, document: Any, by: User | None, note: str) -> ConfigVersion:
    """Save the configuration, and what the document says of user name, password and public keys.

    A password makes the app Password-based; other keys than before, without a password, make it Key-based. What the document leaves out stays.

    Raises:
        ConfigRefused: with the path of every fault; nothing is changed.
    """
    zone = ensure_zone(app)
    problems: list[ConfigProblem] = []
    try:
        parse_config(merge_document(document, app.kind), app.kind, known_headers(app))
    except ConfigRefused as refusal:
        problems += refusal.problems
    part = read_sign_in(document, zone.username, problems)
    if problems:
        raise ConfigRefused(problems)
    version = save_config(app=app, document=without_sign_ins(document), by=by, note=note)
    if has_sign_in(document):
        _apply(zone, part, by)
    return version


def _apply(zone: LandingZone, part: SignInPart, by: User | None) -> None:
    try:
        is_other_keys = part.public_keys is not None and replace_keys(zone=zone, keys=part.public_keys, by=by)
    except KeyRefused as refusal:
        raise ConfigRefused([ConfigProblem("delivery.public_keys", str(refusal))]) from refusal
    way = PASSWORD if part.password else KEY if part.public_keys and is_other_keys else LandingZone.SignIn(zone.sign_in)
    is_new = part.password is not None and not check_password(part.password, zone.password)
    wanted = SignIn(part.username or zone.username, way, "\n".join(zone.allowed_addresses), (part.password or "") if is_new else "")
    try:
        save_sign_in(zone=zone, wanted=wanted, by=by, address=None, server=LandingZone.Server(zone.server))
    except SignInRefused as refusal:
        raise ConfigRefused([ConfigProblem(f"delivery.{field}", words) for field, words in refusal.problems.items()]) from refusal

"""The public keys that may sign in to a landing zone."""

from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.models import LandingKey, LandingZone
from imports.public_keys import LONGEST_COMMENT, KeyRefused, PublicKey, read_public_keys

MOST = 20  # keys of a zone


def add_keys(*, zone: LandingZone, given: bytes | str, name: str = "", by: User | None, address: str | None) -> list[LandingKey]:
    """Add the keys of a file or of a pasted text; `name` is put in place of the comment of a single one.

    Raises:
        KeyRefused: it holds no key, a weak one, one that is there already, or too many. Nothing is added.
    """
    keys = read_public_keys(given)
    name = " ".join(name.split())[:LONGEST_COMMENT]
    with transaction.atomic():
        zone = _locked(zone)
        known = set(zone.keys.values_list("fingerprint", flat=True))
        twice = next((key for key in keys if key.fingerprint in known), None)
        if twice:
            raise KeyRefused(f"The key {twice.fingerprint} is in the list already.")
        _refuse_too_many(len(known) + len(keys))
        return [_add(zone, key, name if name and len(keys) == 1 else key.comment, by, address) for key in keys]


def remove_key(*, key: LandingKey, by: User | None, address: str | None) -> None:
    """Remove a key; whoever has it can no longer sign in."""
    with transaction.atomic():
        _remove(_locked(key.zone), key, by, address)


def replace_keys(*, zone: LandingZone, keys: Sequence[PublicKey], by: User | None) -> bool:
    """Make these the keys of the zone; one that stays keeps its history. False if they are the same.

    Raises:
        KeyRefused: they are too many. Nothing is changed.
    """
    _refuse_too_many(len(keys))
    with transaction.atomic():
        zone = _locked(zone)
        wanted = {key.fingerprint: key for key in keys}
        present = {key.fingerprint: key for key in zone.keys.all()}
        for fingerprint in present.keys() - wanted.keys():
            _remove(zone, present[fingerprint], by, None)
        for fingerprint, key in wanted.items():
            if fingerprint not in present:
                _add(zone, key, key.comment, by, None)
    return wanted.keys() != present.keys()


def _locked(zone: LandingZone) -> LandingZone:
    return LandingZone.unscoped.select_for_update().select_related("app", "district").get(pk=zone.pk)


def _refuse_too_many(count: int) -> None:
    if count > MOST:
        raise KeyRefused(f"A landing zone can have {MOST} keys. Remove one that is not needed any more.")


def _add(zone: LandingZone, key: PublicKey, name: str, by: User | None, address: str | None) -> LandingKey:
    added = LandingKey.objects.create(district=zone.district, zone=zone, name=name, line=key.line, fingerprint=key.fingerprint, added_by=by)
    _record("landing.key_added", zone, added, by, address)
    return added


def _remove(zone: LandingZone, key: LandingKey, by: User | None, address: str | None) -> None:
    _record("landing.key_removed", zone, key, by, address)
    key.delete()


def _record(action: str, zone: LandingZone, key: LandingKey, by: User | None, address: str | None) -> None:
    facts = {"name": key.name, "type": key.line.split(" ")[0], "fingerprint": key.fingerprint}
    record_event(district=zone.district, action=action, by=by, target=zone.app.get_kind_display(), address=address, **facts)

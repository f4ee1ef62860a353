"""Test Connection: really sign in to the server an app's files come by, and write, read back and remove a file there."""

import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services.audit import record_event
from imports.models import LandingZone
from imports.public_keys import fingerprint_of_line
from imports.secrets import SecretLost
from imports.services.connection_words import Line, Mark, lines_of, mend
from imports.services.remote_door import remote_door
from imports.zone import Zone

if TYPE_CHECKING:
    from imports.sftp_client import Door, Progress

SECONDS = 10.0  # for everything together
_KEY_LIVES = timedelta(minutes=2)
_MOST_PER_MINUTE = 10
_PREFIX = ".connection-test-"
_ACTION = "landing.tested"


class TryRefused(Exception):
    """The test was not begun; the message says why."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `offered` is the key of the server where it is not the one that is trusted, `known` the fingerprint of that one."""

    is_ok: bool
    problem: str
    lines: Sequence[Line]
    offered: str = ""
    offered_fingerprint: str = ""
    known: str = ""


def try_connection(*, zone: LandingZone, host_keys: Sequence[str], password: str = "", by: User, address: str | None) -> Tried:
    """Try the server that is chosen.

    Args:
        zone: the landing zone.
        host_keys: the public keys of the portal's own server, as lines.
        password: to be tried, too, at the portal's own server; it is not kept.
        by: who asks.
        address: where from.

    Raises:
        TryRefused: another test is under way, or there were too many.
    """
    ends_at = _begin(zone)
    try:
        result = _test_remote(zone) if zone.server == LandingZone.Server.CUSTOM else _test_own(zone, host_keys, password)
    finally:
        LandingZone.unscoped.filter(pk=zone.pk, test_key_until=ends_at).update(test_key="", test_key_until=None)
    facts = {"server": LandingZone.Server(zone.server).label, "result": "OK" if result.is_ok else result.problem}
    record_event(district=zone.district, action=_ACTION, by=by, target=zone.app.get_kind_display(), address=address, **facts)
    return result


def _begin(zone: LandingZone) -> datetime:
    """One test at a time, and not too many in a row: it holds a process, and knocks at somebody's door."""
    now = timezone.now()
    with transaction.atomic():
        locked = LandingZone.unscoped.select_for_update().get(pk=zone.pk)
        if locked.test_key_until is not None and locked.test_key_until > now:
            raise TryRefused("A test of this connection is under way. Wait until it has ended, two minutes at most, and try again.")
        lately = AuditEvent.objects.of(zone.district_id).filter(action=_ACTION, at__gt=now - timedelta(minutes=1))
        if lately.count() >= _MOST_PER_MINUTE:
            raise TryRefused("The connection was tested many times within a minute. Wait a minute, and try again.")
        locked.test_key, locked.test_key_until = "", now + _KEY_LIVES
        locked.save(update_fields=["test_key", "test_key_until"])
    return now + _KEY_LIVES


# --- the portal's own server ---------------------------------------------------------------------------------------------


def _test_own(zone: LandingZone, host_keys: Sequence[str], password: str) -> Tried:
    """Sign in as the zone's user with a key that lives as long as the test, then with the password, if one is to be tried."""
    from imports.sftp_client import Door
    from imports.sftp_trial import write_and_read

    host, _, port = settings.PORTAL_SFTP_CONNECT.rpartition(":")
    key = Ed25519PrivateKey.generate()
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    LandingZone.unscoped.filter(pk=zone.pk).update(test_key=line)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    door = Door(host.strip("[]"), int(port), zone.username, host_keys, private_key=private, is_own=True)
    name = f"{_PREFIX}{secrets.token_hex(8)}"
    try:
        result = _run("own", door, lambda progress: write_and_read(door, progress, name))
    finally:
        _clear(Zone(zone.pk), name)
    if not result.is_ok or not password:
        return result
    return _with_password(result, zone, Door(door.host, door.port, zone.username, host_keys, password=password, is_own=True))


def _with_password(result: Tried, zone: LandingZone, door: "Door") -> Tried:
    """Sign in by the password, too. A wrong one is not sent: the server would count it as an attack."""
    from imports.sftp_trial import only_sign_in

    words = "Sign in with the password to try"
    if zone.sign_in != LandingZone.SignIn.PASSWORD:
        problem = "The password was not tried: the app is Key-based, so no password signs in."
    elif not check_password(door.password, zone.password):
        problem = "The password to try is not the one that is saved. Type it again, or save it as the new one."
    else:
        tried = _run("own", door, lambda progress: only_sign_in(door, progress))
        problem = "" if tried.is_ok else tried.problem
    mark = Mark.FAILED if problem else Mark.DONE
    return Tried(not problem, problem, [*result.lines, Line(words, mark)])


def _clear(zone: Zone, name: str) -> None:
    """What a test that was broken off left in the zone."""
    with zone.lock():
        (zone.root / name).unlink(missing_ok=True)
        zone.unmark(name)


# --- the district's own server -------------------------------------------------------------------------------------------


def _test_remote(zone: LandingZone) -> Tried:
    """Sign in, list the folder, and see whether a file can be written; for pulling it need not be."""
    try:
        door = remote_door(zone)
    except SecretLost as lost:
        return Tried(False, str(lost), lines_of([], "sign_in"))
    from imports.sftp_trial import list_and_write

    name = f"{_PREFIX}{secrets.token_hex(8)}"
    return _run("custom", door, lambda progress: list_and_write(door, progress, zone.remote_path, name), known=zone.host_key)


# --- step by step --------------------------------------------------------------------------------------------------------


def _run(server: str, door: "Door", work: Callable[["Progress"], Coroutine[Any, Any, str]], known: str = "") -> Tried:
    """Do the work within the time; it returns a note beside its success, and which steps were left out."""
    from imports.sftp_client import Progress, StepFailed, run_within

    progress = Progress()
    try:
        note = run_within(work(progress), SECONDS)
    except StepFailed as failed:
        lines = lines_of(progress.done, failed.step, server=server)
        if failed.offered is None:
            return Tried(False, mend(server, failed.step, str(failed)), lines)
        expected = fingerprint_of_line(known) if known else ""
        problem = mend(server, "changed" if expected or server == "own" else "unknown", "")
        return Tried(False, problem, lines, failed.offered.line, failed.offered.fingerprint, expected)
    except TimeoutError:
        return Tried(
            False,
            mend(server, progress.now, f"There was no answer within {SECONDS:.0f} seconds."),
            lines_of(progress.done, progress.now, server=server),
        )
    return Tried(True, "", lines_of([*progress.done, progress.now], None, server=server, note=note))

"""Pull new files from the district's own server into the landing zone, where they wait as if somebody had uploaded them."""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from formats.oneroster.tables import FILE_NAMES, MANIFEST
from imports.models import LandingZone
from imports.secrets import SecretLost
from imports.services.connection_words import mend
from imports.services.remote_door import remote_door
from imports.zone import Zone, is_temporary

if TYPE_CHECKING:
    from imports.sftp_pull import Remote

SECONDS = 3600.0  # for one pull
PATIENCE = 60.0  # seconds, for another pull of the same zone to end
_MB = 1024 * 1024
_PREFIX = ".pull-"  # of files on their way; a name with a dot counts for nobody
_ROSTER = frozenset(name.casefold() for name in (*FILE_NAMES, MANIFEST))
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Left:
    """A roster file at the server that was not taken, and why, in a sentence."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class PullResult:
    """What a pull brought. `problem` says, in sentences, why it brought nothing though it should have; empty: all is well."""

    pulled: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether everything that is new was brought."""
        return not self.problem


def pull_new(zone: LandingZone) -> PullResult:
    """Bring what is new at the zone's custom server: all of it or nothing, for the files of a set belong together.

    Nothing is changed at the server. A file counts as new unless name, size, time and server are those of the last pull; one with a new time and the
    old content is passed over, too. Never raises for what the server does; a zone without a custom server has nothing to pull.
    """
    if zone.server != LandingZone.Server.CUSTOM:
        return PullResult()
    if not zone.host_key:
        return PullResult(problem="The server's host key is not trusted yet. Run Test Connection in Delivery Configuration and trust it.")
    try:
        with _alone(Zone(zone.pk)):
            zone.refresh_from_db()
            return _pull(zone)
    except SecretLost as lost:
        return PullResult(problem=str(lost))
    except TimeoutError:
        return PullResult(problem="Another pull from this server is under way. Try again when it has ended.")


@contextmanager
def _alone(zone: Zone) -> Iterator[None]:
    """Keep other pulls of the zone out, and clear away what a killed one left."""
    zone.create()
    handle = os.open(zone.marks / ".pull", os.O_CREAT | os.O_RDWR, 0o600)
    ends = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > ends:
                    raise TimeoutError from error
                time.sleep(0.1)
        _clear(zone)
        yield
        _clear(zone)
    finally:
        os.close(handle)


def _clear(zone: Zone) -> None:
    for path in zone.root.glob(f"{_PREFIX}*"):
        if path.is_symlink() or not path.is_dir():  # a folder of such a name is a client's
            path.unlink(missing_ok=True)


def _pull(zone: LandingZone) -> PullResult:
    from imports.sftp_client import Progress, StepFailed, run_within
    from imports.sftp_pull import fetch

    choice, progress = _Choice(zone), Progress()
    try:
        haul = run_within(fetch(remote_door(zone), zone.remote_path, choice, settings.PORTAL_SFTP_SETTLE_SECONDS, progress), SECONDS)
    except TimeoutError:
        words = mend("custom", progress.now, f"It took longer than {SECONDS / 60:.0f} minutes.")
        return PullResult(left=tuple(choice.left), problem=f"{words} Nothing was taken.")
    except StepFailed as failed:
        step = "changed" if failed.offered is not None else failed.step
        words = mend("custom", step, "" if failed.offered is not None else str(failed))
        return PullResult(left=tuple(choice.left), problem=f"{words} Nothing was taken.")
    if haul.unsettled:
        names = ", ".join(sorted(haul.unsettled)[:3])
        return PullResult(
            left=tuple(choice.left), problem=f"{names} is still being written at the server. Nothing was taken; the next run tries again."
        )
    pulled = [remote.name for remote, path in haul.files.items() if _place(zone, remote, path)]
    return PullResult(tuple(pulled), tuple(choice.left))


class _Choice:
    """Chooses what to fetch: roster files and zips that are new, none too large, and not more than the zone has room for."""

    def __init__(self, zone: LandingZone) -> None:
        self.zone = zone
        self.left: list[Left] = []

    def __call__(self, found: Sequence["Remote"]) -> Mapping["Remote", Path]:
        """Of the files found the ones to fetch, and where to; what is passed over is in `left`."""
        self.left = []
        wanted = [remote for remote in found if self._is_wanted(remote)]
        room = settings.PORTAL_SFTP_QUOTA_MB * _MB - _used(Zone(self.zone.pk))
        if sum(remote.size for remote in wanted) > room:
            self.left += [
                Left(remote.name, "The landing zone has no room for it. Remove files that are not needed from it.") for remote in wanted
            ]
            return {}
        root = Zone(self.zone.pk).root
        return {remote: root / f"{_PREFIX}{secrets.token_hex(8)}" for remote in sorted(wanted, key=lambda one: one.name)}

    def _is_wanted(self, remote: "Remote") -> bool:
        is_zip = remote.name.lower().endswith(".zip")
        if is_temporary(remote.name) or not (is_zip or remote.name.casefold() in _ROSTER):
            return False
        if (Zone(self.zone.pk).root / remote.name).is_dir():
            self.left.append(Left(remote.name, "In the landing zone there is a folder of this name. Remove or rename it there."))
            return False
        before = self.zone.pulled.get(remote.name, {})
        if (before.get("size"), before.get("modified")) == (remote.size, remote.modified):
            return False
        most = settings.PORTAL_MAX_UPLOAD_MB if is_zip else settings.PORTAL_MAX_FILE_MB
        if remote.size > most * _MB:
            self.left.append(Left(remote.name, f"It is larger than {most:,} MB."))
            return False
        return True


def _used(zone: Zone) -> int:
    counted = 0
    for folder, _folders, names in os.walk(zone.root):
        for name in names:
            try:
                counted += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - of a hundred thousand files
            except FileNotFoundError:  # removed meanwhile
                continue
    return counted


def _place(zone: LandingZone, remote: "Remote", path: Path) -> bool:
    """Put a fetched file to the files that wait, and remember it; False if its content is the one of the last pull, or waits already."""
    before, digest = zone.pulled.get(remote.name, {}), _digest(path)
    is_new = before.get("sha256") != digest and _put(Zone(zone.pk), remote, path, digest)
    zone.pulled[remote.name] = {"size": remote.size, "modified": remote.modified, "sha256": digest}
    _remember(zone)
    return is_new


def _put(zone: Zone, remote: "Remote", path: Path, digest: str) -> bool:
    """Rename it into its place, as old as it is at the server, so that it need not settle again."""
    now = time.time()
    os.utime(path, (now, min(remote.modified, now - settings.PORTAL_SFTP_SETTLE_SECONDS - 1)))
    path.chmod(0o600)
    target = zone.root / remote.name
    waiting = _digest(target) if target.is_file() and target.stat().st_size == remote.size else ""
    with zone.lock():
        if waiting == digest and target.is_file() and not zone.is_marked(remote.name):
            return False
        path.replace(target)
        zone.unmark(remote.name)
    return True


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _remember(zone: LandingZone) -> None:
    """Unless the app has another server by now."""
    same: dict[str, Any] = {name: getattr(zone, name) for name in ("server", "host", "port", "remote_username", "remote_path")}
    LandingZone.unscoped.filter(pk=zone.pk, **same).update(pulled=zone.pulled)

"""Files on their way out of a landing zone: a folder of their own per run, which a killed run leaves for whoever comes next.

A batch is in exactly one place at any moment: in its folder out of the user's sight, put back into the zone, or in the archive. Whether its run came
to its end is a fact of the database: a delivery names the batch. Source: docs/decisions/0023-landing-zones.md
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from accounts.times import zone_of
from imports.models import Arrival, Delivery, ImportApp, LandingZone
from imports.services.receipts import write_receipt
from imports.zone import PRIVATE, Zone
from imports.zone_files import shown

log = logging.getLogger(__name__)
IGNORED = "ignored"  # the folder of a batch with what came along and was passed over
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class Batch:
    """A folder with files on their way, and the lock by which others know that it is being worked on."""

    zone: Zone
    token: str
    handle: int = -1

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.zone.taking / self.token

    def take(self, name: str, *, is_ignored: bool) -> None:
        """Move a file of the zone's top folder into it; the caller holds the zone's lock."""
        folder = self.folder / IGNORED if is_ignored else self.folder
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        (self.zone.root / name).rename(folder / name)

    def release(self) -> None:
        """Nobody works on it any more: what is still in it is the next one's to put right. Also done by the kernel when the process dies."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def begin_batch(zone: Zone) -> Batch:
    """An empty batch that is this run's; the caller holds the zone's lock, so nobody sees the folder before it is locked."""
    batch = Batch(zone, secrets.token_hex(16))
    batch.folder.mkdir(mode=PRIVATE)
    batch.handle = os.open(batch.folder, _OPEN)
    fcntl.flock(batch.handle, fcntl.LOCK_EX)
    return batch


@contextmanager
def scanning(zone: Zone) -> Iterator[None]:
    """Keep every other scan and recovery of the zone out of the same block; bytes may be read in it. Taken before the zone's lock, never after."""
    zone.create()
    handle = os.open(zone.marks / ".scan", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_on_its_way(zone: Zone, name: str) -> bool:
    """Whether a batch holds a file that is shown by this name; the caller holds the zone's lock."""
    held = (path.name for folder in _folders(zone) for path in (*_entries(folder), *_entries(folder / IGNORED)))
    return any(shown(one) == shown(name) for one in held)


def recover(zone: Zone, app: ImportApp) -> None:
    """Put right what killed runs left: a batch that a delivery names is archived, every other one goes back to where it came from.

    The caller is `scanning`. Batches of living runs are left alone.
    """
    for folder in _folders(zone):
        batch = Batch(zone, folder.name)
        with zone.lock():
            batch.handle = _seized(folder)
        if batch.handle < 0:
            continue
        try:
            delivery = _named_by(app, batch.token)
            if delivery is not None:
                finish_batch(batch, delivery)
            else:
                _put_back(batch, app)
        except OSError:
            log.exception("Batch %s of landing zone %s could not be put right now; the next scan tries again.", batch.token, zone.zone_id)
        finally:
            batch.release()


def finish_batch(batch: Batch, delivery: Delivery) -> None:
    """Tell its files' receipts what became of them, then move it to the archive: that is last, so whoever comes next knows what is left to do."""
    zone = batch.zone
    for arrival in delivery.arrivals.select_related("district").order_by("pk"):
        write_receipt(zone, arrival)
    zone.archive.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with zone.lock():
        name = _free_name(zone, delivery.archived_as or f"{day_in(delivery)}-{batch.token[:8]}")
        batch.folder.rename(zone.archive / name)
    if name != delivery.archived_as:
        Delivery.objects.of(delivery.district_id).filter(pk=delivery.pk).update(archived_as=name)


def day_in(owned: Delivery | ImportApp) -> str:
    """The day it is in a district."""
    return f"{timezone.now().astimezone(zone_of(owned.district)):%Y-%m-%d}"


def _put_back(batch: Batch, app: ImportApp) -> None:
    """Back into the zone. Where something newer lies, or is just being written, that stays, and the older one goes to the archive."""
    zone, aside = batch.zone, f"replaced-{day_in(app)}-{batch.token[:8]}"
    with zone.lock():
        displaced = [shown(name) for name in _put_back_files(batch, zone.archive / aside)]
        for folder in (batch.folder / IGNORED, batch.folder):
            if folder.is_dir():
                folder.rmdir()
    if displaced:
        _tell_displaced(zone, app, displaced, f"archive/{aside}/")


def _put_back_files(batch: Batch, aside: Path) -> Iterator[str]:
    """Yields the names that something newer has."""
    zone = batch.zone
    for path in sorted([*batch.folder.iterdir(), *_entries(batch.folder / IGNORED)]):
        if path == batch.folder / IGNORED:
            continue
        target = zone.root / path.name
        if not os.path.lexists(target) and not zone.is_marked(path.name):
            path.rename(target)
            continue
        aside.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        path.rename(aside / path.name)
        yield path.name


def _tell_displaced(zone: Zone, app: ImportApp, names: Iterable[str], where: str) -> None:
    waiting = Arrival.objects.of(app.district_id).filter(app=app, state=Arrival.State.WAITING, path__in=list(names))
    for arrival in waiting.select_related("district"):
        arrival.state, arrival.settled_at = Arrival.State.REPLACED, timezone.now()
        arrival.reason = f"Replaced before a run took it. This older content lies in {where} now."
        write_receipt(zone, arrival)
        arrival.save(update_fields=["state", "settled_at", "reason"])


def _named_by(app: ImportApp, token: str) -> Delivery | None:
    """The delivery of a batch. A run that was killed while it committed may still be committing: it holds the zone's row until that is over."""
    with transaction.atomic() if connection.features.has_select_for_update else _nothing():
        if connection.features.has_select_for_update:
            LandingZone.objects.of(app.district_id).select_for_update(no_key=True).filter(app=app).first()
        return Delivery.objects.of(app.district_id).select_related("district").filter(app=app, batch=token).first()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _free_name(zone: Zone, wanted: str) -> str:
    """The name, or the name with a number where the archive has it already, as it may after the database was restored."""
    number, name = 1, wanted
    while os.path.lexists(zone.archive / name):
        number += 1
        name = f"{wanted}-{number}"
    return name


def _seized(folder: Path) -> int:
    """A handle that holds the folder's lock; -1 where another process has it, or the folder is gone."""
    try:
        handle = os.open(folder, _OPEN)
    except OSError:
        return -1
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return -1
    return handle


def _folders(zone: Zone) -> list[Path]:
    return [path for path in _entries(zone.taking) if path.is_dir() and not path.is_symlink()]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []

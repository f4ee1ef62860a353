"""Which files an app's counts stand on: those of the newest delivery that was read, and of every file that it lacks the last accepted copy."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imports.files import limits, local_copy, scratch_folder
from imports.models import Delivery, ImportApp, Sync
from imports.reading import Opened, open_files
from imports.selectors.last_good import BULK, FILES, last_copies
from imports.states import State, SyncKind


@dataclass(frozen=True, slots=True)
class Part:
    """Some files ("users") of a delivery, zipped ones among them."""

    delivery: Delivery
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Copies:
    """What counts stand on. sync_id: the sync of the newest delivery. parts: the newest delivery first; a single one is taken with all it holds."""

    sync_id: int
    parts: tuple[Part, ...]

    @property
    def newest(self) -> Delivery:
        """The newest delivery."""
        return self.parts[0].delivery

    @property
    def is_single(self) -> bool:
        """Whether one delivery brought them all."""
        return len(self.parts) == 1

    @property
    def key(self) -> str:
        """What they are kept under: other files have another key."""
        if self.is_single:
            return str(self.newest.pk)
        named = "\n".join(f"{part.delivery.pk}:{','.join(sorted(part.files))}" for part in self.parts)
        return f"{self.newest.pk}+{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def find_copies(app: ImportApp) -> Copies | None:
    """The files that counts of an app stand on; None before anything was read.

    A delta is no copy of its file where a full one was accepted before.
    """
    sync = newest_read(app)
    if sync is None:
        return None
    had = {str(file["name"]).removesuffix(".csv"): str(file.get("mode", BULK)) for file in sync.detail.files or []}
    if not had or all(had.get(file) == BULK for file in FILES):  # it holds all there is, or waits to be read
        return Copies(sync.pk, (Part(sync.delivery, frozenset(had)),))
    earlier = last_copies(app)
    from_earlier = {file: copy for file, copy in earlier.items() if had.get(file) != BULK}
    chosen: dict[int, set[str]] = {sync.delivery_id: set(had) - set(from_earlier)}
    for file, copy in from_earlier.items():
        chosen.setdefault(copy.delivery_id, set()).add(file)
    deliveries = Delivery.objects.of(app.district_id).in_bulk([pk for pk, files in chosen.items() if files])
    parts = [Part(deliveries[pk], frozenset(files)) for pk, files in chosen.items() if files and pk in deliveries]
    parts.sort(key=lambda part: -part.delivery.pk)
    return Copies(sync.pk, tuple(parts)) if parts else None


def newest_read(app: ImportApp) -> Sync | None:
    """The sync of the newest delivery that was read."""
    readable = Sync.objects.of(app.district_id).filter(app=app, delivery__is_empty=False).exclude(state__in=[State.FAILED, State.CANCELLED])
    readable = readable.exclude(kind=SyncKind.ROLLBACK).exclude(detail__files=[], state__in=[State.QUEUED, State.RUNNING])
    return readable.select_related("delivery", "detail").order_by("-pk").first()


@contextmanager
def opened_copies(copies: Copies) -> Iterator[tuple[list[tuple[Part, Opened]], Path]]:
    """Every delivery of them unpacked, in a folder that is gone afterwards; what is wanted of each is named by its part.

    Raises:
        Refused: one of them cannot be read any more.
    """
    with scratch_folder() as scratch:
        opened = []
        for number, part in enumerate(copies.parts):
            folder = scratch / str(number)
            (folder / "delivered").mkdir(parents=True)
            paths = [local_copy(file.stored_as, folder / "delivered" / file.name) for file in part.delivery.files.all()]
            opened.append((part, open_files(paths, folder, limits(), ())))
        yield opened, scratch

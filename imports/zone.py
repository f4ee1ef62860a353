"""Where the landing zones lie, which files in them are still being written, and the lock between who writes and who takes.

A zone's folder is all that its user sees. Beside it, out of every user's sight, lies a mark for each file whose writing has begun and not ended well:
it is put there before the first byte and goes away when the client closes the file properly. So a file without a mark is whole, whatever was
killed meanwhile. Source: the reference's landing zone; decision 0023.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

PRIVATE = 0o700
ARCHIVE, RECEIPTS = "archive", "receipts"  # folders of the zone that the client may read, and no more
TEMPORARY = (".part", ".filepart", ".tmp")  # how names end that clients give to files they will rename


@dataclass(frozen=True, slots=True)
class Zone:
    """The folders of one landing zone."""

    zone_id: int

    @property
    def root(self) -> Path:
        """What the user sees as /."""
        return settings.PORTAL_LANDING_DIR / "zones" / str(self.zone_id)

    @property
    def archive(self) -> Path:
        """Taken files, a folder per run."""
        return self.root / ARCHIVE

    @property
    def receipts(self) -> Path:
        """A text file per arrival."""
        return self.root / RECEIPTS

    @property
    def taking(self) -> Path:
        """Files on their way out of the zone, a folder per batch; on the same disk, out of the user's sight."""
        return settings.PORTAL_LANDING_DIR / "taking" / str(self.zone_id)

    @property
    def marks(self) -> Path:
        """The marks of files being written."""
        return settings.PORTAL_LANDING_DIR / "open" / str(self.zone_id)

    def create(self) -> None:
        """Make what is missing, private to the portal's user."""
        for folder in (self.root, self.archive, self.receipts, self.taking, self.marks):
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other process and thread out of the same block for this zone: short, never while bytes are copied."""
        self.marks.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        handle = os.open(self.marks / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    # --- marks: the caller holds the lock ---

    def mark(self, path: str) -> None:
        """The file at the path is being written from now on."""
        self._mark_of(path).write_text(path, encoding="utf-8", errors="surrogateescape")

    def unmark(self, path: str) -> None:
        """The file at the path was closed properly, or is gone."""
        self._mark_of(path).unlink(missing_ok=True)

    def is_marked(self, path: str) -> bool:
        """Whether the file at the path is being written, or its writing was broken off."""
        return self._mark_of(path).exists()

    def move_marks(self, old: str, new: str) -> None:
        """A file or folder was renamed: what is unfinished stays so under its new name, and what was at the new name is gone."""
        moved = self.marked_under(old)
        if not moved:
            self.unmark(new)
        for path in moved:
            renamed = new + path[len(old) :]
            self.mark(renamed)  # first: no moment in which what is unfinished looks whole
            if renamed != path:
                self.unmark(path)

    def marked_under(self, path: str) -> list[str]:
        """What is unfinished of a file, or in a folder."""
        return [marked for marked in self._marked() if marked == path or marked.startswith(f"{path}/")]

    def _marked(self) -> list[str]:
        names = [entry for entry in self.marks.iterdir() if not entry.name.startswith(".")] if self.marks.is_dir() else []
        return [entry.read_text(encoding="utf-8", errors="surrogateescape") for entry in names]

    def _mark_of(self, path: str) -> Path:
        return self.marks / hashlib.sha256(path.encode("utf-8", errors="surrogateescape")).hexdigest()


def is_temporary(path: str) -> bool:
    """Whether a name says that it will be renamed, or is hidden."""
    pure = PurePosixPath(path)
    return any(part.startswith(".") for part in pure.parts) or pure.name.lower().endswith(TEMPORARY)


def host_keys_folder() -> Path:
    """Where the server's own keys are kept, made on its first start."""
    return settings.PORTAL_LANDING_DIR / "host_keys"

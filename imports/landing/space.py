"""How much a landing zone holds and may hold: counted once by walking, then by what is written and removed."""

import os
import threading
import time
from pathlib import Path

from asyncssh import SFTPFailure
from django.conf import settings

from imports.zone import ARCHIVE, RECEIPTS, TEMPORARY, is_temporary

MB = 1024 * 1024
MOST_NAMES = 50_000  # files and folders of a zone
_FRESH_SECONDS = 30.0  # a count this old is taken anew when somebody signs in: the portal moves and removes files, too
_RECOUNT_SECONDS = 2.0  # and before somebody is refused, but no more often than so


class Space:
    """The bytes and the names of one zone. Sizes count as the client sees them: a hole in a file is as large as what could be written there.

    Names are counted because each takes room on the disk that no size tells, and makes every listing slower. Those in the archive and the receipts
    are the portal's, and do not count.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.limit = settings.PORTAL_SFTP_QUOTA_MB * MB
        self.used = self.names = 0
        self._kept = (f"{root / ARCHIVE}/", f"{root / RECEIPTS}/")
        self._counted_at = -1e9
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Count anew when the last count is old."""
        if time.monotonic() - self._counted_at > _FRESH_SECONDS:
            self._count()

    def take(self, size: int) -> None:
        """A file grows by so much.

        Raises:
            SFTPFailure: the zone would hold more than it may.
        """
        if not self._has_taken(size, 0):
            raise SFTPFailure(f"The landing zone is full: it may hold {self.limit // MB:,} MB. Remove files, or ask the portal's operator.")

    def take_name(self) -> None:
        """A file or folder is made.

        Raises:
            SFTPFailure: the zone would hold more than it may.
        """
        if not self._has_taken(0, 1):
            raise SFTPFailure(f"The landing zone is full: it may hold {MOST_NAMES:,} files and folders. Remove some of them.")

    def _has_taken(self, size: int, names: int) -> bool:
        if self._fits(size, names):
            return True
        if time.monotonic() - self._counted_at <= _RECOUNT_SECONDS:
            return False
        self._count()
        return self._fits(size, names)

    def _fits(self, size: int, names: int) -> bool:
        with self._lock:
            fits = self.used + size <= self.limit and self.names + names <= MOST_NAMES
            if fits:
                self.used, self.names = self.used + size, self.names + names
            return fits

    def give_name(self) -> None:
        """A file or folder is gone."""
        with self._lock:
            self.names = max(0, self.names - 1)

    def give(self, size: int) -> None:
        """A file shrank, or is gone."""
        with self._lock:
            self.used = max(0, self.used - size)

    def _count(self) -> None:
        counted = names_counted = 0
        for folder, folders, names, handle in os.fwalk(self.root, follow_symlinks=False):
            if not f"{folder}/".startswith(self._kept):
                names_counted += len(folders) + len(names)
            for name in names:
                try:
                    counted += os.stat(name, dir_fd=handle, follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
        with self._lock:
            self.used, self.names, self._counted_at = counted, names_counted, time.monotonic()


def largest(path: str) -> int:
    """Return how large the file at a path may become: a zip is a whole delivery; a name that will change may become one."""
    name = path.lower()
    for ending in TEMPORARY:
        name = name.removesuffix(ending)
    is_zip = name.endswith(".zip") or is_temporary(name)
    return (settings.PORTAL_MAX_UPLOAD_MB if is_zip else settings.PORTAL_MAX_FILE_MB) * MB

"""From a client's path to a file of its zone, and to nothing else.

Folders are opened one inside the other, never through a link, and what is done is done relative to the last of them. So there is no moment in which
somebody could exchange a folder for a link between the check and the deed, whoever planted it.
"""

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asyncssh import SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

from imports.zone import ARCHIVE, RECEIPTS

LONGEST_PATH = 1000  # characters; a receipt has to hold it
_DEEPEST = 32
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Parts = tuple[str, ...]


def parts_of(path: bytes) -> Parts:
    """Return the names a client's path is made of, seen from the zone's root; `..` never leads above it.

    Raises:
        SFTPFailure: no file can have such a name.
    """
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        raise SFTPFailure("The name is not UTF-8. Set your client to UTF-8 file names.") from None
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise SFTPFailure("The name has a control character in it. Choose another name.")
    parts = tuple(posixpath.normpath("/" + text).strip("/").split("/"))
    if len(text) > LONGEST_PATH or len(parts) > _DEEPEST or any(len(part.encode()) > 255 for part in parts):
        raise SFTPFailure("The name is too long. Choose a shorter one.")
    return () if parts == ("",) else parts


def may_change(parts: Parts) -> None:
    """Refuse what would change the root itself, the archive or the receipts.

    Raises:
        SFTPPermissionDenied: it is not the client's to change.
    """
    if not parts:
        raise SFTPPermissionDenied("The landing zone itself cannot be changed.")
    if parts[0] in {ARCHIVE, RECEIPTS}:
        raise SFTPPermissionDenied(f"{parts[0]} is kept by the portal; you may read it, but not change it.")


class Jail:
    """One landing zone's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def folder(self, parts: Parts) -> Iterator[int]:
        """Hold a folder open; what is given is its descriptor.

        Raises:
            SFTPNoSuchFile: it is not there, is no folder, or a link leads to it.
        """
        handle = os.open(self.root, _FOLDER)
        try:
            for part in parts:
                try:
                    inner = os.open(part, _FOLDER, dir_fd=handle)
                except OSError as error:  # not there, no folder, or a link
                    raise SFTPNoSuchFile("There is no such folder.") from error
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def parent(self, parts: Parts) -> Iterator[tuple[int, str]]:
        """Hold the folder open in which a path lies; given are its descriptor and the path's last name ("." for the root)."""
        with self.folder(parts[:-1]) as handle:
            yield handle, parts[-1] if parts else "."

    def status(self, parts: Parts) -> os.stat_result:
        """Return what lies at the path; of a link, the link itself."""
        with self.parent(parts) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def listed(self, parts: Parts) -> list[tuple[str, os.stat_result]]:
        """Return the entries of a folder by name. Names that no client could say are left out."""
        found = []
        with self.folder(parts) as handle:
            for name in sorted(os.listdir(handle)):  # noqa: PTH208 - of a descriptor
                try:
                    name.encode("utf-8")
                    found.append((name, os.stat(name, dir_fd=handle, follow_symlinks=False)))
                except (UnicodeEncodeError, FileNotFoundError):
                    continue
        return found


def is_plain(status: os.stat_result) -> bool:
    """Whether it is a file that lies here and nowhere else: no device, pipe or socket, and under one name only."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1

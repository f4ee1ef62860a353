"""The open files of a zone: what is known of each, and how one is opened, told from a torn one, and emptied when its name goes."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from asyncssh import SFTPFailure, SFTPFileAlreadyExists, SFTPNoSuchFile, SFTPPermissionDenied

from imports.landing.jail import Parts, is_plain
from imports.landing.space import MB, Space, largest

FILE_MODE, FOLDER_MODE = 0o640, 0o750  # the most that anything in a zone is open
_LEAST_BUFFER = 16 * 1024  # clients send files in pieces of at least so many bytes
_ZIP_END = 66_000  # bytes within which a zip's last record begins
_SAFE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass
class Writing:
    """A file that is being written; `path` is where it lies now, None when it was removed meanwhile."""

    space: Space
    inode: tuple[int, int]
    path: str | None
    size: int
    was_marked: bool  # before: it is the rest of a broken upload, and whole only when something came
    handles: int = 0
    is_touched: bool = False
    is_broken: bool = False
    largest_write: int = 0
    last_write: int = 0  # the one that reached the present end

    def grow(self, end: int, written: int = 0) -> None:
        """Make room for bytes up to `end`, of which so many are written now.

        Raises:
            SFTPFailure: the file or the zone would be too large; the file is not whole any more.
        """
        self.is_touched = True
        self.largest_write = max(self.largest_write, written)
        if end >= self.size:
            self.last_write = written
        if self.path is None:
            raise SFTPFailure("The file was removed, or replaced by another.")  # nothing more is kept that has no name
        if end <= self.size:
            return
        try:
            most = largest(self.path)
            if end > most:
                raise SFTPFailure(f"The file is too large: {most // MB:,} MB are allowed.")
            self.space.take(end - self.size)
        except SFTPFailure:
            self.is_broken = True
            raise
        self.size = end

    def shrink(self, size: int) -> None:
        """The file was cut to a size."""
        self.is_touched = True
        if size < self.size:
            self.space.give(self.size - size)
            self.size = size


@dataclass(slots=True)
class Handle:
    """A file that a client holds open."""

    descriptor: int
    parts: Parts
    is_appending: bool = False
    writing: Writing | None = None  # None: for reading only
    can_read: bool = True
    read_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of a file whose writing has ended."""

    path: str
    size: int
    is_whole: bool


@contextmanager
def emptied_when_gone(folder: int, name: str, status: os.stat_result | None) -> Iterator[None]:
    """Empty a file that loses its name within the block: a handle that somebody keeps open must not keep bytes that no count sees."""
    if status is None or not is_plain(status):
        yield
        return
    descriptor = os.open(name, os.O_WRONLY | _SAFE, dir_fd=folder)
    try:
        yield
        if os.fstat(descriptor).st_nlink == 0:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def looks_torn_off(descriptor: int, writing: Writing) -> bool:
    """Whether a file that was closed in good order ends where a client's buffer did, in the middle of a line.

    OpenSSH's sftp closes properly when somebody stops a transfer by Ctrl-C; nothing in the protocol tells. It has then sent full buffers only, while
    a whole file ends with one that is not full, but for one file in tens of thousands; and that one ends with a line's end, or as a zip does.
    """
    full = writing.largest_write
    if full < _LEAST_BUFFER or full % 1024 or writing.last_write != full:
        return False
    end = os.pread(descriptor, _ZIP_END, max(0, writing.size - _ZIP_END))
    return not end.endswith((b"\n", b"\r")) and b"PK\x05\x06" not in end


def status_of(folder: int, name: str) -> os.stat_result | None:
    """What lies in a folder under a name; of a link, the link itself."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def opened(folder: int, name: str, flags: int) -> int:
    """Open a plain file in a folder: neither a link, nor a device or pipe, nor one that has another name elsewhere."""
    before = status_of(folder, name)
    if before is None and not flags & os.O_CREAT:
        raise SFTPNoSuchFile("There is no such file.")
    if before is not None and not is_plain(before):
        raise SFTPFailure("It is a folder.") if stat.S_ISDIR(before.st_mode) else SFTPPermissionDenied("Only plain files can be opened.")
    if before is not None and flags & os.O_EXCL:
        raise SFTPFileAlreadyExists("There is a file of that name already.")
    descriptor = os.open(name, flags | _SAFE, FILE_MODE, dir_fd=folder)
    if not is_plain(os.fstat(descriptor)):
        os.close(descriptor)
        raise SFTPPermissionDenied("Only plain files can be opened.")
    return descriptor

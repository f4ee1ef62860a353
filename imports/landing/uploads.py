"""Which files of a zone are being written by which handles, and what that means for their marks.

A file is whole when the last handle that writes it was closed properly and none of the others was left or failed. Decision 0023.
Everything here blocks (it waits for the zone's lock and the disk), so it runs in threads; only `Writing.grow` is called from the event loop.
"""

import os
import stat
import threading
from dataclasses import dataclass

from asyncssh import SFTPFailure, SFTPFileAlreadyExists, SFTPNoSuchFile, SFTPPermissionDenied

from imports.landing.jail import Jail, Parts, is_plain, may_change
from imports.landing.space import MB, Space, largest
from imports.zone import Zone

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
        if end <= self.size:
            return
        try:
            most = largest(self.path or "")
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


class Uploads:
    """The files of one zone that are being written, over all connections of its user."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.jail, self.space = zone, Jail(zone.root), Space(zone.root)
        self._writings: dict[tuple[int, int], Writing] = {}
        self._lock = threading.Lock()  # for the registry; always taken inside the zone's lock

    def open_to_read(self, parts: Parts) -> Handle:
        """Open a plain file."""
        with self.jail.parent(parts) as (folder, name):
            return Handle(_opened(folder, name, os.O_RDONLY), parts)

    def open_to_write(self, parts: Parts, flags: int, *, can_read: bool = False) -> Handle:
        """Open a plain file, or make it; its mark stands before anything of it changes. We read what the client may only write."""
        may_change(parts)
        path = "/".join(parts)
        with self.zone.lock(), self._lock, self.jail.parent(parts) as (folder, name):
            was_marked = self.zone.is_marked(path)
            self.zone.mark(path)
            try:
                descriptor = _opened(folder, name, flags & ~os.O_TRUNC | os.O_RDWR)
            except BaseException:
                if not was_marked:
                    self.zone.unmark(path)
                raise
            status = os.fstat(descriptor)
            inode = (status.st_dev, status.st_ino)
            writing = self._writings.get(inode)
            if writing is None:
                writing = self._writings[inode] = Writing(self.space, inode, path, status.st_size, was_marked)
            writing.handles += 1
            if flags & os.O_TRUNC or status.st_size == 0:
                os.ftruncate(descriptor, 0)
                writing.shrink(0)
            return Handle(descriptor, parts, bool(flags & os.O_APPEND), writing, can_read)

    def close(self, handle: Handle, *, is_proper: bool) -> Closed | None:
        """Close a handle; when it was the last that writes its file, say what became of the file."""
        writing = handle.writing
        if writing is None:
            os.close(handle.descriptor)
            return None
        looks_torn = is_proper and looks_torn_off(handle.descriptor, writing)
        with self.zone.lock(), self._lock:
            os.close(handle.descriptor)
            writing.handles -= 1
            writing.is_broken |= not is_proper
            if writing.handles:
                return None
            writing.is_broken |= looks_torn
            del self._writings[writing.inode]
            if writing.path is None:
                self.space.give(writing.size)
                return None
            is_whole = not writing.is_broken and (writing.is_touched or not writing.was_marked)
            if is_whole:
                self.zone.unmark(writing.path)
            return Closed(writing.path, writing.size, is_whole) if writing.is_touched else None

    def set_size(self, handle: Handle, size: int) -> None:
        """Cut or lengthen an open file."""
        if handle.writing is None:
            raise SFTPPermissionDenied("The file is not open for writing.")
        handle.writing.grow(size)
        os.ftruncate(handle.descriptor, size)
        handle.writing.shrink(size)

    def remove(self, parts: Parts) -> int:
        """Remove a file, or a link that somebody planted; returns its size."""
        may_change(parts)
        with self.zone.lock(), self._lock, self.jail.parent(parts) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                raise SFTPFailure("It is a folder.")
            os.unlink(name, dir_fd=folder)
            self.zone.unmark("/".join(parts))
            self._lost(status)
            return status.st_size

    def rename(self, old: Parts, new: Parts, *, may_replace: bool) -> int:
        """Rename a file or folder; what is unfinished stays so, under its new name. Returns the size of a file."""
        may_change(old)
        may_change(new)
        with self.zone.lock(), self._lock, self.jail.parent(old) as (folder, name), self.jail.parent(new) as (new_folder, new_name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not (is_plain(status) or stat.S_ISDIR(status.st_mode)):
                raise SFTPPermissionDenied("Only files and folders can be renamed.")
            victim = _status(new_folder, new_name)
            if victim is not None and not may_replace:
                raise SFTPFileAlreadyExists("There is a file of the new name already.")
            if victim is not None and (victim.st_dev, victim.st_ino) == (status.st_dev, status.st_ino):
                return status.st_size
            self._move(("/".join(old), folder, name), ("/".join(new), new_folder, new_name))
            if victim is not None and not stat.S_ISDIR(victim.st_mode):
                self._lost(victim)
            return status.st_size

    def _move(self, old: tuple[str, int, str], new: tuple[str, int, str]) -> None:
        """Whatever kills us between two lines: what is unfinished has a mark where it lies."""
        (old_path, folder, name), (new_path, new_folder, new_name) = old, new
        ahead = [new_path + path[len(old_path) :] for path in self.zone.marked_under(old_path)]
        ahead = [path for path in ahead if not self.zone.is_marked(path)]
        for path in ahead:
            self.zone.mark(path)
        try:
            os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder)
        except OSError:
            for path in ahead:
                self.zone.unmark(path)
            raise
        for writing in self._writings.values():
            if writing.path == new_path:
                writing.path = None
            elif writing.path is not None and (writing.path == old_path or writing.path.startswith(f"{old_path}/")):
                writing.path = new_path + writing.path[len(old_path) :]
        self.zone.move_marks(old_path, new_path)

    def make_folder(self, parts: Parts) -> None:
        """Make a folder."""
        may_change(parts)
        with self.jail.parent(parts) as (folder, name):
            try:
                os.mkdir(name, FOLDER_MODE, dir_fd=folder)
            except FileExistsError:
                raise SFTPFileAlreadyExists("There is a file or folder of that name already.") from None

    def remove_folder(self, parts: Parts) -> None:
        """Remove an empty folder."""
        may_change(parts)
        with self.zone.lock(), self.jail.parent(parts) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    def cut(self, parts: Parts, size: int) -> Closed:
        """Give a file that nobody has open another size, as a whole and proper change of it."""
        handle = self.open_to_write(parts, 0)
        is_done = False
        try:
            self.set_size(handle, size)
            is_done = True
        finally:
            # a file that was unfinished before stays so: a new size alone does not make it whole
            closed = self.close(handle, is_proper=is_done and not (handle.writing and handle.writing.was_marked))
        return closed or Closed("/".join(parts), size, is_whole=False)

    def _lost(self, status: os.stat_result) -> None:
        """A file has no name any more; while it is written its bytes still count."""
        writing = self._writings.get((status.st_dev, status.st_ino))
        if writing is None:
            self.space.give(status.st_size)
        else:
            writing.path = None


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


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _opened(folder: int, name: str, flags: int) -> int:
    """Open a plain file in a folder: neither a link, nor a device or pipe, nor one that has another name elsewhere."""
    before = _status(folder, name)
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

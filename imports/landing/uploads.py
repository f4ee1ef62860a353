"""Which files of a zone are being written by which handles, and what that means for their marks.

A file is whole when the last handle that writes it was closed properly and none of the others was left or failed. Decision 0023.
Everything here blocks (it waits for the zone's lock and the disk), so it runs in threads; only `Writing.grow` is called from the event loop.
"""

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from asyncssh import SFTPFailure, SFTPFileAlreadyExists, SFTPPermissionDenied

from imports.landing.jail import Jail, Parts, is_plain, may_change
from imports.landing.open_files import FOLDER_MODE, Closed, Handle, Writing, emptied_when_gone, looks_torn_off, opened, status_of
from imports.landing.space import Space
from imports.zone import Zone

MOST_OPEN, MOST_LISTINGS = 400, 20  # of one zone, over all connections: files and folders that are open
MOST_AT_ONCE = 4  # threads that work for one zone


class Uploads:
    """The files of one zone that are being written, over all connections of its user."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.jail, self.space = zone, Jail(zone.root), Space(zone.root)
        self._writings: dict[tuple[int, int], Writing] = {}
        self._lock = threading.Lock()  # for the registry; always taken inside the zone's lock
        self._open = threading.BoundedSemaphore(MOST_OPEN)
        self.listings = threading.BoundedSemaphore(MOST_LISTINGS)
        self.turns = asyncio.Semaphore(MOST_AT_ONCE)  # one zone's work must leave threads to the others

    def open_to_read(self, parts: Parts) -> Handle:
        """Open a plain file."""
        with self._room_to_open(), self.jail.parent(parts) as (folder, name):
            return Handle(opened(folder, name, os.O_RDONLY), parts)

    def open_to_write(self, parts: Parts, flags: int, *, can_read: bool = False) -> Handle:
        """Open a plain file, or make it; its mark stands before anything of it changes. We read what the client may only write."""
        may_change(parts)
        with self._room_to_open():
            return self._open_to_write(parts, flags, can_read=can_read)

    @contextmanager
    def _room_to_open(self) -> Iterator[None]:
        """Take one of the zone's open files; `close` gives it back, and so does a block that fails."""
        if not self._open.acquire(blocking=False):
            raise SFTPFailure("Too many files are open in this landing zone. Close some first.")
        try:
            yield
        except BaseException:
            self._open.release()
            raise

    def _open_to_write(self, parts: Parts, flags: int, *, can_read: bool) -> Handle:
        path = "/".join(parts)
        with self.zone.lock(), self._lock, self.jail.parent(parts) as (folder, name):
            is_new = status_of(folder, name) is None and bool(flags & os.O_CREAT)
            if is_new:
                self.space.take_name()
            was_marked = self.zone.is_marked(path)
            self.zone.mark(path)
            try:
                descriptor = opened(folder, name, flags & ~os.O_TRUNC | os.O_RDWR)
            except BaseException:
                if is_new:
                    self.space.give_name()
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
        self._open.release()
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
            with emptied_when_gone(folder, name, status):
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
            victim = status_of(new_folder, new_name)
            if victim is not None and not may_replace:
                raise SFTPFileAlreadyExists("There is a file of the new name already.")
            if victim is not None and (victim.st_dev, victim.st_ino) == (status.st_dev, status.st_ino):
                return status.st_size
            with emptied_when_gone(new_folder, new_name, victim):
                self._move(("/".join(old), folder, name), ("/".join(new), new_folder, new_name))
            if victim is not None and not stat.S_ISDIR(victim.st_mode):
                self._lost(victim)
            elif victim is not None:
                self.space.give_name()
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
            self.space.take_name()
            try:
                os.mkdir(name, FOLDER_MODE, dir_fd=folder)
            except OSError as error:
                self.space.give_name()
                if not isinstance(error, FileExistsError):
                    raise
                raise SFTPFileAlreadyExists("There is a file or folder of that name already.") from None

    def remove_folder(self, parts: Parts) -> None:
        """Remove an empty folder."""
        may_change(parts)
        with self.zone.lock(), self.jail.parent(parts) as (folder, name):
            os.rmdir(name, dir_fd=folder)
            self.space.give_name()

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
        """A file has no name any more, and no bytes."""
        self.space.give_name()
        writing = self._writings.get((status.st_dev, status.st_ino))
        if writing is None:
            self.space.give(status.st_size)
        else:
            writing.path = None
            self.space.give(writing.size)
            writing.size = 0

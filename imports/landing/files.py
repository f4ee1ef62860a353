"""The files of a landing zone as an SFTP client sees them: what it may do with them, and what is remembered of it.

Whatever waits for the disk or the zone's lock runs in a thread; reading and writing the bytes of an open file is done at once.
"""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_READ,
    FXF_TRUNC,
    FXF_WRITE,
    SFTPAttrs,
    SFTPFailure,
    SFTPName,
    SFTPOpUnsupported,
    SFTPServer,
    SFTPVFSAttrs,
    SSHServerChannel,
)

from imports.landing.arrivals import Arrivals
from imports.landing.background import Background
from imports.landing.jail import Parts, may_change, parts_of
from imports.landing.open_files import FILE_MODE, FOLDER_MODE, Closed, Handle
from imports.landing.sign_in import Grant
from imports.landing.uploads import Uploads
from imports.zone import is_temporary
from imports.zone_files import shown

MOST_HANDLES = 100  # of one session
MOST_READ = 1024 * 1024  # bytes of one answer
_BLOCK = 4096
_OPEN_FLAGS = {FXF_APPEND: os.O_APPEND, FXF_CREAT: os.O_CREAT, FXF_TRUNC: os.O_TRUNC, FXF_EXCL: os.O_EXCL}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the sessions of all users share."""

    pool: Executor
    background: Background
    arrivals: Arrivals


class ZoneFiles(SFTPServer):
    """One session in one zone. `is_ending` is set when the session ends: a handle closed from then on was not closed by the client."""

    def __init__(self, channel: SSHServerChannel, grant: Grant, uploads: Uploads, around: Surroundings) -> None:
        super().__init__(channel)
        self.grant, self.uploads, self.around = grant, uploads, around
        self.is_ending = False
        self._handles = 0

    def map_path(self, path: bytes) -> NoReturn:
        """Refuse: no operation goes by a path of the whole machine; all are relative to an opened folder (`imports.landing.jail`)."""
        raise SFTPOpUnsupported("This operation is not supported.")

    # --- open files ---

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> Handle:
        """Open a file. The permissions a client asks for are not taken: files are as the portal makes them."""
        if self._handles >= MOST_HANDLES:
            raise SFTPFailure("Too many files are open. Close some first.")
        parts = parts_of(path)
        if not pflags & (FXF_WRITE | FXF_APPEND | FXF_TRUNC):
            handle = await self._in_thread(self.uploads.open_to_read, parts)
        else:
            flags = sum(flag for wanted, flag in _OPEN_FLAGS.items() if pflags & wanted)
            handle = await self._in_thread(lambda: self.uploads.open_to_write(parts, flags, can_read=bool(pflags & FXF_READ)))
        self._handles += 1
        return handle

    async def close(self, file_obj: object) -> None:
        """Close a handle that the client closes, or left open when it went."""
        await self._close(_handle(file_obj), is_proper=not self.is_ending)

    async def abandon(self, handle: Handle) -> None:
        """Close a handle whose file did not come whole."""
        await self._close(handle, is_proper=False)

    async def _close(self, handle: Handle, *, is_proper: bool) -> None:
        self._handles -= 1
        closed = await self._in_thread(lambda: self.uploads.close(handle, is_proper=is_proper))
        if closed is not None:
            self._ended(closed)
        elif handle.read_bytes and handle.writing is None:
            self._tell("sftp.downloaded", "/".join(handle.parts), size=handle.read_bytes)

    def _ended(self, closed: Closed) -> None:
        self._tell("sftp.uploaded" if closed.is_whole else "sftp.broken-off", closed.path, size=closed.size)
        if closed.is_whole:
            self._came(closed.path)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read from an open file."""
        handle = _handle(file_obj)
        if not handle.can_read:
            raise SFTPFailure("The file is not open for reading.")
        data = os.pread(handle.descriptor, min(size, MOST_READ), offset)
        handle.read_bytes += len(data)
        return data

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write to an open file; what cannot be written leaves the file unfinished, even if the client then closes it in good order."""
        handle = _handle(file_obj)
        writing = handle.writing
        if writing is None:
            raise SFTPFailure("The file is not open for writing.")
        writing.grow((writing.size if handle.is_appending else offset) + len(data), len(data))
        try:
            written = os.pwrite(handle.descriptor, data, offset)
        except OSError as error:
            writing.is_broken = True
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise SFTPFailure("The portal's disk is full. Ask the portal's operator.") from None
            raise
        if written < len(data):
            writing.is_broken = True
            raise SFTPFailure("The portal's disk is full. Ask the portal's operator.")
        return written

    def fstat(self, file_obj: object) -> os.stat_result:
        """Describe an open file."""
        return os.fstat(_handle(file_obj).descriptor)

    async def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """Change an open file: its size, its times, and within bounds who may read it."""
        handle = _handle(file_obj)
        if attrs.size is not None:
            await self._in_thread(self.uploads.set_size, handle, attrs.size)
        may_change(handle.parts)
        _set(handle.descriptor, attrs)

    async def fsync(self, file_obj: object) -> None:
        """Have an open file on the disk."""
        await self._in_thread(os.fsync, _handle(file_obj).descriptor)

    # --- paths ---

    async def stat(self, path: bytes) -> os.stat_result:
        """Describe what lies at a path; links are not followed."""
        return await self._in_thread(self.uploads.jail.status, parts_of(path))

    lstat = stat

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Change what lies at a path, as `fsetstat` does."""
        parts = parts_of(path)
        may_change(parts)
        if attrs.size is not None:
            self._ended(await self._in_thread(self.uploads.cut, parts, attrs.size))
        await self._in_thread(self._set_by_path, parts, attrs)

    lsetstat = setstat

    def _set_by_path(self, parts: Parts, attrs: SFTPAttrs) -> None:
        with self.uploads.jail.parent(parts) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise SFTPFailure("Only files and folders can be changed.")
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            _set(descriptor, attrs)
        finally:
            os.close(descriptor)

    async def listed(self, path: bytes) -> list[SFTPName]:
        """Return the entries of a folder."""
        parts = parts_of(path)
        found = await self._in_thread(self.uploads.jail.listed, parts)
        own = await self._in_thread(self.uploads.jail.status, parts)
        return [SFTPName(name.encode(), attrs=SFTPAttrs.from_local(status)) for name, status in [(".", own), ("..", own), *found]]

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """Give the entries of a folder one after the other."""
        for name in await self.listed(path):
            yield name

    async def remove(self, path: bytes) -> None:
        """Remove a file."""
        parts = parts_of(path)
        size = await self._in_thread(self.uploads.remove, parts)
        self._tell("sftp.removed", "/".join(parts), size=size)
        self.around.arrivals.came(*self._who())

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file or folder to a name that is free."""
        await self._rename(oldpath, newpath, may_replace=False)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file or folder, over what is there."""
        await self._rename(oldpath, newpath, may_replace=True)

    async def _rename(self, oldpath: bytes, newpath: bytes, *, may_replace: bool) -> None:
        old, new = parts_of(oldpath), parts_of(newpath)
        size = await self._in_thread(lambda: self.uploads.rename(old, new, may_replace=may_replace))
        self._tell("sftp.renamed", "/".join(new), before="/".join(old), size=size)
        self._came("/".join(new))

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Make a folder."""
        await self._in_thread(self.uploads.make_folder, parts_of(path))

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty folder."""
        await self._in_thread(self.uploads.remove_folder, parts_of(path))

    def realpath(self, path: bytes) -> bytes:
        """Say what a path means, seen from the zone's root. No file is looked at."""
        return b"/" + "/".join(parts_of(path)).encode()

    async def statvfs(self, path: bytes) -> SFTPVFSAttrs:
        """Describe the zone as if it were a disk of its own: as large as its quota."""
        await self._in_thread(self.uploads.jail.status, parts_of(path))
        return await self._in_thread(self._room)

    async def fstatvfs(self, file_obj: object) -> SFTPVFSAttrs:
        """Describe the zone as if it were a disk of its own."""
        return await self._in_thread(self._room)

    def _room(self) -> SFTPVFSAttrs:
        space, disk = self.uploads.space, os.statvfs(self.uploads.jail.root)
        free = max(0, min(space.limit - space.used, disk.f_bavail * disk.f_frsize)) // _BLOCK
        return SFTPVFSAttrs(bsize=_BLOCK, frsize=_BLOCK, blocks=space.limit // _BLOCK, bfree=free, bavail=free,
                            files=free, ffree=free, favail=free, namemax=255)  # fmt: skip

    # --- what there is not ---

    def readlink(self, path: bytes) -> NoReturn:
        """Refuse: there are no links."""
        raise SFTPOpUnsupported("There are no links here.")

    def symlink(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        """Refuse: there are no links."""
        raise SFTPOpUnsupported("Links cannot be made here.")

    link = symlink

    # --- helpers ---

    def format_user(self, uid: int | None) -> str:
        """Every file belongs to the user."""
        return self.grant.username

    def format_group(self, gid: int | None) -> str:
        """Every file belongs to the user."""
        return self.grant.username

    def _came(self, path: str) -> None:
        if not is_temporary(path):
            self.around.arrivals.came(*self._who())

    def _who(self) -> tuple[int, int, int]:
        return self.grant.zone_id, self.grant.district_id, self.grant.app_id

    def _tell(self, action: str, path: str, **detail: Any) -> None:
        """Names are told as they are shown: with what turns a line around, or cannot be seen, spelled out."""
        if "before" in detail:
            detail["before"] = shown(detail["before"])
        self.around.background.event(self.grant, action, shown(path), **detail)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        async with self.uploads.turns:
            return await asyncio.get_running_loop().run_in_executor(self.around.pool, work, *arguments)


def _handle(file_obj: object) -> Handle:
    assert isinstance(file_obj, Handle)  # noqa: S101 - made by `open` above
    return file_obj


def _set(descriptor: int, attrs: SFTPAttrs) -> None:
    """Set times and permissions: never wider than the portal's own, never so narrow that it could not read the file. Owners are left as they are."""
    if attrs.permissions is not None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        most, least = (FOLDER_MODE, 0o700) if is_folder else (FILE_MODE, 0o600)
        os.fchmod(descriptor, attrs.permissions & most | least)
    if attrs.mtime is not None:
        accessed = attrs.atime if attrs.atime is not None else attrs.mtime
        os.utime(descriptor, (accessed, attrs.mtime))

"""What runs in a channel: the SFTP protocol, or a legacy scp; nothing else can be asked for."""

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

from asyncssh import SFTPFailure, SFTPName, SSHReader, SSHServerChannel, SSHServerSession, SSHWriter
from asyncssh.constants import EXTENDED_DATA_STDERR, FXP_OPENDIR
from asyncssh.packet import SSHPacket
from asyncssh.sftp import SFTPLimits, SFTPServerHandler
from asyncssh.stream import SSHStreamSession

from imports.landing.files import MOST_HANDLES, ZoneFiles
from imports.landing.scp import run_scp

_SFTP_VERSION = 3  # the one that every client speaks
_PACKET = 256 * 1024  # the most that clients send at once anyway
_PAYLOAD = _PACKET - 1024
_OFFERED = {b"posix-rename@openssh.com", b"fsync@openssh.com", b"limits@openssh.com", b"statvfs@openssh.com", b"fstatvfs@openssh.com"}
_NOT_OFFERED = (b"hardlink@openssh.com", b"copy-data", b"ranges@asyncssh.com")


class SftpHandler(SFTPServerHandler):
    """asyncssh's handler, with what it does not do: it tells a client's close from the end of a session, and waits for slow readers."""

    _extensions = [pair for pair in SFTPServerHandler._extensions if pair[0] in _OFFERED]
    _packet_handlers = {name: does for name, does in SFTPServerHandler._packet_handlers.items() if name not in _NOT_OFFERED}

    def __init__(self, files: ZoneFiles, reader: SSHReader[bytes], writer: SSHWriter[bytes]) -> None:
        super().__init__(files, reader, writer, _SFTP_VERSION)
        self._files = files

    async def _cleanup(self, exc: Exception | None) -> None:
        self._files.is_ending = True
        left, self._file_handles = list(self._file_handles.values()), {}
        for handle in left:
            await self._files.close(handle)
        if exc is None and self._writer is not None:
            cast(SSHServerChannel, self._writer.channel).exit(0)  # scp waits for it, and calls everything else a failure
        await super()._cleanup(exc)

    async def _process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        await super()._process_packet(pkttype, pktid, packet)
        if self._writer is not None:
            await self._writer.drain()  # a client that asks and does not listen must not fill our memory

    async def _process_opendir(self, packet: SSHPacket) -> bytes:
        """List at once, so that a client is told at once what is wrong."""
        path = packet.get_string()
        packet.check_end()
        if len(self._dir_handles) >= MOST_HANDLES:
            raise SFTPFailure("Too many folders are open. Close some first.")
        listings = self._files.uploads.listings
        if not listings.acquire(blocking=False):
            raise SFTPFailure("Too many folders are open in this landing zone. Close some first.")
        listing = _Listing()
        weakref.finalize(listing, listings.release)  # when it is closed, or its session is gone
        listing.names = iter(await self._files.listed(path))
        handle = self._get_next_handle()
        self._dir_handles[handle] = listing
        return handle

    async def _process_limits(self, packet: SSHPacket) -> SFTPLimits:
        packet.check_end()
        return SFTPLimits(_PACKET, _PAYLOAD, _PAYLOAD, MOST_HANDLES)


SftpHandler._packet_handlers |= cast("Any", {FXP_OPENDIR: SftpHandler._process_opendir, b"limits@openssh.com": SftpHandler._process_limits})


class _Listing(AsyncIterator[SFTPName]):
    """The entries of a folder that a client holds open."""

    names: Iterator[SFTPName] = iter(())

    async def __anext__(self) -> SFTPName:
        for name in self.names:
            return name
        raise StopAsyncIteration


class ZoneSession(SSHStreamSession[bytes], SSHServerSession[bytes]):
    """One channel of a signed-in client."""

    def __init__(self, make_files: Callable[[SSHServerChannel], ZoneFiles]) -> None:
        super().__init__()
        self._make_files = make_files

    def shell_requested(self) -> bool:
        """Refuse."""
        return False

    def pty_requested(self, *_: Any) -> bool:
        """Refuse."""
        return False

    def exec_requested(self, command: str) -> bool:
        """Take a legacy scp, and no other command."""
        return command.startswith("scp ")

    def subsystem_requested(self, subsystem: str) -> bool:
        """Take SFTP."""
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Begin to answer."""
        assert self._chan is not None  # noqa: S101 - asyncssh opened it
        assert self._conn is not None  # noqa: S101
        channel = cast(SSHServerChannel, self._chan)
        reader, writer = SSHReader[bytes](self, channel), SSHWriter[bytes](self, channel)
        files = self._make_files(channel)
        if channel.get_subsystem() == "sftp":
            handler = SftpHandler(files, reader, writer).run()
        else:
            handler = run_scp(files, channel.get_command() or "", reader, writer, SSHWriter[bytes](self, channel, EXTENDED_DATA_STDERR))
        self._conn.create_task(handler, reader.logger)

    def signal_received(self, signal: str) -> None:
        """Ignore: there is no program to send it to."""

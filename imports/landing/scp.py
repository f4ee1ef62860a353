"""scp of old clients (`scp -O`): the same files, the same checks. A file counts as whole when all its bytes came and the client says that they are right."""

from asyncssh import FXF_CREAT, FXF_TRUNC, FXF_WRITE, SFTPAttrs, SFTPConnectionLost, SFTPError, SSHReader, SSHServerChannel, SSHWriter
from asyncssh.scp import _scp_error, _SCPArgParser, _SCPSink, _SCPSource
from asyncssh.sftp import SFTPServerFS

from imports.landing.files import ZoneFiles
from imports.landing.open_files import Handle


async def run_scp(files: ZoneFiles, command: str, reader: SSHReader[bytes], writer: SSHWriter[bytes], errors: SSHWriter[bytes]) -> None:
    """Answer an scp: send the files it asks for, or take the one it brings."""
    try:
        asked = _SCPArgParser().parse(command)
    except ValueError as error:
        errors.write(f"scp: {error}\n".encode())
        channel = errors.channel
        assert isinstance(channel, SSHServerChannel)  # noqa: S101 - of a server's session
        channel.exit(1)
        return
    folder = _Folder(files)
    if asked.source:
        await _SCPSource(folder, reader, writer, asked.preserve, asked.recurse, error_handler=False, server=True).run(asked.path)
    else:
        sink = _Sink(folder, reader, writer, asked.must_be_dir, asked.preserve, asked.recurse, error_handler=False, server=True)
        await sink.run(asked.path)


class _Folder(SFTPServerFS):
    """The zone as asyncssh's scp sees it."""

    def __init__(self, files: ZoneFiles) -> None:
        super().__init__(files)
        self.files = files

    async def open_handle(self, path: bytes) -> Handle:
        """Open a file to write it anew."""
        return await self.files.open(path, FXF_WRITE | FXF_CREAT | FXF_TRUNC, SFTPAttrs())


class _Sink(_SCPSink):
    """asyncssh's sink closes a file the same way whether all of it came or the client has gone; this one does not."""

    _fs: _Folder

    async def _recv_file(self, srcpath: bytes, dstpath: bytes, size: int) -> None:
        handle = await self._fs.open_handle(dstpath)
        refused: Exception | None = None
        is_whole = False
        try:
            self.send_ok()
            refused = await self._receive(handle, size)
            said = await self.await_response()
            is_whole = refused is None and said is None
        finally:
            await (self._fs.files.close(handle) if is_whole else self._fs.files.abandon(handle))
        if refused is not None:
            self.send_error(refused)
            setattr(refused, "suppress_send", True)  # noqa: B010 - read by asyncssh's error handler
            raise refused
        self.send_ok()
        if said is not None:
            raise said

    async def _receive(self, handle: Handle, size: int) -> Exception | None:
        """Take the bytes, all of them even if they cannot be kept; returns why they could not."""
        refused: Exception | None = None
        offset = 0
        while offset < size:
            data = await self.recv_data(min(size - offset, self._block_size))
            if not data:
                raise _scp_error(SFTPConnectionLost, "Connection lost", fatal=True, suppress_send=True)
            if refused is None:
                try:
                    self._fs.files.write(handle, offset, data)
                except (OSError, SFTPError) as error:
                    refused = error
            offset += len(data)
        return refused

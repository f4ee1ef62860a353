"""A district's own SFTP server: asyncssh in a thread, with a folder of its own and a few ways to misbehave."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncssh

from imports.public_keys import fingerprint_of_line
from tests.integration.sftp_config.kit import PRIVATE, PUBLIC

USER, PASSWORD = "sis", "the-remote-password-9"


def served_by(remote: "Remote") -> tuple[type[asyncssh.SSHServer], type[asyncssh.SFTPServer]]:  # noqa: C901
    """Who is let in, and what they may do."""

    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        async def validate_password(self, username: str, password: str) -> bool:
            remote.sign_ins.append(password)
            if remote.hangs:
                await asyncio.sleep(60)
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == USER and key.export_public_key("openssh").split()[:2] == PUBLIC.encode().split()[:2]

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(remote.files).encode())
            self.given = 0

        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            if pflags & asyncssh.FXF_WRITE:
                if remote.read_only:
                    raise asyncssh.SFTPPermissionDenied("read-only file system")
                remote.writes.append(path.decode())
            return super().open(path, pflags, attrs)

        def remove(self, path: bytes) -> Any:
            remote.writes.append(f"-{path.decode()}")
            return super().remove(path)

        def read(self, file_obj: Any, offset: int, size: int) -> Any:
            self.given += size
            if remote.cuts_after is not None and self.given > remote.cuts_after:
                self.channel.get_connection().abort()
            return super().read(file_obj, offset, size)

    return Server, Files


class Remote:
    """`files`: what is served; `read_only`, `cuts_after` (bytes of a download) and `hangs` can be set while it runs."""

    def __init__(self, root: Path) -> None:
        self.files = root / "files"
        self.files.mkdir(parents=True)
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.read_only = self.hangs = False
        self.cuts_after: int | None = None
        self.sign_ins: list[str] = []
        self.writes: list[str] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def line(self) -> str:
        """The public host key."""
        return self.key.export_public_key("openssh").decode().strip()

    @property
    def fingerprint(self) -> str:
        return fingerprint_of_line(self.line)

    def __enter__(self) -> "Remote":
        self._thread.start()
        self._do(self._listen(0))
        return self

    def __exit__(self, *_: Any) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def put(self, name: str, content: str) -> None:
        (self.files / name).write_text(content, encoding="utf-8")

    def restart_with_another_key(self) -> None:
        self.key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
        self._do(self._close())
        self._do(self._listen(self.port))

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, port: int) -> None:
        server, files = served_by(self)
        self._server = await asyncssh.listen("127.0.0.1", port, server_factory=server, server_host_keys=[self.key], sftp_factory=files)
        self.port = self._server.get_port()

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()


__all__ = ["PASSWORD", "PRIVATE", "USER", "Remote"]

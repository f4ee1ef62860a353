"""What Test Connection does at a server, with every step noted. Imports asyncssh: see `sftp_client`."""

import contextlib
import secrets

import asyncssh

from imports.sftp_client import Door, Progress, Step, StepFailed, connected, session, words_of
from imports.sftp_pull import entries_of

ONLY_READS = "Reading works; writing was refused, which is fine for pulling."


async def only_sign_in(door: Door, progress: Progress) -> str:
    """Sign in and out again.

    Raises:
        StepFailed: it was refused.
    """
    async with connected(door, progress):
        return ""


async def write_and_read(door: Door, progress: Progress, name: str) -> str:
    """Write a file at the top, read it back and remove it.

    Raises:
        StepFailed: a step failed.
    """
    async with session(door, progress) as sftp:
        await _write(sftp, progress, f"/{name}")
        return ""


async def list_and_write(door: Door, progress: Progress, folder: str, name: str) -> str:
    """Read a folder, then write, read and remove a file in it; where writing is refused, that is the note returned.

    Raises:
        StepFailed: a step failed.
    """
    async with session(door, progress) as sftp:
        progress.go_on(Step.LIST)
        await _list(sftp, folder)
        try:
            await _write(sftp, progress, f"{folder.rstrip('/')}/{name}" if folder else name)
        except StepFailed as failed:
            if failed.step is not Step.WRITE:
                raise
            progress.now = progress.done.pop()
            return ONLY_READS
        return ""


async def _list(sftp: asyncssh.SFTPClient, folder: str) -> None:
    try:
        await entries_of(sftp, folder)
    except (asyncssh.Error, OSError) as error:
        raise StepFailed(Step.LIST, f"The folder {folder or '/'} cannot be read: {words_of(error)}.") from error


async def _write(sftp: asyncssh.SFTPClient, progress: Progress, path: str) -> None:
    content = secrets.token_bytes(64)
    progress.go_on(Step.WRITE)
    try:
        async with sftp.open(path, "wb") as file:
            await file.write(content)
    except (asyncssh.Error, OSError) as error:
        with contextlib.suppress(asyncssh.Error, OSError):
            await sftp.remove(path)
        raise StepFailed(Step.WRITE, f"The test file could not be written: {words_of(error)}.") from error
    progress.go_on(Step.READ)
    try:
        async with sftp.open(path, "rb") as file:
            found: bytes | str = await file.read(len(content) + 1)
    except (asyncssh.Error, OSError) as error:
        with contextlib.suppress(asyncssh.Error, OSError):
            await sftp.remove(path)
        raise StepFailed(Step.READ, f"The test file was written, but cannot be read back: {words_of(error)}.") from error
    if found != content:
        with contextlib.suppress(asyncssh.Error, OSError):
            await sftp.remove(path)
        raise StepFailed(Step.READ, "The test file was read back with other content than was written.")
    progress.go_on(Step.REMOVE)
    try:
        await sftp.remove(path)
    except (asyncssh.Error, OSError) as error:
        raise StepFailed(Step.REMOVE, f"The test file {path} was written and read, but cannot be removed: {words_of(error)}.") from error

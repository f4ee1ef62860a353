"""Fetch what is new in a folder of an SFTP server, without changing anything there. Imports asyncssh: see `sftp_client`."""

import asyncio
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from imports.sftp_client import Door, Progress, Step, StepFailed, session, words_of

MOST_ENTRIES = 20_000  # of the folder
_LONGEST_NAME = 255  # bytes of a file's name here
_PIECE = 4 * 1024 * 1024  # bytes asked for at once


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at the server as it was at one look."""

    name: str
    size: int
    modified: int


@dataclass
class Haul:
    """What was fetched, all of it or nothing: file -> where it lies."""

    files: dict[Remote, Path] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)


async def fetch(
    door: Door, folder: str, choose: Callable[[Sequence[Remote]], Mapping[Remote, Path]], settle_seconds: float, progress: Progress
) -> Haul:
    """Look, wait, look again, and fetch what stayed the same; a file that is still changing lets everything wait, for files belong together.

    Args:
        door: the server.
        folder: where to look; empty is where the sign-in leads.
        choose: of the files there the ones to fetch, and where to.
        settle_seconds: between the two looks.
        progress: how far it came.

    Raises:
        StepFailed: it did not work out; what was fetched is not to be used then.
    """
    haul = Haul()
    try:
        async with session(door, progress) as sftp:
            progress.go_on(Step.LIST)
            wanted = choose(await _look(sftp, folder))
            if wanted:
                await asyncio.sleep(settle_seconds)
                haul.unsettled = _differing(wanted, await _look(sftp, folder))
            if wanted and not haul.unsettled:
                progress.go_on(Step.READ)
                for remote, path in wanted.items():
                    await _get(sftp, _join(folder, remote.name), remote, path)
                    haul.files[remote] = path
                haul.unsettled = _differing(wanted, await _look(sftp, folder))
    except (asyncssh.Error, OSError) as error:
        raise StepFailed(progress.now, f"The connection broke off: {words_of(error)}.") from error
    return haul


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


async def entries_of(sftp: asyncssh.SFTPClient, folder: str) -> dict[str, asyncssh.SFTPAttrs]:
    """The entries of a folder whose names may be names here. A server that does not stop telling is not listened to for long.

    Raises:
        StepFailed: the folder cannot be read, or holds too many.
    """
    entries: dict[str, asyncssh.SFTPAttrs] = {}
    told = 0
    try:
        async with aclosing(sftp.scandir(folder or ".")) as found:  # type: ignore[type-var]  # it is a generator, said to be an iterator
            async for entry in found:
                name = entry.filename.decode("utf-8", "replace") if isinstance(entry.filename, bytes) else entry.filename
                told += 1
                if _is_plain(name):
                    entries[name] = entry.attrs
                if told > MOST_ENTRIES + 2:  # this folder and the one above it are no entries
                    break
    except asyncssh.SFTPError as error:
        raise StepFailed(Step.LIST, f"The folder {folder or '/'} cannot be read: {words_of(error)}.") from error
    if told > MOST_ENTRIES + 2:
        raise StepFailed(
            Step.LIST, f"The folder holds more than {MOST_ENTRIES:,} entries. Give the path of a folder for roster files alone."
        )
    return entries


async def _look(sftp: asyncssh.SFTPClient, folder: str) -> list[Remote]:
    """The regular files of the folder; a link counts as what it leads to."""
    entries = await entries_of(sftp, folder)
    remotes = [await _remote(sftp, folder, name, attrs) for name, attrs in entries.items()]
    return [remote for remote in remotes if remote is not None]


async def _remote(sftp: asyncssh.SFTPClient, folder: str, name: str, attrs: asyncssh.SFTPAttrs) -> Remote | None:
    """The file of that name; None for a folder, and for a link that leads nowhere."""
    if stat.S_ISLNK(attrs.permissions or 0):
        try:
            attrs = await sftp.stat(_join(folder, name))
        except asyncssh.SFTPError:
            return None
    kind = stat.S_IFMT(attrs.permissions or 0)
    is_file = kind == stat.S_IFREG or (not kind and attrs.type in {asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN})
    return Remote(name, attrs.size, attrs.mtime or 0) if is_file and attrs.size is not None else None


def _is_plain(name: str) -> bool:
    """Whether a name that the server tells may be the name of a file here."""
    is_sayable = name.isprintable() and "\ufffd" not in name and len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
    return bool(name) and name not in {".", ".."} and "/" not in name and is_sayable


def _differing(wanted: Mapping[Remote, Path], now: Sequence[Remote]) -> list[str]:
    present = set(now)
    return [remote.name for remote in wanted if remote not in present]


async def _get(sftp: asyncssh.SFTPClient, source: str, remote: Remote, path: Path) -> None:
    """Read a file to the size it was listed with, and see that it ends there: of what a server gives beyond that nothing is kept."""
    got = 0
    try:
        async with sftp.open(source, "rb") as file:
            with path.open("wb") as target:
                while got <= remote.size:
                    data = await file.read(min(_PIECE, remote.size + 1 - got), got)
                    if not data:
                        break
                    got += len(data)
                    if got <= remote.size:
                        target.write(data if isinstance(data, bytes) else data.encode())
    except (asyncssh.SFTPError, OSError) as error:
        raise StepFailed(Step.READ, f"{remote.name} cannot be fetched: {words_of(error)}.") from error
    if got != remote.size:
        raise StepFailed(Step.READ, f"{remote.name} changed while it was fetched.")

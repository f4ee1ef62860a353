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


async def _look(sftp: asyncssh.SFTPClient, folder: str) -> list[Remote]:
    """The regular files of the folder; a link counts as what it leads to."""
    entries: dict[str, asyncssh.SFTPAttrs] = {}
    try:
        async with aclosing(sftp.scandir(folder or ".")) as found:  # type: ignore[type-var]  # it is a generator, said to be an iterator
            async for entry in found:
                name = entry.filename.decode("utf-8", "replace") if isinstance(entry.filename, bytes) else entry.filename
                if _is_plain(name):
                    entries[name] = entry.attrs
                if len(entries) > MOST_ENTRIES:
                    break
    except asyncssh.SFTPError as error:
        raise StepFailed(Step.LIST, f"The folder {folder or '/'} cannot be read: {words_of(error)}.") from error
    if len(entries) > MOST_ENTRIES:
        raise StepFailed(
            Step.LIST, f"The folder holds more than {MOST_ENTRIES:,} entries. Give the path of a folder for roster files alone."
        )
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
    return bool(name) and name not in {".", ".."} and "/" not in name and name.isprintable() and "\ufffd" not in name


def _differing(wanted: Mapping[Remote, Path], now: Sequence[Remote]) -> list[str]:
    present = set(now)
    return [remote.name for remote in wanted if remote not in present]


async def _get(sftp: asyncssh.SFTPClient, source: str, remote: Remote, path: Path) -> None:
    try:
        await sftp.get(source, path, follow_symlinks=True, sparse=False)  # else a link would be made into a link here
    except (asyncssh.SFTPError, OSError) as error:
        raise StepFailed(Step.READ, f"{remote.name} cannot be fetched: {words_of(error)}.") from error
    if path.is_symlink() or path.stat().st_size != remote.size:
        raise StepFailed(Step.READ, f"{remote.name} changed while it was fetched.")

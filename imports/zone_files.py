"""What lies in a landing zone at this moment: which files are whole, which are still arriving. Reads no file.

Source: docs/decisions/0023-landing-zones.md
"""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from formats.arrival_names import may_wait
from imports.zone import ARCHIVE, RECEIPTS, Zone, is_temporary

MOST_OTHERS = 500  # files that no import reads: more are not looked at, so that no client can make a scan slow
_MASK = (1 << 64) - 1  # times before 1970 are negative
_AHEAD_SECONDS = 60.0  # a change this far in the future was made before the clock was set back


@dataclass(frozen=True, slots=True)
class ZoneFile:
    """A regular file of a zone.

    path: in the zone, with / between folders. stamp: inode, size and times; a content that was written to has another one. changed_at: in seconds;
    by the clock of this machine, which a client cannot set. is_marked: its writing goes on, or broke off.
    """

    path: str
    size: int
    stamp: str
    changed_at: float
    is_marked: bool
    is_settled: bool

    @property
    def is_whole(self) -> bool:
        """Whether it counts: closed properly, under its final name, and untouched for the settle time."""
        return self.is_settled and not self.is_marked and not is_temporary(self.path)

    @property
    def is_roster(self) -> bool:
        """Whether an import would read it, once it is whole under its final name."""
        return may_wait(self.path)


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a zone, by path. is_cut: there are more that no import reads, and they are not in it."""

    files: dict[str, ZoneFile]
    is_cut: bool = False


def list_files(zone: Zone, now: float | None = None) -> Listing:
    """The files of a zone outside its archive and receipts: those that an import may read all, of the others the first by name."""
    moment = time.time() if now is None else now
    found: dict[str, ZoneFile] = {}
    others, is_cut = 0, False
    for path in _paths(zone.root):
        if others >= MOST_OTHERS and not may_wait(path):
            is_cut = True
            if "/" in path:  # the top folder, where an import reads, has been seen whole
                break
            continue
        if (file := look_at(zone, path, moment)) is not None:
            found[path] = file
            others += not file.is_roster
    return Listing(found, is_cut)


def look_at(zone: Zone, path: str, now: float | None = None) -> ZoneFile | None:
    """One file as it is now; None where there is none, or something else than a regular file."""
    try:
        status = (zone.root / path).lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    age = (time.time() if now is None else now) - status.st_ctime
    is_settled = age >= settings.PORTAL_SFTP_SETTLE_SECONDS or age < -_AHEAD_SECONDS
    return ZoneFile(path, status.st_size, stamp_of(status), status.st_ctime, zone.is_marked(path), is_settled)


def stamp_of(status: os.stat_result) -> str:
    """What changes with every write and every rename, in 64 characters."""
    return "-".join(f"{number & _MASK:x}" for number in (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))[:64]


def shown(path: str) -> str:
    """A path as it is written down and shown: what is no text, and what would break a line, is spelled out."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    return text if len(text) <= 1000 else f"{text[:980]}… ({len(text):,})"


def _paths(root: Path) -> Iterator[str]:
    """Paths of what is no folder: first the top folder, then folder by folder; hidden folders and what the portal keeps there are passed over."""
    folders = [PurePosixPath()]
    for folder in folders:
        try:
            with os.scandir(root / folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = folder / entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield str(path)
            elif not entry.name.startswith(".") and not (entry.name in {ARCHIVE, RECEIPTS} and folder == PurePosixPath()):
                folders.append(path)

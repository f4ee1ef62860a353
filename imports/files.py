"""Where deliveries, change sets and outcomes lie in storage, and how to get at them on local disk."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from formats.unpack import Limits

_BLOCK = 1 << 20
_SCRATCH = "sync-"
_PART = ".part-"
PROCESSED = "processed-"  # how the names of downloads begin that lie beside a sync's artifacts
_YOUNG_SECONDS = 60  # a scratch folder is made a moment before it is locked
_DAY_SECONDS = 86_400


def limits() -> Limits:
    """The limits of a zip, from the settings."""
    return Limits(
        max_file_bytes=settings.PORTAL_MAX_FILE_MB << 20,
        max_total_bytes=settings.PORTAL_MAX_UPLOAD_MB << 20,
        max_ratio=settings.PORTAL_MAX_RATIO,
    )


def sha256_of(path: Path) -> str:
    """The content hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def delivered_name(district_id: int, sha256: str) -> str:
    """Where a delivered file lies: by content, so that the same file is stored once."""
    return f"deliveries/{district_id}/{sha256[:2]}/{sha256}"


def store(path: Path, name: str) -> str:
    """Put a file into storage unless it is there; returns the name it is found under. Under its name it is whole or not at all."""
    target = _on_disk(name)
    if default_storage.exists(name) and (target is None or _renewed(target)):
        return name
    with path.open("rb") as file:
        if target is None:  # a bucket, where a name appears once everything has arrived
            return default_storage.save(name, File(file))
        _write_whole(file, target)
    return name


def _renewed(target: Path) -> bool:
    """Make a stored file young, so that it is not taken for an orphan before its delivery is written down; False where it has just gone."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _on_disk(name: str) -> Path | None:
    """Where a stored name lies on local disk; None where storage is a bucket."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def _write_whole(source: IO[bytes], target: Path) -> None:
    """Copy to a name of its own, then rename: under its name a file is whole, whoever else writes it at the same time."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = mkstemp(dir=target.parent, prefix=_PART)
    try:
        with open(handle, "wb") as copy:  # noqa: PTH123 - it is open already
            shutil.copyfileobj(source, copy, _BLOCK)
        Path(part).rename(target)
    except BaseException:
        Path(part).unlink()
        raise


def remove(name: str) -> None:
    """Take a file out of storage."""
    default_storage.delete(name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder on local disk that is gone afterwards. A lock marks it as used; the kernel lifts it when the process dies."""
    settings.PATHS.uploads.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.PATHS.uploads, prefix=_SCRATCH) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(lock)


def remove_abandoned_scratch() -> None:
    """Remove the scratch folders whose process was killed, and halves of uploads older than a day."""
    for path in settings.PATHS.uploads.iterdir():
        try:
            age = time.time() - path.lstat().st_mtime
            if path.name.startswith(_SCRATCH) and age > _YOUNG_SECONDS:
                _remove_if_unlocked(path)
            elif age > _DAY_SECONDS and path.is_file():
                path.unlink()
        except FileNotFoundError:  # its process was quicker
            continue


def _remove_if_unlocked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)


def local_copy(name: str, at: Path) -> Path:
    """A stored file on local disk: linked where storage is a folder, fetched elsewhere."""
    stored = _on_disk(name)
    if stored is not None:
        at.symlink_to(stored)
        return at
    with default_storage.open(name) as source:
        _write_whole(source, at)
    return at


def store_folder(folder: Path, prefix: str) -> None:
    """Put the files of a folder into storage under a prefix."""
    for path in sorted(folder.iterdir()):
        store(path, f"{prefix}/{path.name}")


def local_artifact(prefix: str, name: str) -> Path | None:
    """One file of a sync's artifacts on local disk, None where it was not written. Fetched files are kept in a cache folder."""
    whole = f"{prefix}/{name}"
    path = _on_disk(whole)
    if path is None:
        path = settings.PATHS.root / "cache" / whole
        if not path.exists() and default_storage.exists(whole):
            with default_storage.open(whole) as source:
                _write_whole(source, path)
    return path if path.exists() else None


def local_artifacts(prefix: str) -> Path:
    """The folder of a sync's artifacts on local disk, all of them fetched; no downloads that were made of them."""
    folder = _on_disk(prefix)
    if folder is None:
        folder = settings.PATHS.root / "cache" / prefix
        for name in default_storage.listdir(prefix)[1]:
            if not name.startswith(PROCESSED):
                local_artifact(prefix, name)
    return folder


def remove_artifacts(prefix: str) -> None:
    """Take a sync's artifacts out of storage, and fetched copies from local disk."""
    if not prefix:
        return
    for name in listed(prefix)[1]:
        default_storage.delete(f"{prefix}/{name}")
    default_storage.delete(prefix)  # the folder, where storage has folders
    shutil.rmtree(settings.PATHS.root / "cache" / prefix, ignore_errors=True)


def listed(prefix: str) -> tuple[list[str], list[str]]:
    """Folders and files below a prefix in storage; none where it does not exist."""
    try:
        return default_storage.listdir(prefix)
    except FileNotFoundError:
        return [], []

"""Where deliveries, change sets and outcomes lie in storage, and how to get at them on local disk."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from formats.unpack import Limits

_BLOCK = 1 << 20


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
    """Put a file into storage unless it is there; returns the name it is found under."""
    if not default_storage.exists(name):
        with path.open("rb") as file:
            return default_storage.save(name, File(file))
    return name


def remove(name: str) -> None:
    """Take a file out of storage."""
    default_storage.delete(name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder on local disk that is gone afterwards."""
    settings.PATHS.uploads.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.PATHS.uploads, prefix="sync-") as folder:
        yield Path(folder)


def local_copy(name: str, at: Path) -> Path:
    """A stored file on local disk: linked where storage is a folder, fetched elsewhere."""
    try:
        stored = Path(default_storage.path(name))
    except NotImplementedError:
        with default_storage.open(name) as source, at.open("wb") as target:
            shutil.copyfileobj(source, target, _BLOCK)
    else:
        at.symlink_to(stored)
    return at


def store_folder(folder: Path, prefix: str) -> None:
    """Put the files of a folder into storage under a prefix."""
    for path in sorted(folder.iterdir()):
        store(path, f"{prefix}/{path.name}")


def local_artifact(prefix: str, name: str) -> Path | None:
    """One file of a sync's artifacts on local disk, None where it was not written. Fetched files are kept in a cache folder."""
    whole = f"{prefix}/{name}"
    try:
        path = Path(default_storage.path(whole))
    except NotImplementedError:
        path = settings.PATHS.root / "cache" / whole
        if not path.exists():
            if not default_storage.exists(whole):
                return None
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with default_storage.open(whole) as source, part.open("wb") as target:
                shutil.copyfileobj(source, target, _BLOCK)
            part.replace(path)
    return path if path.exists() else None


def local_artifacts(prefix: str) -> Path:
    """The folder of a sync's artifacts on local disk, all of them fetched."""
    try:
        return Path(default_storage.path(prefix))
    except NotImplementedError:
        for name in default_storage.listdir(prefix)[1]:
            local_artifact(prefix, name)
        return settings.PATHS.root / "cache" / prefix


def remove_artifacts(prefix: str) -> None:
    """Take a sync's artifacts out of storage."""
    if not prefix:
        return
    for name in default_storage.listdir(prefix)[1]:
        default_storage.delete(f"{prefix}/{name}")

"""One supervisor per data folder: two of them on one SQLite file and one broker would get in each other's way."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataFolderInUseError(Exception):
    """Another portal holds the data folder; the message says which."""


@contextmanager
def data_folder_lock(path: Path, address: str) -> Iterator[None]:
    """Hold the lock file as long as the block runs; the kernel lets go of it however this process ends.

    Args:
        path: the lock file.
        address: where this portal will answer, for the message to whoever comes second.

    Raises:
        DataFolderInUseError: somebody else holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 500, 0).decode(errors="replace").strip() or "unknown"
            raise DataFolderInUseError(
                f"Another portal already runs on {path.parent.parent} ({holder}). Stop it first, or set PORTAL_DATA_DIR to another folder."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, {address}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)

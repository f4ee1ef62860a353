"""Where the portal keeps what it writes: one folder, everything below it private to its user."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT_BYTES = 100  # the kernel refuses Unix socket paths over 107 bytes
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class DataPaths:
    """The folders and files below PORTAL_DATA_DIR."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite database of the embedded default."""
        return self.root / "portal.sqlite3"

    @property
    def files(self) -> Path:
        """Deliveries, change sets and outcomes, when no bucket is configured."""
        return self.root / "files"

    @property
    def static(self) -> Path:
        """Collected style sheets and scripts."""
        return self.root / "static"

    @property
    def uploads(self) -> Path:
        """Uploads while they stream in, and other short-lived files."""
        return self.root / "tmp"

    @property
    def run(self) -> Path:
        """The lock file, the scheduler's memory, and the broker's socket if its path is short enough."""
        return self.root / "run"

    @property
    def broker(self) -> Path:
        """The embedded broker's append-only file."""
        return self.root / "broker"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor that uses this folder."""
        return self.run / "portal.lock"

    @property
    def secret_key(self) -> Path:
        """The signing key made on the first embedded start."""
        return self.root / "secret_key"

    @property
    def demo_sign_in(self) -> Path:
        """What `load_demo` leaves for the supervisor to print: two lines, e-mail address and password."""
        return self.root / "demo_sign_in"

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's Unix socket.

        A data folder deep in the tree would make the path too long for a socket; then it lies in the system's folder for
        temporary files, under a name that every process derives from the data folder by itself.
        """
        socket = self.run / "broker.sock"
        if len(os.fsencode(socket)) <= SOCKET_PATH_LIMIT_BYTES:
            return socket
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}" / "broker.sock"

    def create(self) -> None:
        """Make the folders that are missing, readable by their owner only."""
        for folder in (self.root, self.files, self.uploads, self.run, self.broker):
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    def create_socket_folder(self) -> None:
        """Make the socket's folder, and refuse one that somebody else prepared.

        Raises:
            PermissionError: the folder belongs to another user, is a link, or is open to others.
        """
        folder = self.broker_socket.parent
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise PermissionError(f"The folder {folder} for the broker's socket is not private to this user. Remove it and start again.")

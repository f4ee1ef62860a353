"""The signing key of the embedded default: made once, kept in the data folder, readable by its owner only."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def load_or_create_secret_key(path: Path) -> str:
    """Return the key stored at `path`; the first caller makes it, and callers at the same moment get the same one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".secret_key-", dir=path.parent)  # mode 0600
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # somebody was faster: that key is the one that counts
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text().strip()

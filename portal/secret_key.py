"""The signing key of the embedded default: made once, kept in the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path


def load_or_create_secret_key(path: Path) -> str:
    """Return the key stored at `path`; the first caller makes it, and callers at the same moment get the same one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # fails when another process was faster: its key is the one that counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()

"""The server's own keys: made on first need, whoever comes first, and kept, so that a client's warning about a changed key means something."""

import base64
import fcntl
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_ssh_private_key

from imports.zone import PRIVATE, host_keys_folder

ED25519, RSA = "Ed25519", "RSA"
_FILES = {ED25519: "ssh_host_ed25519_key", RSA: "ssh_host_rsa_key"}
_RSA_BITS = 3072


def host_key_lines() -> list[tuple[str, str, str]]:
    """Return each of the server's keys: its type, its fingerprint ("SHA256:…"), and its public line for a known_hosts file.

    They are made when they are not there yet; several processes may ask at the same time.
    """
    return [(kind, *_described(path)) for kind, path in host_key_files().items()]


def host_key_files() -> dict[str, Path]:
    """Return the files of the private keys by type, made when they are missing."""
    folder = host_keys_folder()
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    found = {kind: folder / name for kind, name in _FILES.items()}
    if not all(path.exists() for path in found.values()):
        _make_missing(folder, found)
    return found


def _make_missing(folder: Path, wanted: dict[str, Path]) -> None:
    """Make what is missing, one process at a time; a key appears under its name whole or not at all."""
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind, path in wanted.items():
            if path.exists():
                continue
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(_made(kind))
                file.flush()
                os.fsync(file.fileno())
            new.rename(path)
    finally:
        os.close(lock)


def _made(kind: str) -> bytes:
    key = ed25519.Ed25519PrivateKey.generate() if kind == ED25519 else rsa.generate_private_key(65537, _RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def _described(path: Path) -> tuple[str, str]:
    key = load_ssh_private_key(path.read_bytes(), password=None)
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}", line

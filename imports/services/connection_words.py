"""What Test Connection says: its steps with a mark each, and how to mend the one that failed."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What became of a step."""

    DONE = "done"
    FAILED = "failed"
    NOTED = "noted"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Line:
    """A step in words."""

    words: str
    mark: Mark


_STEPS = {
    "reach": "Reach the server", "recognise": "Recognise it by its host key", "sign_in": "Sign in", "open": "Open the SFTP session",
    "list": "Read the folder", "write": "Write a test file", "read": "Read it back", "remove": "Remove it",
}  # fmt: skip
_MEND = {
    ("own", "reach"): "The portal's SFTP process is not running, or cannot be reached from here. Ask whoever runs the portal to start it.",
    ("own", "recognise"): "Ask whoever runs the portal whether PORTAL_SFTP_CONNECT names its SFTP server.",
    ("own", "changed"): "The server shows another host key than the portal has on disk. Ask whoever runs the portal to restart its SFTP process.",
    ("own", "sign_in"): "Try again in a minute. If it stays so, ask whoever runs the portal whether the SFTP process uses the same database.",
    ("own", "write"): "If the landing zone is full, remove files from it with your client.",
    ("custom", "reach"): "Check host and port, and that the server's firewall lets this portal in.",
    ("custom", "unknown"): "The server is reached, but not known yet. Compare its fingerprint with the one its administrator gives you, and trust it.",
    ("custom", "changed"): (
        "The server shows another host key than the one that was trusted. If nobody replaced its key, something else answers in its place: "
        "ask its administrator before you trust it. Nothing was signed in to."
    ),
    ("custom", "sign_in"): "Check the user name and the password or key, and that the server lets this user in from the portal's address.",
    ("custom", "list"): "Check the path, and that the user may read it.",
}  # fmt: skip


def mend(server: str, step: str, what: str) -> str:
    """What happened, and how to mend it."""
    return f"{what} {_MEND.get((server, step), '')}".strip()


def lines_of(done: Collection[str], failed: str | None, *, server: str = "own", note: str = "") -> list[Line]:
    """Every step of a test with its mark."""
    lines = []
    for step, words in _STEPS.items():
        if step == "list" and server == "own":
            continue
        if note and step == "write":
            lines.append(Line(f"{words}: {note}", Mark.NOTED))
            continue
        lines.append(Line(words, Mark.FAILED if step == failed else Mark.DONE if step in done else Mark.LEFT))
    return lines

"""What the name of a file in a landing zone means: one that waits for an import, or one that is passed over, and why."""

import difflib
from pathlib import PurePosixPath

from formats.oneroster.tables import FILE_NAMES, MANIFEST, ONEROSTER_ZIP

_KNOWN = {name.casefold(): name for name in (*FILE_NAMES, MANIFEST)}
_STEMS = {name.removesuffix(".csv"): known for name, known in _KNOWN.items()}
_TEXT = {"", ".csv", ".txt", ".text", ".dat"}  # endings behind which a CSV file may hide
_PACKED = {".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst"}
_LIKE = 0.75  # of 1: how alike two names must be


def may_wait(path: str) -> bool:
    """Whether an import reads a file of this path: a zip, a roster file or the manifest, in the top folder, whatever the capital letters."""
    return "/" not in path and (path.casefold() in _KNOWN or path.lower().endswith(".zip"))


def why_ignored(path: str) -> str:
    """Why a file is passed over and how that is mended, in sentences; empty where it waits for an import.

    Args:
        path: in the landing zone, as it is shown.
    """
    if may_wait(path):
        return ""
    name = PurePosixPath(path).name
    if "/" in path:
        where = "Files in folders are not read."
        return f"{where} Upload {name} to the top folder." if may_wait(name) else f"{where} {_unknown(name)}"
    return _unknown(name)


def _unknown(name: str) -> str:
    meant = _meant(name)
    if not meant:
        known = ", ".join(FILE_NAMES)
        return f"{name} is none of the files that an import reads: {known}, {MANIFEST}, or a zip of them such as {ONEROSTER_ZIP}."
    ending = PurePosixPath(name).suffix.lower()
    if ending in _PACKED:
        mend = f"If it holds {meant}, upload that file, or a zip with all of them."
    elif ending in _TEXT:
        mend = f"If it is meant as {meant}, upload it under that name."
    else:
        mend = f"If it is meant as {meant}, save it as a CSV file of that name and upload that."
    return f"{name} is none of the files that an import reads. {mend}"


def _meant(name: str) -> str:
    """The file that was probably meant; empty where the name is like none."""
    stem = name.casefold().partition(".")[0]
    letters = "".join(sign for sign in stem if sign.isalpha()).removesuffix("copy")
    whole = next((known for known in sorted(_STEMS, key=len, reverse=True) if letters.endswith(known) or letters.startswith(known)), "")
    like = [whole] if whole else difflib.get_close_matches(letters, list(_STEMS), 1, _LIKE)
    return _STEMS[like[0]] if like else ""

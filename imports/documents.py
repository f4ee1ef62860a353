"""Configuration documents as files: read from JSON, and written without what must stay secret."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from imports.config import merge_document

MOST_BYTES = 5_000_000
_SECRETS = ("password",)
_UNSTORABLE = {"Cc", "Cs"}  # control characters and halves of characters


class DocumentUnreadable(Exception):
    """What was given is no JSON document; the message says why, to be put after the name of the file ("is larger than …")."""


def read_document(data: bytes) -> Any:
    """The document in the bytes of a file; what it says is for `parse_config` to judge.

    Raises:
        DocumentUnreadable: it is too large, no UTF-8, no JSON, or has a key twice.
    """
    if len(data) > MOST_BYTES:
        raise DocumentUnreadable(f"is larger than {MOST_BYTES // 1_000_000} MB, so it is no configuration.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(f"cannot be read: it is not UTF-8 text (byte {error.start + 1}).") from error
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DocumentUnreadable(f"is not a JSON document: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a document; of a key given twice one would be lost silently, and some characters no database takes."""
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"the key {key!r} is given twice in one object. Keep one of the two")
        if any(unicodedata.category(character) in _UNSTORABLE for character in key):
            raise ValueError(f"the key {key!r} holds control characters. Remove them")
        seen[key] = value
    return seen


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def write_document(document: Mapping[str, Any], kind: str = "csv_upload") -> str:
    """The whole document of that kind of app as JSON text, in the form that can be read again; passwords are left out."""
    whole = merge_document(document, kind)
    whole["delivery"] = {name: value for name, value in whole["delivery"].items() if name not in _SECRETS}
    return json.dumps(whole, indent=2, ensure_ascii=False)

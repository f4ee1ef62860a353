"""Look at the beginning of a CSV file without reading its rows."""

import codecs
from pathlib import Path

from formats.csv_lines import BOM
from formats.encodings import UTF16_BOMS, mixed_text
from formats.headers import HEAD_BYTES, Head, parse_head


def read_headers(path: Path, *, name: str = "") -> Head:
    """Return the header row of a file; `name` is its name in the standard where the path has another.

    The encoding is what the first 256 KB tell: Windows-1252 bytes further on are found by `read_csv` only.

    Raises:
        Refused: as parse_head.
    """
    with path.open("rb") as file:
        raw = file.read(HEAD_BYTES)
        whole = len(raw) < HEAD_BYTES
    if raw[:2] in UTF16_BOMS:
        text, encoding = codecs.getincrementaldecoder("utf-16")(errors="replace").decode(raw, final=whole), "utf-16"
    elif (plain := _utf8_start(raw)) is not None:
        text, encoding = plain, "utf-8-sig" if raw.startswith(BOM) else "utf-8"
    else:
        text, encoding = mixed_text(raw), "windows-1252"
    return parse_head(text.encode(), name or path.name, encoding)


def _utf8_start(raw: bytes) -> str | None:
    """The text, less a character cut in two at the end; None if it is not UTF-8."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return None

"""Find the encoding of a text file and bring it to UTF-8, streaming."""

import codecs
from pathlib import Path

from formats.csv_lines import BOM

_BLOCK = 512 * 1024  # stays in the processor's cache: larger blocks are three times slower
UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_utf8(path: Path) -> bool:
    """Whether every byte of the file is valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(path: Path, copy: Path) -> tuple[str, Path]:
    """Return the encoding and a file with the same text in UTF-8: `path` itself, or `copy`, newly written.

    Encodings: utf-8, utf-8-sig, utf-16 (by its mark), else windows-1252. In the last case only the lines that are not
    valid UTF-8 are read as Windows-1252: one damaged line must not turn every accented name of the file to rubbish.
    """
    with path.open("rb") as file:
        start = file.read(len(BOM))
    if start[:2] in UTF16_BOMS:
        _write_utf16_as_utf8(path, copy)
        return "utf-16", copy
    if is_utf8(path):
        return ("utf-8-sig" if start == BOM else "utf-8"), path
    with path.open("rb") as source, copy.open("wb") as target:
        while block := source.read(_BLOCK):
            target.write(mixed_text(block + source.readline(_BLOCK)).encode())
    return "windows-1252", copy


def mixed_text(raw: bytes) -> str:
    """Decode whole lines: UTF-8 where a line is that, else Windows-1252; its five undefined bytes become U+FFFD."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(_line_text(line) for line in raw.splitlines(keepends=True))


def _line_text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _write_utf16_as_utf8(path: Path, copy: Path) -> None:
    with path.open(encoding="utf-16", errors="replace", newline="") as source, copy.open("wb") as target:
        while text := source.read(_BLOCK):
            target.write(text.encode())

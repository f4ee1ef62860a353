"""Cut CSV bytes (UTF-8) into records without ever losing count of the physical lines.

A physical line ends with CRLF, LF or a lone CR. A record is one line, or several where a quoted value holds line breaks.
Quoting is RFC 4180, strictly: a quoted value that is not closed, or goes on after its closing quote, is an error of the
line it starts on, and reading goes on with the next physical line, so that one lost quote never swallows other rows.
"""

import csv
import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _csv

Buffer = bytes | mmap.mmap

BOM = b"\xef\xbb\xbf"
MAX_FIELD_CHARS = 65_536
_MAX_LINE_BYTES = 16 * 1024 * 1024  # a longer line is not even decoded
_MAX_LOOKAHEAD_BYTES = 1024 * 1024  # how far a quoted value is followed before it counts as never closed
_EXCERPT_BYTES = 240
_EXCERPT_CHARS = 120
_EXCERPTS_KEPT = 10_000  # a file in which every row is bad must not fill the memory

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, at the physical line on which it starts.

    code: row-nul, row-unclosed-quote, row-too-few-fields, row-too-many-fields or row-field-too-long.
    detail: "12 instead of 17" for the two counts, the column for a long field, else empty.
    excerpt: the beginning of the line, NUL shown as a symbol; empty after the first ten thousand of one file.
    """

    line: int
    code: str
    detail: str
    excerpt: str


def line_ends(buffer: Buffer, *, lone_cr: bool) -> Callable[[int], int]:
    """Return the function from the offset of a physical line to the offset just after it.

    lone_cr: whether a CR without LF may end a line here; looking for it takes six times longer.
    """
    size, find = len(buffer), buffer.find

    def at_newline(start: int) -> int:
        return find(b"\n", start) + 1 or size

    def at_any_end(start: int) -> int:
        match = _LINE.match(buffer, start)
        return match.end() if match else size

    return at_any_end if lone_cr else at_newline


def is_blank(raw: bytes) -> bool:
    """Whether a physical line holds nothing but spaces."""
    return not raw.strip(b" \r\n")


@lru_cache
def _strict(delimiter: str) -> "_csv.Dialect":
    """A ready-made dialect: building one anew for every row would double the time."""
    return csv.reader((), delimiter=delimiter, strict=True).dialect


def parse_record(buffer: Buffer, start: int, delimiter: str, line_end: Callable[[int], int]) -> tuple[list[str], int, int] | None:
    """Read the record that begins at `start`: its fields, the offset after it, the physical lines it takes.

    None means that its quoting is broken.
    """
    position = start

    def lines() -> Iterator[str]:
        nonlocal position
        while position < len(buffer) and position - start < _MAX_LOOKAHEAD_BYTES:
            begin, position = position, line_end(position)
            yield buffer[begin:position].decode(errors="replace")  # only a buffer that is cut off holds half a character

    reader = csv.reader(lines(), _strict(delimiter))
    try:
        fields = next(reader)
    except (csv.Error, StopIteration):
        return None
    return fields, position, reader.line_num


def parse_line(raw: bytes, delimiter: str) -> list[str] | None:
    """The fields of a record that is one line; None if its quoting is broken or goes on in the next line."""
    try:
        return next(csv.reader((raw.decode(),), _strict(delimiter)))
    except csv.Error:
        return None


class RecordReader:
    """The rows of one file from `start` on; `bad` fills while `rows` is consumed."""

    def __init__(self, buffer: Buffer, *, start: int, line: int, delimiter: str, headers: tuple[str, ...], lone_cr: bool) -> None:
        self.bad: list[BadRow] = []
        self._buffer = buffer
        self._start = start
        self._line = line
        self._delimiter = delimiter
        self._headers = headers
        self._line_end = line_ends(buffer, lone_cr=lone_cr)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (physical line, fields) of every readable row, in order; every row has one field per header."""
        buffer, width, delimiter, position, line = self._buffer, len(self._headers), self._delimiter, self._start, self._line
        size, line_end = len(buffer), self._line_end
        while position < size:
            end, lines = line_end(position), 1
            raw = buffer[position:end] if end - position <= _MAX_LINE_BYTES else b""
            fields = None
            if 0 < len(raw) <= MAX_FIELD_CHARS and b"\0" not in raw:  # nearly every row
                fields = parse_line(raw, delimiter) if b'"' in raw else raw.rstrip(b"\r\n").decode().split(delimiter)
            if fields is None:
                fields, end, lines = self._hard_row(position, end, raw, line)
            elif len(fields) != width or (width == 1 and is_blank(raw)):
                if not is_blank(raw):
                    self._count(line, len(fields), raw)
                fields = None
            if fields is not None:
                yield line, fields
            position, line = end, line + lines

    def _hard_row(self, start: int, line_end_at: int, raw: bytes, line: int) -> tuple[list[str] | None, int, int]:
        """A row of several lines, with NUL bytes or of great length: (fields or None if bad, offset after it, lines it takes)."""
        if not raw:
            self._add(line, "row-field-too-long", "", self._buffer[start : start + _EXCERPT_BYTES])
            return None, line_end_at, 1
        record = parse_record(self._buffer, start, self._delimiter, self._line_end)
        if record is None:
            if b"\0" in raw:
                code = "row-nul"
            elif len(raw) > MAX_FIELD_CHARS and raw.count(b'"') % 2 == 0:
                code = "row-field-too-long"  # the csv module gives up on a field of 131,072 characters
            else:
                code = "row-unclosed-quote"
            self._add(line, code, "", raw)
            return None, line_end_at, 1
        fields, end, lines = record
        if len(fields) != len(self._headers) and lines > 1 and self._swallows_a_row(line_end_at, end):
            self._add(line, "row-unclosed-quote", "", raw)
            return None, line_end_at, 1
        if b"\0" in self._buffer[start:end]:
            self._add(line, "row-nul", "", raw)
        elif len(fields) != len(self._headers):
            self._count(line, len(fields), raw)
        elif (long := next((i for i, field in enumerate(fields) if len(field) > MAX_FIELD_CHARS), None)) is not None:
            self._add(line, "row-field-too-long", self._headers[long], raw)
        else:
            return fields, end, lines
        return None, end, lines

    def _swallows_a_row(self, start: int, end: int) -> bool:
        """Whether one of the lines that a record of wrong width runs over is a complete row by itself."""
        while start < end:
            after = self._line_end(start)
            fields = parse_line(self._buffer[start:after], self._delimiter)
            if fields is not None and len(fields) == len(self._headers):
                return True
            start = after
        return False

    def _count(self, line: int, found: int, raw: bytes) -> None:
        code = "row-too-few-fields" if found < len(self._headers) else "row-too-many-fields"
        self._add(line, code, _instead(found, len(self._headers)), raw)

    def _add(self, line: int, code: str, detail: str, raw: bytes) -> None:
        excerpt = ""
        if len(self.bad) < _EXCERPTS_KEPT:
            text = raw[:_EXCERPT_BYTES].decode(errors="ignore").rstrip("\r\n").replace("\0", "\u2400")
            excerpt = text[:_EXCERPT_CHARS]
        self.bad.append(BadRow(line, code, detail, excerpt))


@lru_cache
def _instead(found: int, expected: int) -> str:
    return f"{found} instead of {expected}"

"""Read one CSV file into an Arrow table of text, by the fast way where that is proven right, else line by line."""

import mmap
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from formats.csv_lines import BadRow, Buffer, RecordReader
from formats.encodings import as_utf8
from formats.headers import HEAD_BYTES, LINE_COLUMN, METADATA, Head, parse_head
from formats.problems import FileProblem
from formats.survey import has_lone_cr, plain_lines

_BATCH_ROWS = 20_000
_BLOCK_BYTES = 1024 * 1024  # far above a plain file's longest line, so no row can straddle two block ends


@dataclass(frozen=True, slots=True)
class TextTable:
    """One file as text.

    headers: every usable column of the file, loaded or not; a OneRoster header in the standard's spelling.
    encoding: utf-8, utf-8-sig, utf-16 or windows-1252.
    table: the readable rows in file order; columns are large_string without nulls, exactly as sent ("" = no value), and
        `_line` (int64), the physical line on which the record starts (header = line 1).
    bad: the rows that cannot be read, by line.
    problems: warnings.
    is_cut: the file ends in the middle of its last row: that row cannot be read, and no line break follows it.
    """

    name: str
    headers: tuple[str, ...]
    encoding: str
    delimiter: str
    table: pa.Table
    bad: tuple[BadRow, ...]
    problems: tuple[FileProblem, ...]
    old_spellings: tuple[str, ...] = ()
    is_cut: bool = False

    @property
    def rows(self) -> int:
        """Data rows in the file, readable or not."""
        return int(self.table.num_rows) + len(self.bad)


def read_csv(path: Path, *, name: str, scratch: Path, columns: Collection[str] | None = None) -> TextTable:
    """Read one file of a delivery.

    Args:
        path: where the file is.
        name: what it is called in the standard: users.csv.
        scratch: a folder for a copy in UTF-8 where the file is in another encoding; the copy is removed again.
        columns: the headers to load, in the standard's spelling (None: all); `metadata.*` is always loaded.

    Raises:
        Refused: as parse_head.
    """
    copy = scratch / f"{name}.utf8"
    try:
        encoding, text = as_utf8(path, copy)
        with text.open("rb") as file:
            head = parse_head(file.read(HEAD_BYTES), name, encoding)
        loaded = [f for f in head.headers if columns is None or f in columns or f.startswith(METADATA)]
        fast = read_fast(text, head, loaded)
        table, bad = (fast, ()) if fast is not None else read_slow(text, head, loaded)
        is_cut = bool(bad) and _is_last(bad[-1], table) and not _ends_a_line(text)
    finally:
        copy.unlink(missing_ok=True)
    problems = head.problems
    if encoding == "windows-1252":
        problems += (FileProblem("file-encoding", name, detail=encoding, severity="warning"),)
    return TextTable(name, head.headers, encoding, head.delimiter, table, bad, problems, head.old_spellings, is_cut)


def _is_last(row: BadRow, table: pa.Table) -> bool:
    """Whether no good row stands behind this one."""
    return table.num_rows == 0 or bool(table.column(LINE_COLUMN)[-1].as_py() < row.line)


def _ends_a_line(text: Path) -> bool:
    with text.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in b"\r\n"


def read_fast(text: Path, head: Head, loaded: list[str]) -> pa.Table | None:
    """Read with Arrow's parser; None unless it is certain that every row and line number is right.

    Certain: the file is plain (see `survey`), the header stands on line 1, and there is one record for every further line.
    """
    if len(head.fields) < 2 or head.data_line != 2 or not loaded:
        return None
    lines = plain_lines(text, head.delimiter)
    if lines is None:
        return None
    if lines == 1:
        return _empty(loaded)
    names = [field or f"_unused_{i}" for i, field in enumerate(head.fields)]
    try:
        table = arrow_csv.read_csv(
            text,
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(delimiter=head.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False,  # as_utf8 has proven it
                column_types=dict.fromkeys(names, pa.large_string()),
                include_columns=loaded,
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:  # a row of another width
        return None
    if table.num_rows != lines - 1:
        return None
    return table.append_column(LINE_COLUMN, pa.array(np.arange(2, lines + 1, dtype=np.int64)))


def read_slow(text: Path, head: Head, loaded: list[str]) -> tuple[pa.Table, tuple[BadRow, ...]]:
    """Read line by line: the good rows, and the bad ones at their true lines."""
    wanted = [head.fields.index(field) for field in loaded]
    batches: list[pa.RecordBatch] = []
    with _mapped(text) as buffer:
        reader = RecordReader(
            buffer,
            start=head.data_at,
            line=head.data_line,
            delimiter=head.delimiter,
            headers=head.fields,
            lone_cr=has_lone_cr(text),
        )
        lines: list[int] = []
        rows: list[list[str]] = []
        for line, fields in reader.rows():
            lines.append(line)
            rows.append(fields)
            if len(rows) == _BATCH_ROWS:
                batches.append(_batch(loaded, wanted, rows, lines))
                lines, rows = [], []
                if isinstance(buffer, mmap.mmap):
                    buffer.madvise(mmap.MADV_DONTNEED)  # pages already read would count as this process's memory
        if rows:
            batches.append(_batch(loaded, wanted, rows, lines))
    if not batches:
        return _empty(loaded), tuple(reader.bad)
    return pa.Table.from_batches(batches), tuple(reader.bad)


def _batch(loaded: list[str], wanted: list[int], rows: list[list[str]], lines: list[int]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(columns[i], type=pa.large_string()) for i in wanted]
    return pa.RecordBatch.from_arrays([*arrays, pa.array(lines, type=pa.int64())], names=[*loaded, LINE_COLUMN])


def _empty(loaded: list[str]) -> pa.Table:
    return pa.schema([*((field, pa.large_string()) for field in loaded), (LINE_COLUMN, pa.int64())]).empty_table()


@contextmanager
def _mapped(path: Path) -> Iterator[Buffer]:
    """The bytes of a file, mapped; an empty file cannot be mapped."""
    if path.stat().st_size == 0:
        yield b""
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        yield buffer

"""The findings of a sync in words: pages of Show Errors, the download, and the reasons of single rows."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from formats.csv_safe import neutralise
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import NOWHERE, ParquetRows, Positions, containing, mask_of, numbers, one_of, text, true_at
from imports.sentences import say, templates
from records.artifact_paths import findings_path

_WORDS = ("code", "record_type", "file", "column", "attribute")  # what few distinct values there are of
_HEADER = ("File Name", "Line", "Column", "Error Type", "Error Message", "Value", "How to mend", "Record Type", "Record")
_ROWS_AT_ONCE = 20_000
# Stand-ins for what differs from row to row, to find out where in a sentence it stands.
_VALUE, _DETAIL, _LINE = "\x01", "\x02", 907_305_801_604


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding in words."""

    file: str
    line: int
    column: str
    code: str
    title: str
    value: str
    message: str
    fix: str
    outcome: str
    record_type: str
    key: str
    name: str
    row: int = 0  # the line of the record in its own file


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One page of findings, and how many there are in all."""

    rows: list[FindingView]
    total: int


def open_findings(sync: Sync) -> ParquetRows | None:
    """The findings of a sync; None where it has none."""
    path = local_artifact(sync.artifacts, findings_path(Path()).name) if sync.artifacts else None
    return ParquetRows(path, dictionaries=(*_WORDS, "outcome")) if path else None


def read_findings(sync: Sync, *, file: str = "", kind: str = "", message: str = "", offset: int = 0, limit: int = 50) -> FindingPage:
    """One page, by file and line, narrowed to what each of the given texts is found in, in whatever case.

    Args:
        sync: whose findings.
        file: part of the file's name.
        kind: part of the Error Type, or a whole code.
        message: part of the message as shown.
        offset: how many to pass over.
        limit: how many at most.
    """
    found = open_findings(sync)
    if found is None:
        return FindingPage([], 0)
    if not (file or kind or message):
        whole = np.arange(min(offset, len(found)), min(offset + limit, len(found)), dtype=np.int64)
        return FindingPage(view_findings(found, whole), len(found))
    at = _matching(found, file, kind, message)
    return FindingPage(view_findings(found, at[offset : offset + limit]), len(at))


def stream_findings_csv(sync: Sync) -> Iterator[str]:
    """All findings as the lines of a CSV file that no spreadsheet runs anything of."""
    yield _csv([_HEADER])
    found = open_findings(sync)
    if found is None:
        return
    everything = np.arange(len(found), dtype=np.int64)
    for part in np.array_split(everything, range(_ROWS_AT_ONCE, len(found), _ROWS_AT_ONCE)):
        yield _csv([_cells(finding) for finding in view_findings(found, part)])


def positions_with(found: ParquetRows, outcomes: Sequence[str], limit: int) -> Positions:
    """The positions of the first findings that mean one of these outcomes."""
    wanted, parts, left = one_of(outcomes), [NOWHERE], limit
    for group in found.groups:
        at = true_at(mask_of(found.columns(["outcome"], [group]).column(0), wanted))[:left]
        parts.append(found.span(group)[at])
        left -= len(at)
        if not left:
            break
    return np.concatenate(parts)


def view_findings(found: ParquetRows, positions: Positions) -> list[FindingView]:
    """The findings at these positions, in words."""
    return [view_finding(row) for row in found.take(positions)]


def view_finding(row: Mapping[str, object]) -> FindingView:
    """One stored finding in words."""
    said = say(row)
    name, key = str(row.get("name") or ""), str(row.get("key") or "")
    return FindingView(said.file, said.line, said.column, said.code, said.title, said.value, said.message, said.fix,
                       str(row["outcome"]), str(row["record_type"]), key, name, int(str(row.get("row") or 0)))  # fmt: skip


def _cells(finding: FindingView) -> tuple[str, ...]:
    """The cells of a line, in the order of the header."""
    where = (finding.file, str(finding.line or ""), finding.column)
    return (*where, finding.title, finding.message, finding.value, finding.fix, finding.record_type, finding.name or finding.key)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([neutralise(cell) for cell in row] for row in rows)
    return target.getvalue()


def _matching(found: ParquetRows, file: str, kind: str, message: str) -> Positions:
    """The positions of the findings that meet all filters."""
    table = found.columns([*_WORDS, *(("line", "value", "detail") if message else ())])
    masks = []
    if file:
        masks.append(mask_of(table.column("file"), containing(file)))
    if kind:
        codes = _distinct(table.column("code"))
        meant = [code for code in codes if kind == code or kind.casefold() in templates(code)[0].casefold()]
        masks.append(mask_of(table.column("code"), one_of(meant)))
    at = np.arange(len(found), dtype=np.int64)
    if masks:
        mask = masks[0] if len(masks) == 1 else pc.and_(*masks)
        at, table = true_at(mask), table.filter(mask)
    return at[_saying(table, message)] if message and len(at) else at


def _distinct(column: pa.ChunkedArray) -> list[str]:
    return sorted({value for chunk in column.chunks for value in chunk.dictionary.to_pylist()})


def _saying(table: pa.Table, needle: str) -> Positions:
    """Where the message contains the needle.

    Findings that differ in line, value and detail only share a sentence: its fixed parts are looked at once for all of them.
    """
    kinds = np.zeros(table.num_rows, dtype=np.int64)
    values: list[list[str]] = []
    for name in _WORDS:
        known = _distinct(table.column(name))
        kinds = kinds * max(len(known), 1) + _codes(table.column(name), known)
        values.append(known)
    hits = [NOWHERE]
    order = np.argsort(kinds, kind="stable")
    edges = [0, *(np.flatnonzero(np.diff(kinds[order])) + 1).tolist(), len(order)]
    for start, end in pairwise(edges):
        at = order[start:end]
        pieces = _pieces(_constants(int(kinds[at[0]]), values))
        if any(needle.casefold() in piece.casefold() for piece in pieces if isinstance(piece, str)):
            hits.append(at)
        else:
            hits.append(at[_told(table, at, pieces, needle)])
    return np.sort(np.concatenate(hits))


def _codes(column: pa.ChunkedArray, known: list[str]) -> Positions:
    """For every row the place of its value among the known ones."""
    place = {value: at for at, value in enumerate(known)}
    parts = [NOWHERE]
    for chunk in column.chunks:
        lookup = np.array([place[value] for value in chunk.dictionary.to_pylist()], dtype=np.int64)
        indices = np.frombuffer(chunk.indices.buffers()[1], dtype=np.int32)[chunk.indices.offset : chunk.indices.offset + len(chunk)]
        parts.append(lookup[indices])
    return np.concatenate(parts)


def _constants(kind: int, values: list[list[str]]) -> dict[str, str]:
    constants = {}
    for name, known in reversed(list(zip(_WORDS, values, strict=True))):
        kind, at = divmod(kind, max(len(known), 1))
        constants[name] = known[at]
    return constants


def _pieces(constants: Mapping[str, str]) -> list[str | Callable[[pa.Table], pa.ChunkedArray]]:
    """A sentence in pieces: fixed text, and what reads the rest from the columns."""
    sentence = say({**constants, "value": _VALUE, "detail": _DETAIL, "line": _LINE}).message.replace(str(_LINE), "\x03")
    readers: dict[str, Callable[[pa.Table], pa.ChunkedArray]] = {
        _VALUE: lambda table: pc.utf8_slice_codeunits(table.column("value"), 0, 120),
        _DETAIL: lambda table: table.column("detail"),
        "\x03": lambda table: table.column("line").cast(pa.large_string()),
    }
    pieces: list[str | Callable[[pa.Table], pa.ChunkedArray]] = []
    fixed = ""
    for letter in sentence:
        if letter in readers:
            pieces += [fixed, readers[letter]]
            fixed = ""
        else:
            fixed += letter
    return [*pieces, fixed]


def _told(table: pa.Table, at: Positions, pieces: Sequence[str | Callable[[pa.Table], pa.ChunkedArray]], needle: str) -> Positions:
    """Which of the findings of one kind contain the needle once their sentence is put together."""
    if not any(callable(piece) for piece in pieces):
        return NOWHERE
    part = table.select(["line", "value", "detail"]).take(numbers(at))
    sentence = pc.binary_join_element_wise(*(text(piece) if isinstance(piece, str) else piece(part) for piece in pieces), text(""))
    return true_at(mask_of(sentence, containing(needle)))

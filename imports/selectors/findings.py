"""The findings of a sync in words: pages of Show Errors, the download, and the reasons of single rows."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from formats.csv_safe import neutralise
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.parquet import NOWHERE, Mask, ParquetRows, Positions, codes, containing, mask_of, numbers, one_of, text
from imports.sentences import say, templates
from records.artifact_paths import findings_path

_WORDS = ("code", "record_type", "file", "column", "attribute")  # what few distinct values there are of
_HEADER = ("File Name", "Line", "Column", "Error Type", "Error Message", "Value", "How to mend", "Record Type", "Record")
_ROWS_AT_ONCE = 20_000
# Stand-ins for what differs from row to row, to find out where in a sentence it stands.
_VALUE, _DETAIL, _LINE = "\x01", "\x02", 907_305_801_604

Reader = Callable[[pa.Table], pa.ChunkedArray]  # what stands in the sentences, from the columns


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
        at = np.flatnonzero(mask_of(found.columns(["outcome"], [group]).column(0), wanted))[:left]
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
    mask = np.ones(len(found), dtype=np.bool_)
    if file:
        mask &= mask_of(table.column("file"), containing(file))
    if kind:
        meant = [code for code in _distinct(table.column("code")) if kind == code or kind.casefold() in templates(code)[0].casefold()]
        mask &= mask_of(table.column("code"), one_of(meant))
    if message:
        mask &= _saying(table, message, mask)
    return np.flatnonzero(mask)


def _distinct(column: pa.ChunkedArray) -> list[str]:
    return sorted({value for chunk in column.chunks for value in chunk.dictionary.to_pylist()})


def _saying(table: pa.Table, needle: str, mask: Mask) -> Mask:
    """Where the message contains the needle, of the findings under the mask.

    Findings that differ in line, value and detail only share a sentence: its fixed parts are looked at once for all of them.
    """
    known = [_distinct(table.column(name)) for name in _WORDS]
    kinds = np.zeros(table.num_rows, dtype=np.int64)
    for name, words in zip(_WORDS, known, strict=True):
        kinds *= max(len(words), 1)
        kinds += _places(table.column(name), words)
    told = np.zeros(table.num_rows, dtype=np.bool_)
    for kind in np.unique(kinds[mask]).tolist():
        mine = mask & (kinds == kind)
        pieces = _pieces(_constants(kind, known))
        if any(needle.casefold() in piece.casefold() for piece in pieces if isinstance(piece, str)):
            told |= mine
        elif any(callable(piece) for piece in pieces):
            at = np.flatnonzero(mine)
            told[at[_told(table.select(["line", "value", "detail"]).take(numbers(at)), pieces, needle)]] = True
    return told


def _places(column: pa.ChunkedArray, known: list[str]) -> Positions:
    """For every row the place of its value among the known ones."""
    place = {value: at for at, value in enumerate(known)}
    parts = [NOWHERE]
    for chunk in column.chunks:
        parts.append(np.array([place[value] for value in chunk.dictionary.to_pylist()], dtype=np.int64)[codes(chunk)])
    return np.concatenate(parts)


def _constants(kind: int, known: list[list[str]]) -> dict[str, str]:
    """The words that a kind of finding stands for."""
    constants = {}
    for name, words in zip(reversed(_WORDS), reversed(known), strict=True):
        kind, at = divmod(kind, max(len(words), 1))
        constants[name] = words[at]
    return constants


def _pieces(constants: Mapping[str, str]) -> list[str | Reader]:
    """A sentence in pieces: fixed text, and what reads the rest from the columns."""
    sentence = say({**constants, "value": _VALUE, "detail": _DETAIL, "line": _LINE}).message.replace(str(_LINE), "\x03")
    readers: dict[str, Reader] = {
        _VALUE: lambda table: pc.utf8_slice_codeunits(table.column("value"), 0, 120),
        _DETAIL: lambda table: table.column("detail"),
        "\x03": lambda table: table.column("line").cast(pa.large_string()),
    }
    pieces: list[str | Reader] = []
    fixed = ""
    for letter in sentence:
        if letter in readers:
            pieces += [fixed, readers[letter]]
            fixed = ""
        else:
            fixed += letter
    return [*pieces, fixed]


def _told(findings: pa.Table, pieces: Sequence[str | Reader], needle: str) -> Mask:
    """Which findings of one kind contain the needle once their sentence is put together."""
    sentence = pc.binary_join_element_wise(*(text(piece) if isinstance(piece, str) else piece(findings) for piece in pieces), text(""))
    return mask_of(sentence, containing(needle))

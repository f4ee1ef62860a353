"""Header rows: which delimiter, which column is which, what is missing, which version of OneRoster."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from formats.csv_lines import BOM, MAX_FIELD_CHARS, is_blank, line_ends, parse_record
from formats.oneroster.tables import MANIFEST, TABLES, Column
from formats.problems import FileProblem, refuse

METADATA = "metadata."
LINE_COLUMN = "_line"
HEAD_BYTES = 256 * 1024
DELIMITERS = (",", ";", "\t")
_MANIFEST_COLUMNS = (Column("propertyName", required=True), Column("value", required=True))
_SEEN_IN_THE_WILD = {("users.csv", "orgs"): "orgSourcedIds"}
_INVISIBLE = "\ufeff\u200b\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Head:
    """The header row of one file. `fields` has one entry per column in the file, "" where the column cannot be used."""

    name: str
    encoding: str
    delimiter: str
    fields: tuple[str, ...]
    old_spellings: tuple[str, ...]  # headers of OneRoster 1.0 that were met
    problems: tuple[FileProblem, ...]
    data_at: int  # offset in the UTF-8 bytes at which the first row begins
    data_line: int  # its physical line

    @property
    def headers(self) -> tuple[str, ...]:
        """The usable columns: a OneRoster header in the standard's spelling, others as sent, trimmed."""
        return tuple(field for field in self.fields if field)


class HasHeaders(Protocol):
    """What the checks over all files need of each of them: a Head or a TextTable."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The usable columns, in the standard's spelling."""

    @property
    def old_spellings(self) -> tuple[str, ...]:
        """The headers of OneRoster 1.0 that were met."""


def columns_of(name: str) -> tuple[Column, ...]:
    """The standard's columns of a file by its name; none for a file that it does not know."""
    return _MANIFEST_COLUMNS if name == MANIFEST else TABLES.get(name.removesuffix(".csv"), ())


def parse_head(buffer: bytes, name: str, encoding: str) -> Head:
    """Read the header row out of the first HEAD_BYTES of a text in UTF-8.

    An empty file counts as one with the standard's headers and no row.

    Raises:
        Refused: file-not-text, file-has-no-header, header-repeated.
    """
    start, line = (len(BOM) if buffer[: len(BOM)] == BOM else 0), 1
    line_end = line_ends(buffer, lone_cr=True)
    while start < len(buffer) and is_blank(buffer[start : line_end(start)]):
        start, line = line_end(start), line + 1
    columns = columns_of(name)
    if start >= len(buffer):
        empty = FileProblem("file-empty", name, severity="warning")
        return Head(name, encoding, ",", tuple(c.header for c in columns), (), (empty,), len(buffer), line)
    end = line_end(start)
    if end - start > MAX_FIELD_CHARS:
        raise refuse("file-has-no-header", name, line=line)
    if b"\0" in buffer[start:end] or buffer[start : start + 4] == b"PK\x03\x04":
        raise refuse("file-not-text", name, line=line)
    delimiter = _delimiter(buffer[start:end].decode(errors="replace"), columns)
    record = parse_record(buffer, start, delimiter, line_end)
    if record is None:
        raise refuse("file-has-no-header", name, line=line)
    sent, data_at, lines = record
    fields, old, problems = _canonical(sent, name, columns, line)
    if columns and not {c.header for c in columns} & set(fields):
        raise refuse("file-has-no-header", name, line=line, value=", ".join(sent)[:120])
    if delimiter != ",":
        problems.insert(0, FileProblem("file-delimiter", name, line, value="tab" if delimiter == "\t" else delimiter, severity="warning"))
    return Head(name, encoding, delimiter, fields, old, tuple(problems), data_at, line + lines)


def _delimiter(header: str, columns: tuple[Column, ...]) -> str:
    """The delimiter that shows the most known headers; for an unknown file the one that makes the most columns."""
    known = {_key(c.header) for c in columns} | {_key(c.old_header) for c in columns}

    def score(delimiter: str) -> tuple[int, int]:
        fields = next(csv.reader((header,), delimiter=delimiter), [])
        return sum(_key(field) in known for field in fields), 0 if columns else len(fields)

    return max(DELIMITERS, key=score)  # the first of equals: the comma


def _clean(header: str) -> str:
    return header.strip().strip(_INVISIBLE).strip()


def _key(header: str) -> str:
    """Headers that differ only in case or spaces have the same key."""
    return "".join(_clean(header).split()).casefold()


def _canonical(
    sent: list[str], name: str, columns: tuple[Column, ...], line: int
) -> tuple[tuple[str, ...], tuple[str, ...], list[FileProblem]]:
    """Name every column; returns the names in file order, the 1.0 spellings met, and the warnings."""
    standard = {_key(c.header): c.header for c in columns}
    present = {_key(header) for header in sent}
    old = {c.old_header: c.header for c in columns if c.old_header and _may_stand_for(c.old_header, c.header, present)}
    old_keys = {_key(spelling): (spelling, header) for spelling, header in old.items()}
    fields: list[str] = []
    met: list[str] = []
    problems: list[FileProblem] = []
    for header in sent:
        clean, key = _clean(header), _key(header)
        field = standard.get(key, clean)
        wanted = field
        if clean in old or (key not in standard and key in old_keys):
            wanted, field = old_keys[key]
            met.append(wanted)
        elif alias := _SEEN_IN_THE_WILD.get((name, key)):
            field = wanted = alias if _key(alias) not in present else clean
        elif key.startswith(METADATA):
            field = wanted = METADATA + clean[clean.index(".") + 1 :].lstrip()
        if clean in ("", LINE_COLUMN):
            field = wanted = ""
            problems.append(FileProblem("header-ignored", name, line, value=clean, detail=str(len(fields) + 1), severity="warning"))
        elif header != wanted:
            problems.append(FileProblem("header-respelled", name, line, wanted, header, severity="warning"))
        fields.append(field)
    repeated = [header for header, count in Counter(filter(None, fields)).items() if count > 1]
    if repeated:
        raise refuse("header-repeated", name, line=line, column=repeated[0], detail=", ".join(repeated))
    return tuple(fields), tuple(met), problems


def _may_stand_for(old: str, new: str, present: set[str]) -> bool:
    """An old spelling counts only where the new one is not there too; birthdate and birthDate differ in case alone."""
    return _key(new) not in present or _key(new) == _key(old)


def detect_version(files: Mapping[str, HasHeaders], manifest_version: str = "") -> Literal["1.0", "1.1"]:
    """The OneRoster version of a set of files: what the manifest says, else what most of the headers speak for.

    Args:
        files: header rows by file name.
        manifest_version: `oneroster.version`, "" without a manifest.
    """
    if manifest_version:
        return "1.0" if manifest_version == "1.0" else "1.1"
    old = sum(len(head.old_spellings) for head in files.values())
    new = sum(
        column.header in head.headers and column.old_header not in head.old_spellings
        for name, head in files.items()
        for column in columns_of(name)
        if column.since_11 or column.old_header
    )
    return "1.0" if old > new else "1.1"


def check_headers(files: Mapping[str, HasHeaders], version: str) -> list[FileProblem]:
    """Name every missing header of all files at once: required ones as failures, optional ones as one warning per file."""
    problems: list[FileProblem] = []
    for name, head in files.items():
        missing = [c for c in columns_of(name) if c.header not in head.headers and not (c.since_11 and version == "1.0")]
        problems += [FileProblem("header-missing", name, 1, c.header) for c in missing if c.required]
        if optional := [c.header for c in missing if not c.required]:
            problems.append(FileProblem("header-optional-missing", name, 1, detail=", ".join(optional), severity="warning"))
    return problems

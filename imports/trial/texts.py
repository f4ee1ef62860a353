"""The files of deliveries as text, every column of them, kept as Arrow files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from formats.csv_lines import BadRow
from formats.oneroster.tables import TABLES
from formats.problems import FileProblem
from formats.read import TextTable, read_csv
from imports.reading import check_heads
from imports.trial.copies import Copies, opened_copies
from imports.trial.store import read_json, read_table, write_json, write_table

NEVER_READ = "password"  # of users.csv: kept nowhere
_META = "texts.json"


@dataclass(frozen=True, slots=True)
class Texts:
    """Text tables by file ("users"), the mode of each (bulk, delta), and the warnings that reading found."""

    tables: Mapping[str, TextTable]
    modes: Mapping[str, str]
    warnings: tuple[FileProblem, ...]


def load_texts(folder: Path) -> Texts | None:
    """What was kept in the folder, or None."""
    meta = read_json(folder / _META)
    if meta is None:
        return None
    tables = {}
    for file, one in meta["files"].items():
        table = read_table(folder / f"{file}.arrow")
        if table is None:
            return None
        tables[file] = _text_table(one, table)
    return Texts(tables, meta["modes"], _problems(meta["warnings"]))


def _text_table(one: Mapping[str, Any], table: Any) -> TextTable:
    bad = tuple(BadRow(**row) for row in one["bad"])
    return TextTable(
        one["name"],
        tuple(one["headers"]),
        one["encoding"],
        one["delimiter"],
        table,
        bad,
        _problems(one["problems"]),
        tuple(one["old_spellings"]),
    )


def _problems(kept: Sequence[Mapping[str, Any]]) -> tuple[FileProblem, ...]:
    return tuple(FileProblem(**one) for one in kept)


def build_texts(copies: Copies, folder: Path) -> None:
    """Read the files and keep them in the folder.

    Raises:
        Refused: they cannot be imported.
    """
    files: dict[str, dict[str, Any]] = {}
    modes: dict[str, str] = {}
    warnings: list[FileProblem] = []
    with opened_copies(copies) as (deliveries, scratch):
        for part, opened in deliveries:
            wanted = set(opened.paths) if copies.is_single else part.files & set(opened.paths)
            headers, found, _ = check_heads(opened)
            named = {f"{file}.csv" for file in wanted}
            warnings += [one for one in (*opened.warnings, *found) if copies.is_single or one.file in named]
            for file in wanted:
                text = read_csv(opened.paths[file], name=f"{file}.csv", scratch=scratch, columns=set(headers[file]) - {NEVER_READ})
                write_table(folder / f"{file}.arrow", text.table)
                files[file], modes[file] = _described(text), opened.mode(file)
                warnings += text.problems
    ordered = {file: files[file] for file in TABLES if file in files}
    write_json(folder / _META, {"files": ordered, "modes": modes, "warnings": [asdict(one) for one in warnings]})


def _described(text: TextTable) -> dict[str, Any]:
    return {
        "name": text.name, "headers": text.headers, "encoding": text.encoding, "delimiter": text.delimiter,
        "bad": [asdict(row) for row in text.bad], "problems": [asdict(one) for one in text.problems], "old_spellings": text.old_spellings,
    }  # fmt: skip

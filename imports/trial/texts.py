"""The files of a delivery as text, every column of them, kept as Arrow files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from formats.csv_lines import BadRow
from formats.problems import FileProblem
from formats.read import TextTable, read_csv
from imports.files import limits, local_copy, scratch_folder
from imports.models import Delivery
from imports.reading import check_heads, open_files
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


def build_texts(delivery: Delivery, folder: Path) -> None:
    """Read the delivery and keep it in the folder.

    Raises:
        Refused: the delivery cannot be imported.
    """
    with scratch_folder() as scratch:
        fetched = scratch / "delivered"
        fetched.mkdir()
        opened = open_files([local_copy(file.stored_as, fetched / file.name) for file in delivery.files.all()], scratch, limits())
        headers, warnings, _ = check_heads(opened)
        files = {}
        for file, path in opened.paths.items():
            text = read_csv(path, name=f"{file}.csv", scratch=scratch, columns=set(headers[file]) - {NEVER_READ})
            write_table(folder / f"{file}.arrow", text.table)
            files[file] = {
                "name": text.name, "headers": text.headers, "encoding": text.encoding, "delimiter": text.delimiter,
                "bad": [asdict(row) for row in text.bad], "problems": [asdict(one) for one in text.problems], "old_spellings": text.old_spellings,
            }  # fmt: skip
            warnings += text.problems
    modes = {file: opened.mode(file) for file in opened.paths}
    write_json(folder / _META, {"files": files, "modes": modes, "warnings": [asdict(one) for one in (*opened.warnings, *warnings)]})

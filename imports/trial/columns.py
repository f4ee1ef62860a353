"""What stands in the columns of a delivery: by record type and header how many rows have a value, and a few of them.

It depends on the delivery alone, so it is worked out once and kept beside its texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from imports.models import ImportApp
from imports.steps.split import SplitParams, split
from imports.trial.copies import find_copies
from imports.trial.open import trial_folder
from imports.trial.store import read_json, write_json
from imports.trial.texts import Texts
from imports.trial.trial import Trial
from mapping.steps.attributes import default_sources, files_for
from records.attributes import FILE_OF, RecordType
from records.sources import Source
from records.text import distinct, to_arrow
from records.values import user_id_of, user_id_types

SAMPLES, SAMPLE_LENGTH = 3, 40  # values shown of a column, and characters of each
MOST_TYPES = 20  # of user ids; a file that has more has its Types and Ids the wrong way round
USER_IDS = Source("users", "userIds")
_NAME = "columns.json"
_LOOKED_AT = 2_000  # filled rows among which samples are looked for


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One header among the rows of a record type: rows that have a value, and up to three different values, shortened."""

    filled: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """A record type in a delivery: its rows, unreadable ones included, and its columns by source ("users.email", "users.userIds[State]").

    A password is never among them.
    """

    rows: int
    columns: Mapping[str, ColumnFacts]

    def user_id_types(self) -> list[str]:
        """The sources users.userIds[Type] that were found, the most frequent first."""
        return [text for text in self.columns if text.startswith(f"{USER_IDS.text}[")]


Facts = Mapping[str, TypeFacts]  # by record type


def column_facts(trial: Trial) -> Facts:
    """The facts of the trial's delivery; worked out where nobody has yet."""
    kept = _kept(trial.folder)
    if kept is None:
        made = _make(trial.texts)
        write_json(trial.folder / _NAME, {kind: asdict(one) for kind, one in made.items()})
        return made
    return kept


def kept_facts(app: ImportApp) -> Facts | None:
    """The facts of the app's last delivery, if somebody has looked at its columns before; no more than one small file is read."""
    found = find_copies(app)
    return _kept(trial_folder(app, found)) if found else None


def _kept(folder: Path) -> Facts | None:
    kept: dict[str, Any] | None = read_json(folder / _NAME)
    if kept is None:
        return None
    return {
        kind: TypeFacts(one["rows"], {text: ColumnFacts(it["filled"], tuple(it["samples"])) for text, it in one["columns"].items()})
        for kind, one in kept.items()
    }


def _make(texts: Texts) -> Facts:
    """Part the files as an import does, every column of them being mapped; one file after the other, to hold no more than its frames at a time."""
    made: dict[str, TypeFacts] = {}
    for file in dict.fromkeys(FILE_OF.values()):
        kinds = [kind for kind in RecordType if FILE_OF[kind] == file]
        made |= _of_file(texts, kinds)
    return made


def _of_file(texts: Texts, kinds: Sequence[RecordType]) -> dict[str, TypeFacts]:
    defaults = default_sources()
    wanted = {kind: _sources(kind, texts) for kind in kinds}
    sources = {kind: {"sis_id": defaults[kind]["sis_id"], **{source.text: source for source in wanted[kind]}} for kind in kinds}
    delta_files = frozenset(file for file, mode in texts.modes.items() if mode == "delta")
    tables = {file: texts.tables[file] for file in files_for(kinds[0]) if file in texts.tables}
    frames = split(tables, SplitParams({**defaults, **sources}, delta_files=delta_files, only=frozenset(kinds))).frames
    return {str(kind): TypeFacts(len(frame), _columns(frame, wanted[kind])) for kind, frame in frames.items()}


def _sources(kind: RecordType, texts: Texts) -> list[Source]:
    """All columns of the files that may feed a record type."""
    tables = {file: texts.tables[file].table for file in files_for(kind) if file in texts.tables}
    return [Source(file, header) for file, table in tables.items() for header in table.column_names if header != "_line"]


def _columns(frame: pd.DataFrame, sources: Sequence[Source]) -> dict[str, ColumnFacts]:
    columns = {source.text: _facts(frame[source.text]) for source in sources}
    if USER_IDS.text in columns:
        values = frame[USER_IDS.text]
        for kind in list(user_id_types(values))[:MOST_TYPES]:
            text = Source(USER_IDS.file, USER_IDS.header, kind).text
            if Source.parse(text) is not None:  # brackets in a Type cannot be written down
                columns[text] = _facts(user_id_of(values, kind))
    return columns


def _facts(values: pd.Series) -> ColumnFacts:
    column = to_arrow(values)
    filled = column.filter(pc.greater(pc.binary_length(column), 0))
    some = distinct(filled.slice(0, _LOOKED_AT))[0].to_pylist()
    return ColumnFacts(len(filled), tuple(_short(value) for value in some[:SAMPLES]))


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= SAMPLE_LENGTH else f"{line[: SAMPLE_LENGTH - 1]}…"

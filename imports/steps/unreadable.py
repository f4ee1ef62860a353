"""Give unreadable rows a place in the frames, so that they are counted, named, and protect the live record they speak of.

Source: the law of the rows (an unreadable row is invalid; the live record of its key is kept).
"""

import csv
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from formats.csv_lines import BadRow
from formats.read import TextTable
from records.attributes import FILE_OF, PERSON_TYPES, RecordType
from records.frames import Frames, bare_findings
from records.outcomes import Fate
from records.rules import NUMBERS
from records.sources import Source
from records.text import TEXT, blank
from records.values import user_id_of

EXCERPT = 200  # characters of an unreadable row that are shown
_CUT = 110  # an excerpt of this length may be cut off, and then its last cell with it
_NUL = "\u2400"


def cells_of(text: TextTable, header: str) -> pd.Series:
    """What stands in a column of the unreadable rows, as far as it can be made out; empty where it cannot.

    Cells are counted from the left: the columns before the fault stand where they should.
    """
    place = text.headers.index(header) if header in text.headers else -1
    return pd.Series([_cell(row, place, text.delimiter) for row in text.bad], dtype=TEXT)


def _cell(row: BadRow, place: int, delimiter: str) -> str:
    cells = next(csv.reader([row.excerpt], delimiter=delimiter), []) if row.excerpt else []
    whole = len(cells) if len(row.excerpt) < _CUT else len(cells) - 1
    value = cells[place].strip() if 0 <= place < whole else ""
    return "" if _NUL in value or '"' in value else value


def add_unreadable(
    texts: Mapping[str, TextTable], frames: Frames, sources: Mapping[RecordType, Mapping[str, Source]], found: list[pd.DataFrame]
) -> tuple[dict[str, int], frozenset[str]]:
    """Add the unreadable rows to the frames: those of users as students, those of orgs and demographics to none.

    Returns:
        The rows that belong to no record type, by file; and the files with a row of which nobody can say whose it is: then no live record
        that seems absent from that file is deleted.
    """
    without_type: dict[str, int] = {}
    unsure = set()
    for file, text in texts.items():
        if not text.bad:
            continue
        record_type = _type_of(file)
        ids = cells_of(text, "sourcedId")
        keys = _keys(text, sources[record_type]["sis_id"]) if record_type else ids
        found.append(_findings(file, record_type, text.bad, keys))
        if (keys == "").any():
            unsure.add(file)
        if record_type is None or record_type not in frames:
            without_type[file] = len(text.bad)
        else:
            frames[record_type] = _with_rows(frames[record_type], record_type, text.bad, keys, ids)
    return without_type, frozenset(unsure)


def _type_of(file: str) -> RecordType | None:
    return next((kind for kind in (RecordType.STUDENT, *RecordType) if FILE_OF[kind] == file and kind is not RecordType.SCHOOL), None)


def _keys(text: TextTable, source: Source) -> pd.Series:
    values = cells_of(text, source.header)
    return user_id_of(values, source.user_id_type) if source.user_id_type else values


def _findings(file: str, record_type: RecordType | None, bad: Sequence[BadRow], keys: pd.Series) -> pd.DataFrame:
    texts = {
        "code": [row.code for row in bad], "value": [row.excerpt[:EXCERPT] for row in bad], "detail": [row.detail for row in bad],
        "key": keys.to_list(),
    }  # fmt: skip
    return bare_findings(texts, [row.line for row in bad], record_type=record_type or "", file=f"{file}.csv")


def _with_rows(frame: pd.DataFrame, record_type: RecordType, bad: Sequence[BadRow], keys: pd.Series, ids: pd.Series) -> pd.DataFrame:
    rows = {name: blank(len(bad)) for name in frame.columns} | {"key": keys}
    if record_type in PERSON_TYPES:
        rows["source_id"] = ids
    numbers = {
        "_line": np.array([row.line for row in bad], dtype=np.int64),
        "_described_line": np.zeros(len(bad), dtype=np.int64),
        "_is_untyped": np.full(len(bad), record_type in PERSON_TYPES),
        "_fate": np.full(len(bad), Fate.INVALID, dtype=np.uint8),
        "_reason": np.array([NUMBERS[row.code] for row in bad], dtype=np.int16),
    }
    more = pd.DataFrame({**rows, **numbers})[frame.columns]
    return pd.concat([frame, more], ignore_index=True)

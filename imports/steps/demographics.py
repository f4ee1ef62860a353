"""Make demographics.csv one row per person, and say whose row cannot be used.

Source: records (demographics joined; a missing row clears); docs/decisions/0008.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from formats.read import TextTable
from imports.steps.unreadable import cells_of
from records.fingerprints import fingerprint
from records.frames import findings
from records.text import Mask, blank, is_blank, is_in, occurrences, strip, to_series

INACTIVE = ("inactive", "tobedeleted")
UNUSABLE = -1  # instead of a line: there is a row, but it cannot be used, and the live values stay


SAYS_NOTHING = {"_line", "dateLastModified"}  # about the person


@dataclass(frozen=True, slots=True)
class Described:
    """The usable rows, one per sourcedId (`table`; None where the file was not sent).

    unusable: the sourcedIds of rows that cannot be used. is_unsure: whether some row is of nobody knows whom.
    """

    table: pa.Table | None
    unusable: pd.Series
    is_unsure: bool = False

    def lines(self, source_ids: pd.Series, at: np.ndarray) -> np.ndarray:
        """For every person the line that describes them, given its position in the table: 0 for none, UNUSABLE for one that cannot be used."""
        lines = np.zeros(len(at), dtype=np.int64)
        if self.is_unsure:
            lines[:] = UNUSABLE
        elif len(self.unusable):
            lines[is_in(source_ids, self.unusable)] = UNUSABLE
        if self.table is not None and self.table.num_rows:
            lines = np.where(at >= 0, self.table.column("_line").to_numpy()[at], lines)
        return lines.astype(np.int64)


NOT_SENT = Described(None, blank(0))


def clean_demographics(texts: Mapping[str, TextTable], known: pd.Series | None, found: list[pd.DataFrame]) -> Described:
    """Leave one row per person. Of rows that say the same the first stays; rows that differ are all ignored and named.

    A row that is inactive or to be deleted says nothing about the person: its values are emptied.

    Args:
        texts: the delivered files. known: the sourcedIds of people; None where it cannot be said who is known.
        found: takes the findings.
    """
    text = texts.get("demographics")
    if text is None:
        return Described(None, blank(0))
    unread = cells_of(text, "sourcedId")
    table = text.table
    if table.num_rows == 0:
        return Described(table, unread, bool((unread == "").any()))
    ids = strip(to_series(table.column("sourcedId")))
    frame = pd.DataFrame({"key": ids, "_line": table.column("_line").to_numpy()})
    named = ~is_blank(ids)
    where = {"record_type": "", "file": "demographics.csv", "column": "sourcedId"}
    found.append(findings(frame, ~named, code="key-missing", **where))
    gone = _inactive(table)
    use, differing = named & ~gone, np.zeros(len(ids), dtype=bool)
    repeated = np.zeros(len(ids), dtype=bool)
    repeated[use] = occurrences(ids[use])[1] > 1
    if repeated.any():
        differing, again, other = _compare(table, ids, repeated)
        found.append(findings(frame, differing, code="demographics-repeated", value=ids, detail=other, **where))
        use &= ~differing & ~again
    if gone.any():
        use |= named & gone & ~is_in(ids, ids[named & ~gone]) & ~ids.where(gone, "").duplicated().to_numpy()
        table = _emptied(table, gone)
    if known is not None:
        found.append(findings(frame, use & ~gone & ~is_in(ids, known), code="demographics-orphan", value=ids, **where))
    unusable = pd.concat([ids[differing], unread], ignore_index=True)
    return Described(table if use.all() else table.filter(pa.array(use)), unusable, bool((unread == "").any()))


def _inactive(table: pa.Table) -> Mask:
    if "status" not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    status = strip(to_series(table.column("status")))
    if is_blank(status).all():
        return np.zeros(table.num_rows, dtype=bool)
    return status.str.lower().isin(INACTIVE).to_numpy(dtype=bool)


def _compare(table: pa.Table, ids: pd.Series, repeated: Mask) -> tuple[Mask, Mask, pd.Series]:
    """Of the repeated rows: those that differ from another of their person, those that only say it again, and the line of another one."""
    rows = np.flatnonzero(repeated)
    mine = ids.iloc[rows].reset_index(drop=True)
    columns = [strip(to_series(table.column(name).take(pa.array(rows)))) for name in table.column_names if name not in SAYS_NOTHING]
    lines = pd.Series(table.column("_line").to_numpy()[rows])
    kinds = pd.Series(fingerprint(columns)).groupby(mine).transform("nunique").to_numpy()
    first, last = (lines.groupby(mine).transform(which).to_numpy() for which in ("min", "max"))
    differing, again, other = np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool), np.full(len(ids), "", dtype=object)
    differing[rows[kinds > 1]] = True
    again[rows[(kinds == 1) & (lines.to_numpy() != first)]] = True
    other[rows] = np.where(lines.to_numpy() == first, last, first).astype(str)
    return differing, again, pd.Series(other, dtype=ids.dtype)


def _emptied(table: pa.Table, gone: Mask) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if name not in {"_line", "sourcedId"}:
            table = table.set_column(place, name, [pa.array(np.where(gone, "", table.column(name).to_numpy()), pa.large_string())])
    return table

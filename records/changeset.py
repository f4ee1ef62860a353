"""The change set and outcomes of a sync as Parquet files in one folder.

`<type>.rows.parquet`: every row that is created, updated, skipped, excluded, duplicate or invalid, then the live records deleted and kept, in this order.
`<type>.before.parquet`: the live values of the updated ones. `<type>.unchanged.parquet`: line, and what rows are found by. `findings.parquet`: all findings.
`churn.parquet`: pairs of deleted and created records that look like the same one, see `imports.steps.churn`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.artifact_paths import REPEATING, before_path, findings_path, found_by, rows_path, unchanged_path
from records.attributes import RecordType, live_columns
from records.changed import CHANGED
from records.frames import FINDING_COLUMNS
from records.outcomes import Fate
from records.rules import CODES, RULES
from records.text import Mask, to_arrow, to_series

__all__ = [
    "before_path", "findings_path", "keys_with", "read_findings", "row_schema", "rows_path", "unchanged_path", "write_before",
    "write_findings", "write_rows", "written_batches",
]  # fmt: skip
ROW_ORDER = (Fate.CREATED, Fate.UPDATED, Fate.SKIPPED, Fate.EXCLUDED, Fate.DUPLICATE, Fate.INVALID)
NUMBERS_OF_FINDINGS = ("row", "line")
WRITES = ("created", "updated")
FEEDS = (*WRITES, "skipped", "duplicate", "invalid")
PUT_OFF = (
    "depends-on-kept",
    "class-without-its-students",
    "held-back",
)  # excluded, but only until another row is mended or somebody decides
GROUP_ROWS = 20_000
_TEXT = pa.large_string()
_BATCH_ROWS = 100_000


def row_schema(record_type: RecordType) -> pa.Schema:
    """Columns of rows: outcome, code, line, fingerprint, every live column, extra (JSON text), and changed (see `records.changed`; null: unknown)."""
    return pa.schema(
        [("outcome", pa.string()), ("code", pa.string()), ("line", pa.int64()), ("fingerprint", pa.int64()),
         *((name, _TEXT) for name in live_columns(record_type)), ("extra", _TEXT), (CHANGED, pa.string())]
    )  # fmt: skip


def write_rows(
    folder: Path, record_type: RecordType, frame: pd.DataFrame, fingerprints: npt.NDArray[np.int64], extra: pd.Series, leavers: pd.DataFrame,
    changed: pa.Array | None = None,
) -> None:  # fmt: skip
    """Write rows.parquet and unchanged.parquet.

    Args:
        frame: the record frame with final fates. fingerprints, extra: per row of it.
        leavers: live values (as `LiveRoster.values`) of the records deleted and kept, with outcome and code.
        changed: what differs, per updated row in the order of the frame; None where that is not known.
    """
    fate = frame["_fate"].to_numpy()
    schema = row_schema(record_type)
    codes = pa.array(CODES)
    with pq.ParquetWriter(rows_path(folder, record_type), schema, compression="zstd", compression_level=1) as writer:
        for wanted in ROW_ORDER:
            rows = np.flatnonzero(fate == wanted)
            for start in range(0, len(rows), _BATCH_ROWS):
                at = rows[start : start + _BATCH_ROWS]
                whole = len(rows) == len(frame)
                part = frame.iloc[start : start + _BATCH_ROWS] if whole else frame.iloc[at]
                differs = (
                    changed.slice(start, len(at)) if wanted is Fate.UPDATED and changed is not None else pa.nulls(len(at), pa.string())
                )
                table = pa.table(
                    [pa.repeat(wanted.word, len(at)), codes.take(pa.array(part["_reason"].to_numpy())), part["_line"].to_numpy(), fingerprints[at],
                     *(to_arrow(part[name]) for name in live_columns(record_type)), to_arrow(extra.iloc[at]), differs], schema=schema
                )  # fmt: skip
                writer.write_table(table, row_group_size=GROUP_ROWS)
        if len(leavers):
            columns = [pa.array(leavers["outcome"].to_list(), pa.string()), pa.array(leavers["code"].to_list(), pa.string()),
                       np.zeros(len(leavers), dtype=np.int64), leavers["fingerprint"].to_numpy(),
                       *(to_arrow(leavers[name]) for name in live_columns(record_type)), to_arrow(leavers["extra"]),
                       pa.nulls(len(leavers), pa.string())]  # fmt: skip
            writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)
    same = fate == Fate.UNCHANGED
    if same.any():
        _write_unchanged(unchanged_path(folder, record_type), found_by(record_type), frame, same)


def _write_unchanged(path: Path, names: Sequence[str], frame: pd.DataFrame, same: Mask) -> None:
    schema = pa.schema([*((name, _TEXT) for name in names), ("line", pa.int64())])
    repeating = [name for name in names if name in REPEATING]
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=repeating) as writer:
        for start in range(0, len(frame), _BATCH_ROWS):
            here = slice(start, start + _BATCH_ROWS)
            columns = [to_arrow(frame[name].iloc[here]) for name in names]
            batch = pa.table([*columns, frame["_line"].to_numpy()[here]], schema=schema)
            writer.write_table(batch.filter(pa.array(same[here])), row_group_size=GROUP_ROWS)


def write_before(folder: Path, record_type: RecordType, before: pd.DataFrame) -> None:
    """Write the live values of the records that will be updated."""
    if len(before):
        columns: dict[str, object] = {name: to_arrow(before[name]) for name in (*live_columns(record_type), "extra")}
        table = pa.table({**columns, "fingerprint": before["fingerprint"].to_numpy()})
        pq.write_table(table, before_path(folder, record_type), compression="zstd", compression_level=1, row_group_size=GROUP_ROWS)


def write_findings(folder: Path, found: pd.DataFrame, *, otherwise: str = "warning") -> None:
    """Write all findings, with the outcome each of them means, ordered by file and line; problems of files mean `otherwise`."""
    outcomes = {code: rule.outcome for code, rule in RULES.items()}
    columns = {
        name: to_arrow(found[name]) if name not in NUMBERS_OF_FINDINGS else pa.array(found[name].to_numpy())
        for name in (*FINDING_COLUMNS, "name", "school")
    }
    table = pa.table(columns)
    words = pc.dictionary_encode(table.column("code")).combine_chunks() if len(found) else None
    if words is not None:
        one = words.chunk(0) if isinstance(words, pa.ChunkedArray) else words
        outcome = pa.array([outcomes.get(code, otherwise) for code in one.dictionary.to_pylist()]).take(one.indices)
    else:
        outcome = pa.array([], pa.string())
    table = table.append_column("outcome", outcome).sort_by([("file", "ascending"), ("line", "ascending")])
    pq.write_table(table, findings_path(folder), compression="zstd", compression_level=1, row_group_size=GROUP_ROWS)


def written_batches(folder: Path, record_type: RecordType) -> Iterator[pa.RecordBatch]:
    """The rows to write into the live roster (created, updated): key, fingerprint, live columns, extra."""
    path = rows_path(folder, record_type)
    if not path.exists():
        return
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(batch_size=GROUP_ROWS):
        wanted = pc.is_in(batch.column("outcome"), value_set=pa.array(WRITES))
        if not pc.any(wanted).as_py():
            return
        yield batch.filter(wanted) if not pc.all(wanted).as_py() else batch


def rows_to_write(folder: Path, record_type: RecordType) -> int:
    """At most how many rows there are to write: all that the file holds."""
    path = rows_path(folder, record_type)
    return int(pq.ParquetFile(path).metadata.num_rows) if path.exists() else 0


def keys_with(folder: Path, record_type: RecordType, outcome: str) -> pa.Array:
    """The keys of the rows of one outcome."""
    path = rows_path(folder, record_type)
    if not path.exists():
        return pa.array([], _TEXT)
    table = pq.read_table(path, columns=["outcome", "key"], filters=[("outcome", "=", outcome)])
    keys = table.column("key")
    return keys.combine_chunks() if keys.num_chunks != 1 else keys.chunk(0)


def keys_spoken_of(folder: Path, record_type: RecordType) -> pd.Series:
    """The keys of the live records that a delivered row speaks of, or that were deleted."""
    parts = [
        pq.read_table(path, columns=["key"]).column("key")
        for path in (rows_path(folder, record_type), unchanged_path(folder, record_type))
        if path.exists()
    ]
    return to_series(pa.chunked_array([chunk for part in parts for chunk in part.chunks], _TEXT))


def keys_fed(rows: Path | None, unchanged: Path | None) -> tuple[pd.Series, pd.Series]:
    """The keys of the records that delivered rows fed, and of all that the sync spoke of, from its two files (None where there is none).

    A row that was accepted feeds its record; one that could not be imported this time leaves the record with what it was fed before. What
    demographics.csv alone says of a person (a number below zero, see `records.places`) feeds nobody: users.csv does.
    """
    fed, spoken = [pa.array([], _TEXT)], [pa.array([], _TEXT)]
    if rows is not None:
        table = pq.read_table(rows, columns=["outcome", "code", "line", "key"])
        table = table.filter(pc.greater_equal(table.column("line"), 0))
        put_off = pc.is_in(table.column("code"), value_set=pa.array(PUT_OFF))
        feeds = pc.or_(pc.is_in(table.column("outcome"), value_set=pa.array(FEEDS)), put_off)
        feeds = pc.and_(feeds, pc.greater(table.column("line"), 0))
        fed += table.column("key").filter(feeds).chunks
        spoken += table.column("key").chunks
    if unchanged is not None:
        table = pq.read_table(unchanged, columns=["key", "line"])
        keys = table.filter(pc.greater(table.column("line"), 0)).column("key").chunks
        fed, spoken = [*fed, *keys], [*spoken, *keys]
    return to_series(pa.chunked_array(fed, _TEXT)), to_series(pa.chunked_array(spoken, _TEXT))


def read_findings(folder: Path) -> pd.DataFrame:
    """All findings, as written."""
    table = pq.read_table(findings_path(folder))
    return pd.DataFrame(
        {
            name: column.to_numpy() if name in NUMBERS_OF_FINDINGS else to_series(column)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )

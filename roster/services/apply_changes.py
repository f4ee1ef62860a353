"""Write a change set into the live roster. The caller's transaction makes it all or nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from accounts.models import District
from records import changeset
from records.attributes import RecordType, live_columns
from roster.bulk import Bulk, bulk
from roster.models import LIVE, RosterState
from roster.selectors.by_school import count_by_school

LARGE = 50_000  # rows from which the planner is told at once; smaller changes the engines notice by themselves
_KEEP = ("first_sync",)


def apply_changes(
    *, district: District, sync_id: int, folder: Path, now: datetime, progress: Callable[[str, int], None] = lambda *_: None
) -> int:
    """Insert created records, rewrite updated ones, mark deleted ones; returns how many rows were written.

    A record that was deleted and comes back is the same record again. The tables are worked in a fixed order.
    """
    loader, done, large = bulk(connection), 0, []
    for record_type in RecordType:
        table = LIVE[record_type]._meta.db_table
        rows = _write(loader, record_type, table, district.pk, sync_id, folder, partial(_tell, progress, done))
        gone = changeset.keys_with(folder, record_type, "deleted")
        if len(gone):
            when = connection.ops.adapt_datetimefield_value(now)
            rows += loader.update_where(
                table, {"deleted_at": when, "last_sync": sync_id}, scope={"district_id": district.pk}, column="key", among=gone
            )
        done += rows
        if rows > LARGE:
            large.append(table)
    loader.analyze(large)
    return done


def _tell(progress: Callable[[str, int], None], before: int, rows: int) -> None:
    progress("applying", before + rows)


def _write(
    loader: Bulk, record_type: RecordType, table: str, district_id: int, sync_id: int, folder: Path, tell: Callable[[int], None]
) -> int:
    batches = _table_batches(record_type, district_id, sync_id, folder, tell)
    model: Any = LIVE[record_type]
    if model.objects.of(district_id).exists():
        return loader.upsert(table, batches, keys=("district_id", "key"), keep=_KEEP)
    with loader.indexes_rebuilt_after(table, changeset.rows_to_write(folder, record_type)):
        return loader.insert(table, batches)


def _table_batches(
    record_type: RecordType, district_id: int, sync_id: int, folder: Path, tell: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """The rows to write, as the table's columns."""
    done = 0
    for batch in changeset.written_batches(folder, record_type):
        rows = batch.num_rows
        extra = batch.column("extra")
        columns = {
            "district_id": pa.repeat(pa.scalar(district_id, pa.int64()), rows),
            "fingerprint": batch.column("fingerprint"),
            "first_sync": pa.repeat(pa.scalar(sync_id, pa.int64()), rows),
            "last_sync": pa.repeat(pa.scalar(sync_id, pa.int64()), rows),
            "deleted_at": pa.nulls(rows, pa.string()),
            "extra": pc.if_else(pc.equal(pc.binary_length(extra), 0), pa.scalar(None, extra.type), extra),
            **{name: batch.column(name) for name in live_columns(record_type)},
        }
        yield pa.record_batch(list(columns.values()), names=list(columns))
        done += rows
        tell(done)


def settle(state: RosterState, *, counts: dict[str, dict[str, int]], by_school: dict[str, dict[str, dict[str, int]]] | None) -> None:
    """Raise the roster's version and remember its counts; without `by_school` they are counted in the tables.

    Args:
        counts: record type -> counts, of which `live` is kept.
        by_school: organization key -> record type -> counts, of which `live` is kept.
    """
    state.version += 1
    state.counts = {kind: count["live"] for kind, count in counts.items()}
    if by_school is None:
        state.by_school = count_by_school(state.district_id)
    else:
        state.by_school = {
            school: {kind: count["live"] for kind, count in kinds.items() if count["live"]} for school, kinds in by_school.items()
        }
    state.save(update_fields=["version", "counts", "by_school"])

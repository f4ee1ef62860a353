"""The limit L: parse the files and load the same raw rows into the same tables with their indexes, commit included, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from pyarrow import csv

from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from formats.oneroster.tables import FILES, TABLES
from records.attributes import ATTRIBUTES, FILE_OF, PERSON_TYPES, ROLE_TYPES, RecordType, live_columns
from roster.bulk import Bulk, bulk
from roster.models import LIVE

_BATCH_ROWS = 20_000
_TEXT = pa.large_string()


def load_raw(files: Path) -> Measurement:
    """Parse the seven files of a folder and insert every row."""
    loader = bulk(connection)
    with Stopwatch() as watch:
        tables = {file: _parse(files / f"{file}.csv", file) for file in FILES}
        with transaction.atomic():
            loaded = sum(_load(loader, record_type, tables) for record_type in RecordType)
    return Measurement(sum(table.num_rows for table in tables.values()), watch.seconds, watch.cpu_seconds, {"rows loaded": loaded})


def _parse(path: Path, file: str) -> pa.Table:
    types = {column.header: _TEXT for column in TABLES[file]}
    return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False))


def _load(loader: Bulk, record_type: RecordType, tables: dict[str, pa.Table]) -> int:
    own = tables[FILE_OF[record_type]]
    if record_type in PERSON_TYPES:
        roles = pa.array([role for role, kind in ROLE_TYPES.items() if kind is record_type], _TEXT)
        own = own.filter(pc.is_in(own.column("role"), value_set=roles))
    if record_type is RecordType.SCHOOL:
        own = own.filter(pc.equal(own.column("type"), "school"))
    sources = {attribute.name: attribute.source for attribute in ATTRIBUTES[record_type]}
    sources |= {"key": f"{FILE_OF[record_type]}.sourcedId", "source_id": "users.sourcedId", "mapped_school": "orgs.sourcedId"}
    columns = {name: _column(own, sources.get(name, ""), tables) for name in live_columns(record_type)}
    return loader.insert(LIVE[record_type]._meta.db_table, _batches(pa.table(columns)))


def _column(own: pa.Table, source: str, tables: dict[str, pa.Table]) -> pa.ChunkedArray | pa.Array:
    """The raw column; a student's demographics by look-up, for they lie in the student's row."""
    file, _, header = source.partition(".")
    if file == "demographics":
        described = tables["demographics"]
        at = pc.index_in(own.column("sourcedId"), value_set=described.column("sourcedId").combine_chunks())
        return pc.fill_null(described.column(header).take(at), "")
    if header in own.column_names:
        return own.column(header)
    return pa.repeat(pa.scalar("", _TEXT), own.num_rows)


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    for batch in table.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS):
        rows = batch.num_rows
        one, none = pa.array(np.ones(rows, dtype=np.int64)), pa.nulls(rows, pa.string())
        added = {"district_id": one, "fingerprint": one, "first_sync": one, "last_sync": one, "deleted_at": none, "extra": none}
        yield pa.record_batch([*added.values(), *batch.columns], names=[*added, *batch.schema.names])

"""Bulk loads on PostgreSQL."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa
from django.db.backends.base.base import BaseDatabaseWrapper
from pyarrow import csv

from roster.bulk.base import Batches, indexes_apart, is_empty, quoted, read_joined

_TEMPORARY = "portal_load"
_AMONG = 50_000
WORTH_IT = 5_000  # rows
_SORT_MB = 256  # for the sorts of an index of a million keys; the default spills them to disk
# What the planner must know at once; of the other thirty columns the server gathers statistics by itself, at leisure.
_INDEXED = """SELECT DISTINCT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
              WHERE indrelid = to_regclass(%s)"""


class PostgresBulk:
    """COPY in and out as CSV, which Arrow writes and reads; conflicts are solved through a temporary table."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._quote = connection.ops.quote_name

    def insert(self, table: str, batches: Batches) -> int:
        rows = 0
        first = next(iterator := iter(batches), None)
        if first is None:
            return 0
        sql = f"COPY {self._quote(table)} ({quoted(self._connection, first.schema.names)}) FROM STDIN WITH (FORMAT csv)"
        with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            for batch in chain([first], iterator):
                buffer = io.BytesIO()
                csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
                copy.write(buffer.getbuffer())
                rows += batch.num_rows
        return rows

    def upsert(self, table: str, batches: Batches, *, keys: Sequence[str], keep: Sequence[str]) -> int:
        first = next(iterator := iter(batches), None)
        if first is None:
            return 0
        names = first.schema.names
        columns = quoted(self._connection, names)
        changes = ", ".join(f"{self._quote(name)} = excluded.{self._quote(name)}" for name in names if name not in {*keys, *keep})
        with self._connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {_TEMPORARY} ON COMMIT DROP AS SELECT {columns} FROM {self._quote(table)} WITH NO DATA")  # noqa: S608
        rows = self.insert(_TEMPORARY, chain([first], iterator))
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self._quote(table)} ({columns}) SELECT {columns} FROM {_TEMPORARY} "  # noqa: S608
                f"ON CONFLICT ({quoted(self._connection, keys)}) DO UPDATE SET {changes}"
            )
            cursor.execute(f"DROP TABLE {_TEMPORARY}")
        return rows

    def update_where(self, table: str, values: dict[str, Any], *, scope: dict[str, Any], column: str, among: pa.Array) -> int:
        rows = 0
        sets = ", ".join(f"{self._quote(name)} = %s" for name in values)
        wheres = " AND ".join(f"{self._quote(name)} = %s" for name in scope)
        with self._connection.cursor() as cursor:
            for start in range(0, len(among), _AMONG):
                part = among.slice(start, _AMONG).to_pylist()
                sql = f"UPDATE {self._quote(table)} SET {sets} WHERE {wheres} AND {self._quote(column)} = ANY(%s)"  # noqa: S608
                cursor.execute(sql, [*values.values(), *scope.values(), part])
                rows += cursor.rowcount
        return rows

    def read(self, sql: str, parameters: Sequence[Any], schema: pa.Schema) -> pa.Table:
        sink = pa.BufferOutputStream()
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)", parameters) as copy,
        ):
            for data in copy:
                sink.write(data)
        whole = sink.getvalue()
        if whole.size == 0:
            return pa.Table.from_batches([], schema)
        options = csv.ConvertOptions(column_types=schema, strings_can_be_null=False, quoted_strings_can_be_null=False)
        reading = csv.ReadOptions(column_names=schema.names, block_size=8 << 20, use_threads=False)
        return csv.read_csv(pa.BufferReader(whole), reading, csv.ParseOptions(newlines_in_values=True), options)

    def read_keys(self, table: str, number: str, *, scope: dict[str, Any], condition: str) -> pa.Table:
        with self._connection.cursor() as cursor:

            def ask(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
                cursor.execute(sql, parameters)
                return cursor.fetchone() or ()

            return read_joined(ask, self._quote(table), number, "string_agg({column}::text, chr(31))", scope=scope, condition=condition)

    def read_among(self, sql: str, parameters: Sequence[Any], among: pa.Array, schema: pa.Schema) -> pa.Table:
        parts = [pa.Table.from_batches([], schema)]
        for start in range(0, len(among), _AMONG):
            parts.append(self.read(sql.replace("{among}", "= ANY(%s)"), [*parameters, among.slice(start, _AMONG).to_pylist()], schema))
        return pa.concat_tables(parts)

    @contextmanager
    def indexes_rebuilt_after(self, table: str, rows: int) -> Iterator[None]:
        """Dropping an index locks the table for all districts, so only an empty one is treated so, and only for a load that is worth it."""
        definitions: list[tuple[str, str]] = []
        if rows > WORTH_IT and is_empty(self._connection, table):
            sql = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s
                     AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
            with self._connection.cursor() as cursor:
                cursor.execute(sql, [table])
                definitions = cursor.fetchall()
                cursor.execute(f"SET LOCAL maintenance_work_mem = '{_SORT_MB}MB'")
        with indexes_apart(self._connection, definitions):
            yield

    def analyze(self, tables: Iterable[str]) -> None:
        with self._connection.cursor() as cursor:
            for table in tables:
                cursor.execute(_INDEXED, [table])
                columns = quoted(self._connection, (name for (name,) in cursor.fetchall()))
                cursor.execute(f"ANALYZE {self._quote(table)} ({columns})")

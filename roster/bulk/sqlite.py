"""Bulk loads on SQLite."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from django.db.backends.base.base import BaseDatabaseWrapper

from roster.bulk.base import Batches, indexes_apart, quoted, read_joined

_FETCH_ROWS = 50_000
_AMONG = 10_000  # well below SQLite's limit on parameters


class SqliteBulk:
    """executemany on the raw connection; conflicts are solved by the unique index."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._quote = connection.ops.quote_name

    def insert(self, table: str, batches: Batches) -> int:
        return self._load(table, batches, "")

    def upsert(self, table: str, batches: Batches, *, keys: Sequence[str], keep: Sequence[str]) -> int:
        def conflict(names: Sequence[str]) -> str:
            changes = ", ".join(f"{self._quote(name)} = excluded.{self._quote(name)}" for name in names if name not in {*keys, *keep})
            return f" ON CONFLICT ({quoted(self._connection, keys)}) DO UPDATE SET {changes}"

        return self._load(table, batches, conflict)

    def _load(self, table: str, batches: Batches, conflict: Any) -> int:
        rows = 0
        for batch in batches:
            names = batch.schema.names
            tail = conflict(names) if callable(conflict) else conflict
            marks = ", ".join("?" * len(names))
            sql = f"INSERT INTO {self._quote(table)} ({quoted(self._connection, names)}) VALUES ({marks}){tail}"  # noqa: S608
            self._connection.connection.executemany(sql, zip(*(column.to_pylist() for column in batch.columns), strict=True))
            rows += batch.num_rows
        return rows

    def update_where(self, table: str, values: dict[str, Any], *, scope: dict[str, Any], column: str, among: pa.Array) -> int:
        rows = 0
        sets = ", ".join(f"{self._quote(name)} = ?" for name in values)
        wheres = " AND ".join(f"{self._quote(name)} = ?" for name in scope)
        for start in range(0, len(among), _AMONG):
            part = among.slice(start, _AMONG).to_pylist()
            marks = ", ".join("?" * len(part))
            sql = f"UPDATE {self._quote(table)} SET {sets} WHERE {wheres} AND {self._quote(column)} IN ({marks})"  # noqa: S608
            rows += self._connection.connection.execute(sql, [*values.values(), *scope.values(), *part]).rowcount
        return rows

    def read(self, sql: str, parameters: Sequence[Any], schema: pa.Schema) -> pa.Table:
        cursor = self._connection.connection.execute(sql.replace("%s", "?"), list(parameters))
        batches = []
        while rows := cursor.fetchmany(_FETCH_ROWS):
            columns = list(zip(*rows, strict=True))
            batches.append(
                pa.record_batch([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
            )
        return pa.Table.from_batches(batches, schema)

    def read_keys(self, table: str, number: str, *, scope: dict[str, Any], condition: str) -> pa.Table:
        def ask(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
            return self._connection.connection.execute(sql.replace("%s", "?"), list(parameters)).fetchone()

        return read_joined(ask, self._quote(table), number, "group_concat({column}, char(31))", scope=scope, condition=condition)

    def read_among(self, sql: str, parameters: Sequence[Any], among: pa.Array, schema: pa.Schema) -> pa.Table:
        parts = [pa.Table.from_batches([], schema)]
        for start in range(0, len(among), _AMONG):
            part = among.slice(start, _AMONG).to_pylist()
            marks = "IN (" + ", ".join("?" * len(part)) + ")"
            parts.append(self.read(sql.replace("{among}", marks), [*parameters, *part], schema))
        return pa.concat_tables(parts)

    @contextmanager
    def indexes_rebuilt_after(self, table: str, rows: int) -> Iterator[None]:
        """SQLite has one writer, and readers see the database as it was: a table with fewer rows than come is indexed quicker as a whole."""
        definitions: list[tuple[str, str]] = []
        there = f"SELECT count(*) FROM (SELECT 1 FROM {self._quote(table)} LIMIT {rows + 1})"  # noqa: S608
        if self._connection.connection.execute(there).fetchone()[0] <= rows:
            sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
            definitions = self._connection.connection.execute(sql, [table]).fetchall()
        with indexes_apart(self._connection, definitions):
            yield

    def analyze(self, tables: Iterable[str]) -> None:
        for table in tables:
            self._connection.connection.execute(f"ANALYZE {self._quote(table)}")

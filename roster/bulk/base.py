"""The interface of bulk loads, and what both engines share."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa
from django.db.backends.base.base import BaseDatabaseWrapper

Batches = Iterable[pa.RecordBatch]


class Bulk(Protocol):
    """Loads Arrow batches into a table. Null is NULL, text is text; every method runs in the caller's transaction."""

    def insert(self, table: str, batches: Batches) -> int:
        """Add the rows; the batches' column names are the table's. Returns how many."""

    def upsert(self, table: str, batches: Batches, *, keys: Sequence[str], keep: Sequence[str]) -> int:
        """Add the rows, or rewrite those that share the key columns, but for the columns to keep. Returns how many."""

    def update_where(self, table: str, values: dict[str, Any], *, scope: dict[str, Any], column: str, among: pa.Array) -> int:
        """Set values on the rows of the scope whose column is among the given ones. Returns how many."""

    def read(self, sql: str, parameters: Sequence[Any], schema: pa.Schema) -> pa.Table:
        """Run a SELECT whose columns are text or integers, into Arrow."""

    def read_keys(self, table: str, number: str, *, scope: str, parameters: Sequence[Any]) -> pa.Table:
        """The column `key` and one integer column of the rows of the scope (an SQL condition); keys hold no control characters."""

    def read_among(self, sql: str, parameters: Sequence[Any], among: pa.Array, schema: pa.Schema) -> pa.Table:
        """The same, with `{among}` in the SQL standing for a condition that the last parameter is one of the given texts."""

    def indexes_rebuilt_after(self, table: str) -> "contextmanager[None]":  # type: ignore[valid-type]
        """Drop the indexes of an empty table for the time of a load and build them after it."""

    def analyze(self, tables: Iterable[str]) -> None:
        """Tell the planner what was loaded."""


def keys_schema(number: str) -> pa.Schema:
    """What `read_keys` gives."""
    return pa.schema([("key", pa.large_string()), (number, pa.int64())])


def quoted(connection: BaseDatabaseWrapper, names: Iterable[str]) -> str:
    """Names as SQL, comma between."""
    return ", ".join(connection.ops.quote_name(name) for name in names)


def is_empty(connection: BaseDatabaseWrapper, table: str) -> bool:
    """True where the table holds no row at all."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
        return cursor.fetchone() is None


@contextmanager
def indexes_apart(connection: BaseDatabaseWrapper, definitions: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Drop the indexes (name, CREATE statement), and run the statements again afterwards."""
    with connection.cursor() as cursor:
        for name, _ in definitions:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        for _, statement in definitions:
            cursor.execute(statement)

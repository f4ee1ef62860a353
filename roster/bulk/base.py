"""The interface of bulk loads, and what both engines share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from django.db.backends.base.base import BaseDatabaseWrapper

Batches = Iterable[pa.RecordBatch]
_KEYS_ROWS = 100_000
_SEPARATOR = "\x1f"


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

    def read_keys(self, table: str, number: str, *, scope: dict[str, Any], condition: str) -> pa.Table:
        """The column `key` and one integer column of the rows of the scope that meet the SQL condition; keys hold no control characters."""

    def read_among(self, sql: str, parameters: Sequence[Any], among: pa.Array, schema: pa.Schema) -> pa.Table:
        """The same, with `{among}` in the SQL standing for a condition that the last parameter is one of the given texts."""

    def indexes_rebuilt_after(self, table: str, rows: int) -> AbstractContextManager[None]:
        """Drop the indexes for the time of a load of so many rows and build them after it, where that is quicker and stands in nobody's way."""

    def analyze(self, tables: Iterable[str]) -> None:
        """Tell the planner what was loaded."""


def read_joined(
    ask: Callable[[str, Sequence[Any]], Sequence[Any]], table: str, number: str, aggregate: str, *, scope: dict[str, Any], condition: str
) -> pa.Table:
    """The work of `read_keys`: a range of rows comes as one joined text per column, which is three times faster than row by row.

    Args:
        ask: runs a query and gives its only row.
        aggregate: the engine's expression that joins a column, named {column}, with 0x1F.
    """
    schema = pa.schema([("key", pa.large_string()), (number, pa.int64())])
    owned, parameters = " AND ".join(f"{name} = %s" for name in scope), list(scope.values())
    first, last = ask(f"SELECT min(id), max(id) FROM {table} WHERE {owned}", parameters)  # noqa: S608
    columns = ", ".join(aggregate.format(column=name) for name in ("key", number))
    sql = f"SELECT {columns} FROM {table} WHERE id BETWEEN %s AND %s AND {owned} AND {condition}"  # noqa: S608
    batches = []
    for start in range(first, last + 1, _KEYS_ROWS) if first is not None else ():
        texts = ask(sql, [start, start + _KEYS_ROWS - 1, *parameters])
        if texts[0] is not None:
            parts = [pc.split_pattern(pa.array([text], pa.large_string()), _SEPARATOR).values for text in texts]
            batches.append(pa.record_batch([parts[0], parts[1].cast(pa.int64())], schema=schema))
    return pa.Table.from_batches(batches, schema)


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

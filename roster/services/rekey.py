"""Give live records other keys, and let their enrollments follow. The caller's transaction makes it all or nothing.

The keys are permuted (see `records.rekeys`): a record that is marked as deleted under a key that is wanted takes the key that becomes free.
So nothing is lost, swaps and chains come out right, and the reversed pairs bring back what was, marked records included.
"""

from collections.abc import Collection
from typing import Any

import pandas as pd
import pyarrow as pa
from django.db import connection

from accounts.models import District
from records.attributes import RecordType, live_columns
from records.rekeys import REKEYED, Rekeys, Renames, applicable, closed, fingerprints_of, inverse
from records.text import TEXT, to_series
from roster.bulk import Bulk, bulk
from roster.models import LIVE
from roster.selectors.live import EXTRA

_MOVES, _PRINTS = "portal_rekey", "portal_rekey_prints"
_PARKED = "\x1f"  # no key holds it
_TEXT = pa.large_string()


def rekey_live(*, district: District, rekeys: Rekeys) -> dict[str, dict[str, str]]:
    """Rename the keys of people and classes, and what enrollments say of them; their fingerprints follow.

    Args:
        district: whose live roster.
        rekeys: record type -> {new key: old key}.

    Returns:
        The pairs that were done, in the same form. A pair whose old key is not live, or whose new key is and stays, is passed over.
    """
    loader = bulk(connection)
    renames = {kind: applicable(rekeys[kind], _Live(loader, district.pk, kind)) for kind in REKEYED if rekeys.get(kind)}
    renames = {kind: pairs for kind, pairs in renames.items() if pairs}
    touched = []
    for kind, pairs in renames.items():
        moves = closed(pairs)
        _load_moves(loader, moves)
        _rename_keys(district.pk, kind)
        touched.append(_relink(loader, district.pk, kind, moves))
        _drop(_MOVES)
    if touched:
        _renew_fingerprints(loader, district.pk, pd.concat(touched, ignore_index=True).drop_duplicates())
    return {kind.value: inverse(pairs) for kind, pairs in renames.items()}


class _Live:
    """Which of some keys live records of a type have."""

    def __init__(self, loader: Bulk, district_id: int, record_type: RecordType) -> None:
        self._loader, self._district_id, self._table = loader, district_id, _table(record_type)

    def __call__(self, keys: Collection[str]) -> set[str]:
        sql = f"SELECT key FROM {self._table} WHERE district_id = %s AND deleted_at IS NULL AND key {{among}}"  # noqa: S608
        found = self._loader.read_among(sql, [self._district_id], pa.array(sorted(keys), _TEXT), pa.schema([("key", _TEXT)]))
        return set(found.column("key").to_pylist())


def _table(record_type: RecordType) -> str:
    return connection.ops.quote_name(LIVE[record_type]._meta.db_table)


def _load_moves(loader: Bulk, moves: Renames) -> None:
    _create(_MOVES, {"old": "text", "new": "text"}, first="old")
    old, new = pa.array(list(moves), _TEXT), pa.array(list(moves.values()), _TEXT)
    loader.insert(_MOVES, [pa.record_batch([old, new], names=["old", "new"])])


def _create(name: str, columns: dict[str, str], *, first: str) -> None:
    """A temporary table of this transaction, found by its first column; texts are compared as in the live tables."""
    collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    listed = ", ".join(
        f"{column} {kind}{collation if kind == 'text' else ''}{' PRIMARY KEY' if column == first else ''}"
        for column, kind in columns.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({listed})")


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")


def _rename_keys(district_id: int, record_type: RecordType) -> None:
    """In two steps, because a key is held once at any moment: all into parked keys, then out of them."""
    table = _table(record_type)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET key = %s || {_MOVES}.new FROM {_MOVES} WHERE {table}.district_id = %s AND {table}.key = {_MOVES}.old",  # noqa: S608
            [_PARKED, district_id],
        )
        cursor.execute(
            f"UPDATE {table} SET key = {_MOVES}.new FROM {_MOVES} WHERE {table}.district_id = %s AND {table}.key = %s || {_MOVES}.new",  # noqa: S608
            [district_id, _PARKED],
        )


def _relink(loader: Bulk, district_id: int, record_type: RecordType, moves: Renames) -> pd.Series:
    """Let the enrollments refer to the new keys; returns the keys of those that do."""
    table = _table(RecordType.ENROLLMENT)
    column, whose = "class_id", ""
    parameters: list[Any] = [district_id]
    if record_type is not RecordType.CLASS:
        column, whose, parameters = "person_id", f" AND {table}.person_type = %s", [district_id, record_type.value]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = {_MOVES}.new FROM {_MOVES} "  # noqa: S608
            f"WHERE {table}.district_id = %s AND {table}.{column} = {_MOVES}.old{whose}",
            parameters,
        )
    sql = f"SELECT key FROM {table} WHERE district_id = %s{whose.replace(f'{table}.', '')} AND {column} {{among}}"  # noqa: S608
    found = loader.read_among(sql, parameters, pa.array(list(moves.values()), _TEXT), pa.schema([("key", _TEXT)]))
    return to_series(found.column("key"))


def _renew_fingerprints(loader: Bulk, district_id: int, keys: pd.Series) -> None:
    """The fingerprint of an enrollment says to whom and what it refers."""
    if not len(keys):
        return
    table, columns = _table(RecordType.ENROLLMENT), live_columns(RecordType.ENROLLMENT)
    listed = ", ".join(connection.ops.quote_name(name) for name in columns)
    sql = f"SELECT {listed}, {EXTRA[connection.vendor]} FROM {table} WHERE district_id = %s AND key {{among}}"  # noqa: S608
    schema = pa.schema([(name, _TEXT) for name in (*columns, "extra")])
    rows = loader.read_among(sql, [district_id], pa.array(keys.to_list(), _TEXT), schema)
    frame = pd.DataFrame({name: to_series(column) for name, column in zip(rows.column_names, rows.columns, strict=True)}, dtype=TEXT)
    prints = pa.array(fingerprints_of(RecordType.ENROLLMENT, frame))
    _create(_PRINTS, {"key": "text", "fingerprint": "bigint"}, first="key")
    batch = pa.record_batch([pa.array(frame["key"].to_list(), _TEXT), prints], names=["key", "fingerprint"])
    loader.insert(_PRINTS, [batch])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET fingerprint = {_PRINTS}.fingerprint FROM {_PRINTS} "  # noqa: S608
            f"WHERE {table}.district_id = %s AND {table}.key = {_PRINTS}.key",
            [district_id],
        )
    _drop(_PRINTS)

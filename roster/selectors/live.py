"""Read the live roster as frames: keys and fingerprints, and the values of chosen records."""

import json
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
from django.db import connection

from records.attributes import RecordType, live_columns
from records.frames import LiveKeys
from records.text import TEXT, to_series
from roster.bulk import bulk
from roster.models import LIVE, Organization, School

_TEXT = pa.large_string()
# The extra attributes as text, by engine.
EXTRA = {"postgresql": "COALESCE(CAST(extra AS text), '')", "sqlite": "COALESCE(extra, '')"}


class LiveRoster:
    """The live roster of one district, read when asked; deleted records do not exist here."""

    def __init__(self, district_id: int) -> None:
        self._district_id = district_id
        self._bulk = bulk(connection)

    def _table(self, record_type: RecordType, *, whole: bool = False) -> str:
        """The table in SQL. To read all of it SQLite must be told to go through it in order; by the index it would jump to every row."""
        name = connection.ops.quote_name(LIVE[record_type]._meta.db_table)
        return f"{name} NOT INDEXED" if whole and connection.vendor == "sqlite" else name

    def keys(self, record_type: RecordType) -> LiveKeys:
        """Keys and fingerprints of all live records of a type."""
        table = LIVE[record_type]._meta.db_table
        found = self._bulk.read_keys(table, "fingerprint", scope={"district_id": self._district_id}, condition="deleted_at IS NULL")
        return LiveKeys(found.column("key"), found.column("fingerprint").to_numpy())

    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame:
        """The live records with these keys: every live column, extra (JSON text, empty for none) and fingerprint; in no particular order."""
        columns = live_columns(record_type)
        schema = pa.schema([*((name, _TEXT) for name in columns), ("extra", _TEXT), ("fingerprint", pa.int64())])
        if len(keys) == 0:
            return _frame(pa.Table.from_batches([], schema))
        names = ", ".join(connection.ops.quote_name(name) for name in columns)
        sql = (
            f"SELECT {names}, {EXTRA[connection.vendor]}, fingerprint FROM {self._table(record_type)} "  # noqa: S608
            "WHERE district_id = %s AND deleted_at IS NULL AND key {among}"
        )
        column = pa.array(keys)
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return _frame(self._bulk.read_among(sql, [self._district_id], whole, schema))

    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame:
        """The given attributes of all live records of a type; one that no column holds is looked up among the extra attributes."""
        held = live_columns(record_type)
        read = [*(name for name in names if name in held), "extra"] if any(name not in held for name in names) else list(names)
        schema = pa.schema([(name, _TEXT) for name in read])
        listed = ", ".join(EXTRA[connection.vendor] if name == "extra" else connection.ops.quote_name(name) for name in read)
        sql = f"SELECT {listed} FROM {self._table(record_type, whole=True)} WHERE district_id = %s AND deleted_at IS NULL"  # noqa: S608
        found = _frame(self._bulk.read(sql, [self._district_id], schema))
        if "extra" in read:
            parsed = [json.loads(text) if text else {} for text in found["extra"].to_list()]
            found = found.assign(
                **{name: pd.Series([one.get(name, "") for one in parsed], dtype=TEXT) for name in names if name not in held}
            )
        return found[list(names)]

    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame:
        """key, class_id, person_id, person_type of the live enrollments of these classes or people (keys)."""
        schema = pa.schema([(name, _TEXT) for name in ("key", "class_id", "person_id", "person_type")])
        parts = [pa.Table.from_batches([], schema)]
        for column, keys in (("class_id", classes), ("person_id", people)):
            if len(keys):
                sql = (
                    f"SELECT key, class_id, person_id, person_type FROM {self._table(RecordType.ENROLLMENT)} "  # noqa: S608
                    f"WHERE district_id = %s AND deleted_at IS NULL AND {column} {{among}}"
                )
                whole = pa.chunked_array([pa.array(keys.to_list(), _TEXT)]).combine_chunks()
                parts.append(self._bulk.read_among(sql, [self._district_id], whole, schema))
        return _frame(pa.concat_tables(parts)).drop_duplicates("key").reset_index(drop=True)

    def schools(self) -> dict[str, str]:
        """SourcedId -> key of the organization it is mapped to, of all live schools."""
        return dict(School.objects.of(self._district_id).filter(deleted_at=None).values_list("key", "mapped_school"))

    def offices(self) -> list[str]:
        """The keys of the organizations that are no schools."""
        return list(Organization.objects.of(self._district_id).exclude(kind=Organization.Kind.SCHOOL).values_list("key", flat=True))


def _frame(table: pa.Table) -> pd.DataFrame:
    data = {
        name: to_series(column) if column.type == _TEXT else column.to_numpy()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pd.DataFrame(data)

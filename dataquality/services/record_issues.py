"""Bring the open issues of an app up to date with what a sync found. The caller's transaction makes it one with the apply."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from django.db import connection
from django.utils import timezone

from accounts.models import District
from dataquality.models import Issue
from records import changeset
from records.attributes import RecordType
from records.fingerprints import fingerprint
from records.rules import RULES
from records.text import TEXT, is_blank, to_arrow
from roster.bulk import bulk

_TEXTS = ("record_type", "record_key", "record_name", "school", "code", "attribute", "file", "value", "detail")
_VALUE = 500  # characters of a value that are kept


def record_issues(*, district: District, app: str, sync_id: int, folder: Path, now: datetime, partial: Collection[str] = ()) -> None:
    """Open an issue for every new problem, move those that are still there to their present line, resolve those that are gone.

    Args:
        folder: the sync's findings and outcomes.
        partial: record types whose file was a delta: only issues of records that it speaks of are resolved.
    """
    present = _present(folder)
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("identity", pa.int64()),
            ("line", pa.int64()),
            ("record_type", pa.large_string()),
            ("record_key", pa.large_string()),
            ("value", pa.large_string()),
        ]
    )
    table, loader = Issue._meta.db_table, bulk(connection)
    sql = f'SELECT id, identity, line, record_type, record_key, value FROM "{table}" WHERE district_id = %s AND app = %s AND resolved_at IS NULL'  # noqa: S608
    before = loader.read(sql, [district.pk, app], schema).to_pandas()
    loader.insert(table, [_batch(present[~present["identity"].isin(before["identity"])], district.pk, app, sync_id, now)])
    stamp = connection.ops.adapt_datetimefield_value(now)
    gone = before[~before["identity"].isin(present["identity"])]
    for kind in partial:
        gone = gone[(gone["record_type"] != kind) | gone["record_key"].isin(changeset.keys_spoken_of(folder, RecordType(kind)))]
    if len(gone):
        values = {"resolved_at": stamp, "resolved_sync": sync_id}
        loader.update_where(table, values, scope={"district_id": district.pk}, column="id", among=pa.array(gone["id"].to_numpy()))
    still = before[before["identity"].isin(present["identity"])]
    Issue.objects.of(district).filter(app=app, resolved_at=None).exclude(last_sync=sync_id).update(last_sync=sync_id)
    moved = still.merge(present[["identity", "line", "value"]], on="identity", suffixes=("_before", ""))
    moved = moved[(moved["line_before"] != moved["line"]) | (moved["value_before"] != moved["value"])]
    Issue.unscoped.bulk_update(
        (Issue(pk=row.id, line=row.line, value=row.value) for row in moved.itertuples()), ["line", "value"], batch_size=1000
    )


def _present(folder: Path) -> pd.DataFrame:
    """One row per problem that is there now."""
    found = changeset.read_findings(folder)
    found = found[found["code"].isin([code for code, rule in RULES.items() if rule.is_issue])].reset_index(drop=True)
    found = found.rename(columns={"key": "record_key", "name": "record_name"})
    place = found["file"] + ":" + found["line"].astype(str).astype(TEXT)
    who = found["record_key"].where(~is_blank(found["record_key"]), place)
    identity = fingerprint([found["record_type"], who, found["code"], found["attribute"]]) if len(found) else np.empty(0, dtype=np.int64)
    return found.assign(identity=identity, value=found["value"].str.slice(0, _VALUE)).drop_duplicates("identity").reset_index(drop=True)


def _batch(new: pd.DataFrame, district_id: int, app: str, sync_id: int, now: datetime) -> pa.RecordBatch:
    rows = len(new)

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.repeat(pa.scalar(value, kind), rows)

    when = timezone.localtime(now, timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M:%S.%f")
    outcome = [RULES[code].outcome for code in new["code"].to_list()]
    columns: dict[str, pa.Array] = {
        "district_id": same(district_id, pa.int64()), "app": same(app, pa.string()), "identity": pa.array(new["identity"].to_numpy()),
        "outcome": pa.array(outcome, pa.string()), "line": pa.array(new["line"].to_numpy()),
        "first_sync": same(sync_id, pa.int64()), "last_sync": same(sync_id, pa.int64()),
        "opened_at": same(when if connection.vendor == "sqlite" else when + "+00", pa.string()),
        **{name: _one(new[name]) for name in _TEXTS},
    }  # fmt: skip
    return pa.record_batch(list(columns.values()), names=list(columns))


def _one(values: pd.Series) -> pa.Array:
    column = to_arrow(values)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

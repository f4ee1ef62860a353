"""Bring the open issues of an app up to date with what a sync found. The caller's transaction makes it one with the apply."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from django.db import connection
from django.utils import timezone

from accounts.models import District
from dataquality.models import Issue
from records import changeset
from records.attributes import PERSON_TYPES, RecordType
from records.fingerprints import fingerprint
from records.rules import RULES
from records.text import TEXT, Mask, is_blank, is_in, to_arrow, to_series
from roster.bulk import bulk
from roster.models import LIVE

_TEXTS = ("record_type", "record_key", "record_name", "school", "code", "attribute", "file", "value", "detail")
_VALUE = 500  # characters of a value that are kept
_AT_ONCE = 500  # keys in a query
DEMOGRAPHICS = "demographics.csv"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sync was sent. modes: file ("users") -> bulk or delta; described: record type -> the attributes that demographics.csv feeds."""

    modes: Mapping[str, str]
    described: Mapping[str, Collection[str]] = field(default_factory=dict)

    def is_whole(self, file: str) -> bool:
        """Whether the file was sent in full."""
        return self.modes.get(file) == "bulk"


def record_issues(
    *,
    district: District,
    app: str,
    sync_id: int,
    folder: Path,
    now: datetime,
    sent: Sent | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Open an issue for every new problem, move those that are still there to their present line, resolve those that are gone.

    An issue is gone where what it stands in was sent and does not have it any more: its file in full, or a delta that speaks of its record; or where
    its record was deleted. What was not sent leaves its issues open.

    Args:
        folder: the sync's findings and outcomes.
        sent: what the sync was sent; None where all files were sent in full.
        only: files ("users") whose issues are brought up to date, those of others stay as they are; None for all.
    """
    present = _present(folder)
    if only is not None:
        present = present[present["file"].isin([f"{file}.csv" for file in only])].reset_index(drop=True)
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("identity", pa.int64()),
            ("line", pa.int64()),
            ("record_type", pa.large_string()),
            ("record_key", pa.large_string()),
            ("value", pa.large_string()),
            *((name, pa.large_string()) for name in ("file", "attribute")),
        ]
    )
    table, loader = Issue._meta.db_table, bulk(connection)
    columns = ", ".join(schema.names)
    sql = f'SELECT {columns} FROM "{table}" WHERE district_id = %s AND app = %s AND resolved_at IS NULL'  # noqa: S608
    before = loader.read(sql, [district.pk, app], schema).to_pandas()
    loader.insert(table, [_batch(present[~present["identity"].isin(before["identity"])], district.pk, app, sync_id, now)])
    stamp = connection.ops.adapt_datetimefield_value(now)
    gone = before[~before["identity"].isin(present["identity"])]
    if len(gone) and (sent is not None or only is not None):
        gone = gone[_is_gone(gone, folder, district, sent or Sent({}), only)]
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


def _is_gone(issues: pd.DataFrame, folder: Path, district: District, sent: Sent, only: Collection[str] | None) -> Mask:
    """Which of the issues that were not found again are resolved by that."""
    files = issues["file"].str.removesuffix(".csv")
    resolved = np.array(files.isin([file for file in sent.modes if sent.is_whole(file)]), dtype=bool)
    in_delta = files.isin([file for file in sent.modes if not sent.is_whole(file)]).to_numpy(dtype=bool)
    for kind in RecordType:
        mine = (issues["record_type"] == kind.value).to_numpy(dtype=bool)
        if not mine.any():
            continue
        asked = to_arrow(issues["record_key"][mine])
        resolved[mine] |= in_delta[mine] & is_in(asked, changeset.keys_spoken_of(folder, kind))
        resolved[mine] |= is_in(asked, to_series(pa.chunked_array([changeset.keys_with(folder, kind, "deleted")])))
        if kind in PERSON_TYPES:
            resolved[mine] = _of_people(issues[mine], resolved[mine], kind, folder, district, sent)
    resolved |= in_delta & (issues["record_type"] == "").to_numpy(dtype=bool)  # of rows that nobody can tell
    if only is not None:
        resolved &= files.isin(only).to_numpy(dtype=bool)
    return resolved


def _of_people(issues: pd.DataFrame, resolved: Mask, kind: RecordType, folder: Path, district: District, sent: Sent) -> Mask:
    """The same where demographics.csv came without a whole users.csv: then it speaks of its values of those who are live, and of nothing else."""
    if "demographics" not in sent.modes or sent.is_whole("users"):
        return resolved
    of_value = (issues["attribute"].isin(sent.described.get(kind.value, ())) | (issues["file"] == DEMOGRAPHICS)).to_numpy(dtype=bool)
    is_live = issues["record_key"].isin(_live(district, kind, issues["record_key"])).to_numpy(dtype=bool)
    judged = is_live if sent.is_whole("demographics") else is_in(issues["record_key"], changeset.keys_spoken_of(folder, kind))
    return np.asarray(np.where(of_value, judged, resolved))


def _live(district: District, kind: RecordType, keys: pd.Series) -> set[str]:
    """Those of the keys that are live."""
    rows: Any = LIVE[kind].objects.of(district).filter(deleted_at=None)
    listed = [key for key in dict.fromkeys(keys.to_list()) if key]
    parts = (listed[at : at + _AT_ONCE] for at in range(0, len(listed), _AT_ONCE))
    return {key for part in parts for key in rows.filter(key__in=part).values_list("key", flat=True)}


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

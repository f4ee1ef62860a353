"""The rows of an applied change set, and how the values of before come back into records that were changed again since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from imports.steps.difference import extra_json
from imports.steps.part import covered
from records.artifact_paths import before_path, rows_path
from records.attributes import PERSON_TYPES, RecordType, live_columns
from records.fingerprints import fingerprint
from records.part import Part
from records.text import TEXT, blank, map_distinct, positions, to_series

if TYPE_CHECKING:
    from imports.steps.undo import Live

_APPLIED = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a sync did to one record type.

    rows: outcome, fingerprint, live columns, extra; of the deleted ones the values they had. before: the same columns of the updated ones as they were.
    """

    record_type: RecordType
    rows: pd.DataFrame
    before: pd.DataFrame

    def before_of(self, keys: pd.Series) -> pd.DataFrame:
        """The values of before of these updated records, in the order of the keys."""
        return self.before.iloc[positions(keys, self.before["key"])].reset_index(drop=True) if len(keys) else self.before.iloc[:0]


def read_applied(folder: Path, record_type: RecordType, part: Part, rekeys: Mapping[str, Mapping[str, str]]) -> Applied:
    """The changes of the part; keys that the sync had given anew are the old ones again."""
    names = ["fingerprint", *live_columns(record_type), "extra"]
    path = rows_path(folder, record_type)
    rows = pd.DataFrame({"outcome": blank(0), **_empty(names)})
    if path.exists() and part.has_type(record_type):
        table = pq.read_table(path, columns=["outcome", *names])
        table = table.filter(pc.is_in(table.column("outcome"), value_set=pa.array(_APPLIED)))
        rows = _frame(table.filter(pa.array(covered(table, record_type, part))))
    path = before_path(folder, record_type)
    before = _frame(pq.read_table(path, columns=names)) if path.exists() else pd.DataFrame(_empty(names))
    before = before[positions(before["key"], rows["key"]) >= 0].reset_index(drop=True) if len(rows) else before.iloc[:0]
    return Applied(record_type, _with_old_keys(rows, record_type, rekeys), _with_old_keys(before, record_type, rekeys))


def _empty(names: list[str]) -> dict[str, pd.Series]:
    return {name: pd.Series([], dtype="int64") if name == "fingerprint" else blank(0) for name in names}


def _frame(table: pa.Table) -> pd.DataFrame:
    columns = zip(table.column_names, table.columns, strict=True)
    return pd.DataFrame({name: column.to_numpy() if name == "fingerprint" else to_series(column) for name, column in columns})


def _with_old_keys(rows: pd.DataFrame, record_type: RecordType, rekeys: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Rows as they stand once the re-keying is undone; fingerprints are those of the values, in which references are."""
    mine = rekeys.get(record_type.value, {})
    changed = {"key": rows["key"].map(lambda key: mine.get(key, key)).astype(TEXT)} if mine and len(rows) else {}
    if record_type is RecordType.ENROLLMENT and len(rows):
        classes = rekeys.get(RecordType.CLASS.value, {})
        if classes:
            changed["class_id"] = map_distinct(rows["class_id"], lambda key: classes.get(key, key))
        people = {kind.value: rekeys[kind.value] for kind in PERSON_TYPES if rekeys.get(kind.value)}
        if people:
            pairs = zip(rows["person_type"], rows["person_id"], strict=True)
            changed["person_id"] = pd.Series([people.get(kind, {}).get(key, key) for kind, key in pairs], dtype=TEXT)
    return rows.assign(**changed) if changed else rows


@dataclass(frozen=True, slots=True)
class Merged:
    """Records that were changed again since: as they are now, and as they become."""

    now: pd.DataFrame
    after: pd.DataFrame


def merge_values(applied: Applied, changed: pd.DataFrame, live: "Live") -> tuple[Merged, pd.Series]:
    """Restore the values that are still as the sync left them; returns also the keys of the records in which none is.

    Args:
        applied: what the sync did.
        changed: the rows, as the sync wrote them, of the updated records that are otherwise by now.
        live: the live roster.
    """
    kind = applied.record_type
    names = ["fingerprint", *live_columns(kind), "extra"]
    if changed.empty:
        nothing = pd.DataFrame(_empty(names))
        return Merged(nothing, nothing), blank(0)
    now = live.values(kind, changed["key"].reset_index(drop=True))
    now = now.iloc[positions(changed["key"], now["key"])].reset_index(drop=True)[names]
    written, before = changed.reset_index(drop=True), applied.before_of(changed["key"])
    columns = {}
    for name in live_columns(kind):
        restores = (now[name] == written[name]).to_numpy() & (name != "key")
        columns[name] = now[name].mask(restores, before[name])
    triples = zip(now["extra"], written["extra"], before["extra"], strict=True)
    extras = [_merge_extra(*map(_parsed, texts)) for texts in triples]
    after = pd.DataFrame(columns)
    own = sorted({name for one in extras for name in one})
    more = pd.DataFrame({name: pd.Series([one.get(name, "") for one in extras], dtype=TEXT) for name in own}, index=after.index)
    extra = extra_json(kind, pd.concat([after, more], axis=1))
    prints = fingerprint([*(after[name] for name in live_columns(kind) if name != "key"), extra])
    after = after.assign(extra=extra, fingerprint=prints)[names]
    moved = (after["fingerprint"] != now["fingerprint"]).to_numpy()
    merged = Merged(now[moved].reset_index(drop=True), after[moved].reset_index(drop=True))
    return merged, now["key"][~moved].reset_index(drop=True)


def _parsed(text: str) -> dict[str, str]:
    return json.loads(text) if text else {}


def _merge_extra(now: dict[str, str], written: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    names = {**now, **before}
    merged = {name: before.get(name, "") if now.get(name, "") == written.get(name, "") else now.get(name, "") for name in names}
    return {name: value for name, value in merged.items() if value}

"""Values that a rollback would bring back although another live record holds them by now.

Source: uniqueness (email over students, teachers and admins, where a teacher and an admin of one SIS ID are one person; the district's own domains).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from dataquality.steps.uniqueness import fold_values
from records.attributes import STAFF_TYPES, RecordType, live_columns
from records.text import TEXT, blank, is_blank, is_in

if TYPE_CHECKING:
    from imports.steps.undo import Live, Undone

_STAFF = "staff"


def taken(
    result: Mapping[RecordType, "Undone"], domain: tuple[tuple[RecordType, ...], Sequence[str]], live: "Live"
) -> dict[RecordType, pd.Series]:
    """By record type the keys of the rows to be written whose value another record holds that the rollback leaves as it is.

    Args:
        result: what the rollback would do.
        domain: record types and the attributes that together must be unique.
        live: the live roster.
    """
    record_types, attributes = domain
    wanted = [kind for kind in record_types if len(result[kind].written)]
    if not wanted:
        return {}
    written = {kind: _described(kind, result[kind].written, attributes) for kind in wanted}
    values = pd.concat([one["value"] for one in written.values()], ignore_index=True)
    held = [_holders(kind, result[kind], attributes, live, values) for kind in record_types]
    holders = pd.concat(held, ignore_index=True)
    if holders.empty:
        return {}
    lost = {}
    for kind, rows in written.items():
        both = rows.merge(holders, on="value", suffixes=("", "_holder"))
        lost[kind] = both["key"][(both["who"] != both["who_holder"]).to_numpy()].drop_duplicates().reset_index(drop=True)
    return lost


def _described(kind: RecordType, rows: pd.DataFrame, attributes: Sequence[str]) -> pd.DataFrame:
    """key, value, who; rows without a value are left out."""
    value = fold_values([_column(kind, rows, name) for name in attributes], attributes)
    who = (_STAFF if kind in STAFF_TYPES else kind.value) + "\x1f" + rows["key"]
    whole = pd.DataFrame({"key": rows["key"], "value": value, "who": who.astype(TEXT)})
    return whole[~is_blank(value)].reset_index(drop=True)


def _column(kind: RecordType, rows: pd.DataFrame, name: str) -> pd.Series:
    name = "key" if name == "sis_id" else name
    if name in live_columns(kind) or name in rows:
        return rows[name].reset_index(drop=True)
    extras = (json.loads(text) if text else {} for text in rows["extra"])
    return pd.Series([str(one.get(name, "")) for one in extras], dtype=TEXT)


def _holders(kind: RecordType, one: "Undone", attributes: Sequence[str], live: "Live", values: pd.Series) -> pd.DataFrame:
    """The live records that the rollback neither rewrites nor deletes and that hold one of the values: key, value, who."""
    names = ["key", *("key" if name == "sis_id" else name for name in attributes)]
    rows = live.columns(kind, list(dict.fromkeys(names)))
    moved = [one.written["key"], one.leavers["key"][one.leavers["outcome"] == "deleted"]]
    rows = rows[~is_in(rows["key"], pd.concat([blank(0), *moved], ignore_index=True))].reset_index(drop=True)
    described = _described(kind, rows, attributes)
    return described[is_in(described["value"], values)].reset_index(drop=True)

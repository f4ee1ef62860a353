"""Find id churn: deleted and created records that look like the same person, or the same class, under another key.

Two records are a pair when a piece of evidence is held by exactly one deleted and exactly one created record of the type, and nothing
contradicts it: neither of them matches a third record, and what they say of birth and name agrees. What is ambiguous is never paired.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from imports.steps.difference import TypeChange
from records.artifact_paths import churn_path
from records.attributes import SCHOOL_ATTRIBUTE, RecordType
from records.frames import fates, record_names
from records.outcomes import Fate
from records.rekeys import REKEYED
from records.text import Mask, as_mask, blank, distinct, is_blank, join, map_distinct, to_arrow, to_series

CHURN_COLUMNS = ("record_type", "old_key", "new_key", "evidence", "old_name", "new_name", "old_school", "new_school")
GONE_BY_ABSENCE = ("absent", "deleted-in-delta", "status-inactive")  # other deletions have a row that says what became of the record
STATE_ID = "state_id"  # a district's own attribute that many have
_WEAK = frozenset({"email", "username"})  # addresses pass from one person to the next
GROUP_ROWS = 20_000
_TEXT = pa.large_string()
_GLUE = "\x1f"
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Matches:
    """The pairs that one piece of evidence makes: positions among the deleted and among the created."""

    kind: str
    old: Rows
    new: Rows


def find_churn(change: TypeChange, leavers: pd.DataFrame) -> pd.DataFrame:
    """The pairs of one record type, as CHURN_COLUMNS; `evidence` names its kinds, a comma between.

    Args:
        change: what happens to the type.
        leavers: live values of the records deleted and kept, with outcome and code.
    """
    record_type = change.record_type
    if record_type not in REKEYED or leavers.empty:
        return no_churn()
    is_gone = (leavers["outcome"].to_numpy() == "deleted") & leavers["code"].isin(GONE_BY_ABSENCE).to_numpy()
    created = np.flatnonzero(fates(change.frame) == Fate.CREATED)
    if not is_gone.any() or not len(created):
        return no_churn()
    old = leavers[is_gone].reset_index(drop=True)
    new = change.frame.iloc[created].reset_index(drop=True).assign(extra=change.extra.iloc[created].reset_index(drop=True))
    return pair_up(record_type, old, new)


def no_churn() -> pd.DataFrame:
    """No pairs."""
    return pd.DataFrame({name: blank(0) for name in CHURN_COLUMNS})


def pair_up(record_type: RecordType, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The pairs of deleted and created records (live columns and extra)."""
    left, right = _evidence(record_type, old), _evidence(record_type, new)
    found = [_unique_matches(kind, left[kind], right[kind]) for kind in left]
    found = [_uncontradicted(record_type, one, old, new) for one in found]
    at_old, at_new, evidence = _agreed(found, len(old), len(new))
    school = SCHOOL_ATTRIBUTE[record_type]
    parts = [old.iloc[at_old].reset_index(drop=True), new.iloc[at_new].reset_index(drop=True)]
    return pd.DataFrame(
        {
            "record_type": blank(len(at_old), record_type.value),
            "old_key": parts[0]["key"],
            "new_key": parts[1]["key"],
            "evidence": evidence,
            "old_name": record_names(record_type, parts[0]),
            "new_name": record_names(record_type, parts[1]),
            "old_school": parts[0][school],
            "new_school": parts[1][school],
        }
    )


def write_churn(folder: Path, parts: list[pd.DataFrame]) -> dict[str, int]:
    """Write churn.parquet, where there is any pair; returns the pairs per record type."""
    some = [part for part in parts if len(part)]
    if some:
        whole = pd.concat(some, ignore_index=True)
        table = pa.table({name: to_arrow(whole[name]) for name in CHURN_COLUMNS})
        pq.write_table(table, churn_path(folder), compression="zstd", compression_level=1, row_group_size=GROUP_ROWS)
    return {str(part["record_type"].iloc[0]): len(part) for part in some}


# --- evidence ---------------------------------------------------------------------------------------------------------


def _evidence(record_type: RecordType, records: pd.DataFrame) -> dict[str, pa.ChunkedArray]:
    """Per kind of evidence a text for every record, empty where it has none; strongest first."""
    if record_type is RecordType.CLASS:
        return {"class": _all_of(records, ["school_id", "class_name"], ["class_code", "term_ids"])}
    kinds = {
        "state_id": _folded(_state_ids(records)),
        "identifier": _folded(records["identifier"]),
        "email": _folded(records["email"]),
        "username": _folded(records["username"]),
    }
    if record_type is RecordType.STUDENT:
        kinds["name_birth_date"] = _all_of(records, ["last_name", "first_name", "birth_date"], [])
    return kinds


def _folded(values: pd.Series) -> pa.ChunkedArray:
    return pc.utf8_lower(pc.utf8_trim_whitespace(to_arrow(values)))


def _all_of(records: pd.DataFrame, needed: list[str], more: list[str]) -> pa.ChunkedArray:
    """The values together; empty where a needed one is missing."""
    whole = join([to_series(_folded(records[name])) for name in (*needed, *more)], _GLUE)
    lacking = np.logical_or.reduce([is_blank(records[name]) for name in needed])
    return pc.if_else(pa.array(lacking), pa.scalar("", _TEXT), whole)


def _state_ids(records: pd.DataFrame) -> pd.Series:
    """The state id, where the district has such an attribute of its own."""
    extra = records["extra"]
    if not as_mask(pc.match_substring(to_arrow(extra), f'"{STATE_ID}"')).any():
        return blank(len(records))
    return map_distinct(extra, lambda text: str(json.loads(text).get(STATE_ID, "")) if text else "")


def _unique_matches(kind: str, left: pa.ChunkedArray, right: pa.ChunkedArray) -> _Matches:
    """The pairs that share a text which no other record has, on either side."""
    texts, codes = distinct(pa.chunked_array([*left.chunks, *right.chunks], _TEXT))
    old, new = codes[: len(left)], codes[len(left) :]
    once = (np.bincount(old, minlength=len(texts)) == 1) & (np.bincount(new, minlength=len(texts)) == 1)
    once &= ~as_mask(pc.equal(pc.binary_length(texts), 0))
    where = np.full(len(texts), -1, dtype=np.int64)
    where[new] = np.arange(len(new))
    at = np.flatnonzero(once[old])
    return _Matches(kind, at, where[old[at]])


def _uncontradicted(record_type: RecordType, found: _Matches, old: pd.DataFrame, new: pd.DataFrame) -> _Matches:
    """Without the pairs that cannot be one person: other state ids, or, by an address alone, another birth date or a wholly other name."""
    if record_type is RecordType.CLASS or not len(found.old):
        return found
    a, b = old.iloc[found.old].reset_index(drop=True), new.iloc[found.new].reset_index(drop=True)
    born = _differ(a["birth_date"], b["birth_date"]) if record_type is RecordType.STUDENT else np.zeros(len(a), dtype=bool)
    named = _differ(a["first_name"], b["first_name"]) & _differ(a["last_name"], b["last_name"])
    wrong = (born | named) if found.kind in _WEAK else (born & named)
    if found.kind != "state_id":
        wrong = wrong | _differ(_state_ids(a), _state_ids(b))
    return _Matches(found.kind, found.old[~wrong], found.new[~wrong])


def _differ(left: pd.Series, right: pd.Series) -> Mask:
    """Where both have a value and it is another."""
    return as_mask(pc.not_equal(_folded(left), _folded(right))) & ~is_blank(left) & ~is_blank(right)


def _agreed(found: list[_Matches], olds: int, news: int) -> tuple[Rows, Rows, pd.Series]:
    """The pairs in which both sides match nobody else, by whatever evidence, and the evidence."""
    pairs = np.concatenate([np.empty(0, dtype=np.int64), *(one.old * news + one.new for one in found)])
    bits = np.concatenate([np.empty(0, dtype=np.int64), *(np.full(len(one.old), 1 << number) for number, one in enumerate(found))])
    each, at = np.unique(pairs, return_inverse=True)
    held = np.zeros(len(each), dtype=np.int64)
    np.bitwise_or.at(held, at, bits)
    old, new = each // max(news, 1), each % max(news, 1)
    alone = (np.bincount(old, minlength=olds)[old] == 1) & (np.bincount(new, minlength=news)[new] == 1)
    words = {bit: ",".join(one.kind for number, one in enumerate(found) if bit >> number & 1) for bit in np.unique(held).tolist()}
    evidence = pd.Series([words[bit] for bit in held[alone].tolist()], dtype=blank(0).dtype)
    return old[alone], new[alone], evidence

"""What a change set changes, by cause and by field: found while it is written, for the person who must decide about it.

A cause is a mapping as `SyncDetail.causes` keeps it: record_type, outcome (created, updated, deleted, kept), cause (see below), attribute ("" for
none), school (key of an organization, "" for all), count, of. Records that change in several ways are counted under each of them.

| cause | count | of |
|---|---|---|
| promoted, regraded | students whose grades move to the next grade, or change in another way | all updated of the type |
| changed | records whose `attribute` changes | all updated of the type |
| rewritten | records that are stored anew though no value differs | all updated of the type |
| whole-school | the deleted of a school that loses all of them | the same number |
| new-at-school | the created of a school, where they are many for it | the records that were live at the school |
| new | the created of the type | the same number |
| code of a rule | the deleted or kept for this reason | all deleted, or all kept, of the type |
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from imports.steps.difference import TypeChange
from records.attributes import SCHOOL_ATTRIBUTE, RecordType, live_columns
from records.changed import PROMOTED, REGRADED, REWRITTEN, written
from records.frames import fates
from records.outcomes import Fate
from records.text import Codes, Mask, as_mask, distinct, join, positions, spread, to_arrow, to_series

Cause = dict[str, Any]

CHANGED, NEW, NEW_AT_SCHOOL, WHOLE_SCHOOL = "changed", "new", "new-at-school", "whole-school"
BY_SCHOOL = (RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS)  # the types whose schools are named
MOST_ATTRIBUTES, MOST_SCHOOLS, MOST_CAUSES = 40, 20, 200
FEW = 2  # deleted records of a school that are worth a word
MANY, LARGE_SHARE = 10, 0.25  # created records of a school that are worth a word: so many, and so large a part of what is there
_ORDER = ("IT", "PR", "PK", "TK", "KG", *(f"{grade:02d}" for grade in range(1, 14)))
_NEXT = {
    "IT": {"PR", "PK"}, "PR": {"PK", "TK", "KG"}, "PK": {"TK", "KG"}, **{grade: {after} for grade, after in zip(_ORDER[3:], _ORDER[4:], strict=False)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeCauses:
    """The causes of one record type, and what differs, per updated row in the order of its frame (null-free text, see `records.changed`)."""

    causes: list[Cause]
    changed: pa.Array


def find_causes(change: TypeChange, before: pd.DataFrame | None, leavers: pd.DataFrame) -> TypeCauses:
    """Find the causes of what happens to one record type.

    Args:
        change: what happens.
        before: live values of the updated records, in any order; None where nothing is updated.
        leavers: live values of the records deleted and kept, with outcome and code.
    """
    frame, record_type = change.frame, change.record_type
    updated = np.flatnonzero(fates(frame) == Fate.UPDATED)
    causes: list[Cause] = []
    changed = pa.array([], pa.string())
    was = None
    if before is not None and len(updated):
        was = before.take(positions(_taken(frame["key"], updated), before["key"])).reset_index(drop=True)
        causes, changed = _updates(change, updated, was)
    causes += _leaving(record_type, leavers)
    causes += _arriving(record_type, frame)
    if record_type in BY_SCHOOL:
        causes += _by_school(record_type, frame, was, leavers)
    return TypeCauses(causes, changed)


def rank_causes(causes: Iterable[Cause]) -> list[Cause]:
    """The largest causes, largest first; of equal ones what deletes stands before what updates and creates."""
    weight = {"deleted": 0, "updated": 1, "created": 2, "kept": 3}
    return sorted(causes, key=lambda cause: (-cause["count"], weight[cause["outcome"]], cause["record_type"]))[:MOST_CAUSES]


def _cause(record_type: RecordType, outcome: str, cause: str, count: int, of: int, *, attribute: str = "", school: str = "") -> Cause:
    return {
        "record_type": record_type.value, "outcome": outcome, "cause": cause, "attribute": attribute, "school": school, "count": count, "of": of
    }  # fmt: skip


def _taken(column: pd.Series, rows: np.ndarray) -> pa.ChunkedArray:
    return to_arrow(column).take(pa.array(rows))


# --- updates ----------------------------------------------------------------------------------------------------------


def _updates(change: TypeChange, rows: np.ndarray, was: pd.DataFrame) -> tuple[list[Cause], pa.Array]:
    """The causes of the updated rows, and what differs in each; `was` is in their order."""
    record_type, frame = change.record_type, change.frame
    differs: dict[str, Mask] = {}
    for name in live_columns(record_type):
        mask = as_mask(pc.not_equal(_taken(frame[name], rows), to_arrow(was[name])))
        if name != "key" and mask.any():
            differs[name] = mask
    differs |= _extras(change, rows, was)
    marks = _marks(record_type, frame, rows, was, differs)
    counted = [
        _cause(record_type, "updated", CHANGED, int(mask.sum()), len(rows), attribute=name)
        for name, mask in differs.items()
        if not (name == "grades" and marks)
    ]
    counted = sorted(counted, key=lambda cause: -cause["count"])[:MOST_ATTRIBUTES]
    told = {PROMOTED: "grades", REGRADED: "grades", REWRITTEN: ""}
    nothing = ~np.logical_or.reduce([*differs.values(), np.zeros(len(rows), dtype=bool)])
    if nothing.any():
        marks[REWRITTEN] = nothing
    for mark, mask in marks.items():
        counted.append(_cause(record_type, "updated", mark[1:], int(mask.sum()), len(rows), attribute=told[mark]))
    return counted, _joined({**differs, **marks}, len(rows))


def _extras(change: TypeChange, rows: np.ndarray, was: pd.DataFrame) -> dict[str, Mask]:
    """The extra attributes that differ; they are compared one by one, for databases order and space them in their own way."""
    old, old_codes = _parsed(was["extra"])
    new, new_codes = _parsed(change.extra.iloc[rows])
    differs = {}
    for name in dict.fromkeys(name for one in (*new, *old) for name in one):
        before, after = ([str(one.get(name, "")) for one in held] for held in (old, new))
        mask = as_mask(pc.not_equal(to_arrow(spread(before, old_codes)), to_arrow(spread(after, new_codes))))
        if mask.any():
            differs[name] = mask
    return differs


def _parsed(extra: pd.Series) -> tuple[list[dict[str, Any]], Codes]:
    """The distinct extra attributes, and which of them each row has."""
    texts, codes = distinct(extra)
    return [json.loads(text) if text else {} for text in texts.to_pylist()], codes


def _marks(record_type: RecordType, frame: pd.DataFrame, rows: np.ndarray, was: pd.DataFrame, differs: dict[str, Mask]) -> dict[str, Mask]:
    """Of the students whose grades change, those who are promoted and the others."""
    mask = differs.get("grades")
    if record_type is not RecordType.STUDENT or mask is None:
        return {}
    pairs, codes = distinct(join([was["grades"], frame["grades"].iloc[rows].reset_index(drop=True)], "\x1f"))
    is_next = np.array([is_promotion(*pair.split("\x1f")) for pair in pairs.to_pylist()], dtype=bool)[codes]
    return {mark: one for mark, one in ((PROMOTED, mask & is_next), (REGRADED, mask & ~is_next)) if one.any()}


def is_promotion(before: str, after: str) -> bool:
    """Whether every one of the grades moves to the next: KG to 01, "03,04" to "04,05"."""
    old, new = before.split(","), after.split(",")
    return len(old) == len(new) and all(later in _NEXT.get(earlier, ()) for earlier, later in zip(old, new, strict=True))


def _joined(differs: dict[str, Mask], rows: int) -> pa.Array:
    """One text per row: what differs in it, a comma between."""
    if not differs:
        return pa.array([""] * rows, pa.string())
    none = pa.scalar(None, pa.string())
    parts = [pc.if_else(pa.array(mask), pa.scalar(written(name), pa.string()), none) for name, mask in differs.items()]
    whole = pc.binary_join_element_wise(*parts, pa.scalar(",", pa.string()), null_handling="skip")
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


# --- what comes and goes ----------------------------------------------------------------------------------------------


def _leaving(record_type: RecordType, leavers: pd.DataFrame) -> list[Cause]:
    """The deleted and the kept by reason."""
    if leavers.empty:
        return []
    sizes = _sizes(to_series(join([leavers["outcome"], leavers["code"]], "\x1f")))
    of = _sizes(leavers["outcome"])
    causes = []
    for place, count in sizes.items():
        outcome, code = str(place).split("\x1f")
        causes.append(_cause(record_type, outcome, code, int(count), int(of[outcome])))
    return causes


def _arriving(record_type: RecordType, frame: pd.DataFrame) -> list[Cause]:
    count = int((fates(frame) == Fate.CREATED).sum())
    return [_cause(record_type, "created", NEW, count, count)] if count else []


def _by_school(record_type: RecordType, frame: pd.DataFrame, was: pd.DataFrame | None, leavers: pd.DataFrame) -> list[Cause]:
    """Schools that lose all their records of a type, and schools that get many new ones."""
    name, fate = SCHOOL_ATTRIBUTE[record_type], fates(frame)
    gone = _sizes(leavers[name][leavers["outcome"].to_numpy() == "deleted"]) if len(leavers) else pd.Series(dtype="int64")
    new = _sizes(frame[name].iloc[np.flatnonzero(fate == Fate.CREATED)])
    if gone.empty and new.empty:
        return []
    stay = [_sizes(frame[name].iloc[np.flatnonzero(fate == Fate.UNCHANGED)])]
    stay += [_sizes(was[name])] if was is not None else []
    stay += [_sizes(leavers[name][leavers["outcome"].to_numpy() == "kept"])] if len(leavers) else []
    there = pd.concat([gone, *stay]).groupby(level=0).sum()
    lost = [
        _cause(record_type, "deleted", WHOLE_SCHOOL, int(count), int(count), school=str(school))
        for school, count in gone.items()
        if school and count >= FEW and count == there[school]
    ]
    won = [
        _cause(record_type, "created", NEW_AT_SCHOOL, int(count), int(there.get(school, 0)), school=str(school))
        for school, count in new.items()
        if school and count >= MANY and count >= LARGE_SHARE * there.get(school, 0)
    ]
    return [*_largest(lost), *_largest(won)]


def _largest(causes: list[Cause]) -> list[Cause]:
    return sorted(causes, key=lambda cause: -cause["count"])[:MOST_SCHOOLS]


def _sizes(schools: pd.Series) -> pd.Series:
    """How often each of the values stands there."""
    names, codes = distinct(schools)
    return pd.Series(np.bincount(codes, minlength=len(names)), index=names.to_pylist(), dtype="int64")

"""Compare the accepted rows with the live roster: what is created, updated, unchanged, deleted, kept.

Source: the law of the rows; records (schools vanish by hand only; deleting a class deletes its enrollments).
"""

import json
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from records.attributes import RecordType, live_columns
from records.fingerprints import fingerprint
from records.frames import LiveKeys, accepted, fates, keeps_live
from records.outcomes import Fate
from records.rules import CODES
from records.text import Mask, blank, is_blank, is_in, join, positions, to_arrow, to_series

BULK, DELTA = "bulk", "delta"
DELETION_DISABLED = "deletion-disabled"


@dataclass(frozen=True, slots=True)
class TypeChange:
    """What a sync does to one record type.

    frame: the record frame with the final fate of every row. fingerprints: per row (0 where not accepted). extra: JSON text per row, empty for none.
    deleted, kept: keys of live records, each with the code of why.
    """

    record_type: RecordType
    frame: pd.DataFrame
    fingerprints: npt.NDArray[np.int64]
    extra: pd.Series
    deleted: pd.DataFrame  # key, code
    kept: pd.DataFrame  # key, code
    live_before: int


def extra_columns(record_type: RecordType, frame: pd.DataFrame) -> list[str]:
    """The columns that no live column holds: a district's own attributes and metadata.*, sorted."""
    own = set(live_columns(record_type))
    return sorted(name for name in frame.columns if name not in own and not name.startswith("_"))


def extra_json(record_type: RecordType, frame: pd.DataFrame) -> pd.Series:
    """The extra attributes of every row as one JSON object in text; empty text where a row has none. Empty values are left out."""
    names = extra_columns(record_type, frame)
    if not names:
        return blank(len(frame))
    parts = []
    for name in names:
        column = to_arrow(frame[name])
        if pc.any(pc.match_substring_regex(column, r'["\\\x00-\x1f]')).as_py():
            column = pa.chunked_array(
                [pa.array([json.dumps(value, ensure_ascii=False)[1:-1] for value in column.to_pylist()], pa.large_string())]
            )
        text = pc.binary_join_element_wise(_scalar(json.dumps(name, ensure_ascii=False) + ': "'), column, _scalar('",'), _scalar(""))
        parts.append(pc.if_else(pc.equal(pc.binary_length(column), 0), _scalar(""), text))
    inner = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, _scalar(""))
    inner = pc.utf8_rtrim(inner, characters=",")
    whole = pc.binary_join_element_wise(_scalar("{"), inner, _scalar("}"), _scalar(""))
    return to_series(pc.if_else(pc.equal(pc.binary_length(inner), 0), _scalar(""), whole))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def empty_frame(record_type: RecordType) -> pd.DataFrame:
    """A record frame without rows, for a file that was not sent."""
    numbers = {"_line": np.empty(0, dtype=np.int64), "_fate": np.empty(0, dtype=np.uint8), "_reason": np.empty(0, dtype=np.int16)}
    return pd.DataFrame({**{name: blank(0) for name in live_columns(record_type)}, **numbers})


@dataclass(frozen=True, slots=True)
class Spared:
    """What is kept though no row of this type speaks of it: keys whose row could not be typed (with the reasons), or all of them.

    fed: the keys that another app delivers too, with the reasons: what would be deleted of them is kept.
    """

    keys: pd.Series = field(default_factory=lambda: blank(0))
    reasons: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, dtype=np.int16))
    is_unsure: bool = False
    fed: pd.Series = field(default_factory=lambda: blank(0))
    fed_reasons: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, dtype=np.int16))


NOBODY = Spared()


def difference(record_type: RecordType, frame: pd.DataFrame, live: LiveKeys, mode: str, spared: Spared = NOBODY) -> TypeChange:
    """Refine the accepted rows into created, updated and unchanged, and find the live records to delete and to keep.

    Args:
        frame: the record frame; keys of accepted rows are distinct.
        live: the live records.
        mode: bulk (what is in no row is deleted) or delta (nothing is deleted by omission).
        spared: live records that may be those of rows nobody can read.
    """
    extra = extra_json(record_type, frame)
    alive = accepted(frame)
    rows = np.flatnonzero(alive)
    prints = np.zeros(len(frame), dtype=np.int64)
    columns = [frame[name] for name in live_columns(record_type) if name != "key"]
    if len(rows) == len(frame) and len(rows):
        prints = fingerprint([*columns, extra])
    elif len(rows):
        prints[rows] = fingerprint(
            [*(column.iloc[rows].reset_index(drop=True) for column in columns), extra.iloc[rows].reset_index(drop=True)]
        )
    at = (
        positions(to_arrow(frame["key"]).take(pa.array(rows)) if len(rows) != len(frame) else frame["key"], live.keys)
        if len(live.keys)
        else np.full(len(rows), -1)
    )
    new = fates(frame).copy()
    same = np.zeros(len(rows), dtype=bool)
    there = at >= 0
    same[there] = live.fingerprints[at[there]] == prints[rows[there]]
    new[rows] = np.where(~there, np.uint8(Fate.CREATED), np.where(same, np.uint8(Fate.UNCHANGED), np.uint8(Fate.UPDATED)))
    touched = np.zeros(len(live.keys), dtype=bool)
    touched[at[there]] = True
    deleted, kept = _leavers(record_type, frame, live, touched, mode, spared)
    return TypeChange(record_type, frame.assign(_fate=new), prints, extra, deleted, kept, len(live.keys))


def _leavers(
    record_type: RecordType, frame: pd.DataFrame, live: LiveKeys, touched: Mask, mode: str, spared: Spared
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Live records with no accepted row: those to delete and those to keep, each with its code."""
    reason = np.zeros(len(live.keys), dtype=np.int16)
    keeps = np.zeros(len(live.keys), dtype=bool)
    goes = np.zeros(len(live.keys), dtype=bool)
    left = ~accepted(frame) & ~is_blank(frame["key"])
    if left.any() and len(live.keys):
        out = np.flatnonzero(left)
        at = positions(frame["key"].iloc[out], live.keys)
        rows, at = out[at >= 0], at[at >= 0]
        why, stays = frame["_reason"].to_numpy()[rows], keeps_live(frame)[rows]
        reason[at[~stays]] = why[~stays]
        reason[at[stays]] = why[stays]  # of several rows of one key one that keeps it decides
        keeps[at[stays]] = True
        goes[at[~stays]] = True
    if len(spared.keys) and len(live.keys):
        at = positions(spared.keys, live.keys)
        keeps[at[at >= 0]] = True
        reason[at[at >= 0]] = spared.reasons[at >= 0]
    free = ~touched
    absent = CODES.index("absent")
    if spared.is_unsure and mode == BULK:
        keeps |= ~goes
        absent = CODES.index("perhaps-unreadable")
    if record_type is RecordType.SCHOOL:
        keeps, goes = np.ones(len(live.keys), dtype=bool), np.zeros(len(live.keys), dtype=bool)
        absent = CODES.index("school-stays")
    delete = free & ~keeps & (goes | (mode == BULK))
    keep = free & keeps
    if len(spared.fed) and delete.any():
        at = positions(spared.fed, live.keys)
        elsewhere = np.zeros(len(live.keys), dtype=bool)
        elsewhere[at[at >= 0]] = True
        reason[at[at >= 0]] = np.where(delete[at[at >= 0]], spared.fed_reasons[at >= 0], reason[at[at >= 0]])
        keep |= delete & elsewhere
        delete &= ~elsewhere
    reason = np.where(reason == 0, absent, reason).astype(np.int16)
    if mode == DELTA and record_type is RecordType.SCHOOL:
        keep &= reason != absent
    return _keyed(live, delete, reason), _keyed(live, keep, reason)


def _keyed(live: LiveKeys, mask: Mask, reason: npt.NDArray[np.int16]) -> pd.DataFrame:
    keys = to_series(live.keys.filter(pa.array(mask)))
    names = pa.array(CODES, pa.large_string())
    return pd.DataFrame({"key": keys, "code": to_series(names.take(pa.array(reason[mask])))})


def cascade(change: TypeChange, live_links: pd.DataFrame, gone_classes: pd.Series, gone_people: pd.Series) -> TypeChange:
    """Delete the live enrollments, not in an accepted row, whose class or person is deleted.

    Args:
        change: the change of enrollments.
        live_links: key, class_id, person_id, person_type of live enrollments that may be concerned.
        gone_classes: keys of the deleted classes.
        gone_people: record type + 0x1F + key of the deleted people.
    """
    if live_links.empty:
        return change
    person = to_series(join([live_links["person_type"], live_links["person_id"]], "\x1f"))
    concerned = is_in(live_links["class_id"], gone_classes) | is_in(person, gone_people)
    keys = live_links["key"][concerned & ~is_in(live_links["key"], change.deleted["key"])].reset_index(drop=True)
    moved = change.frame["key"].iloc[np.flatnonzero(is_in(change.frame["key"], keys) & (fates(change.frame) >= Fate.CREATED))]
    keys = keys[~is_in(keys, moved)]
    if keys.empty:
        return change
    more = pd.DataFrame({"key": keys.reset_index(drop=True), "code": blank(len(keys), "cascade")})
    kept = change.kept[~is_in(change.kept["key"], keys)].reset_index(drop=True)
    return TypeChange(
        change.record_type,
        change.frame,
        change.fingerprints,
        change.extra,
        pd.concat([change.deleted, more], ignore_index=True),
        kept,
        change.live_before,
    )


def keep_all(change: TypeChange) -> TypeChange:
    """The same change without a deletion: what would be deleted is kept, and its code says that deletion is disabled."""
    if change.deleted.empty:
        return change
    spared = change.deleted.assign(code=blank(len(change.deleted), DELETION_DISABLED))
    return replace(change, deleted=change.deleted.iloc[:0], kept=pd.concat([change.kept, spared], ignore_index=True))

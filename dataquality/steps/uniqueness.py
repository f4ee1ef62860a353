"""Find records that share a value which must be unique, and leave out all but the one whose live record holds it.

Source: uniqueness. SIS ID, the key, is judged with the keys (`imports.steps.standard`); here are email and the added domains.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from records.attributes import FILE_OF, STAFF_TYPES, UNIQUE_EMAIL_TYPES, RecordType, attribute_label
from records.frames import Frames, accepted, findings, reject
from records.sources import Source
from records.text import TEXT, Mask, blank, is_blank, is_in, join, occurrences, to_arrow, to_series

_STAFF = "staff"  # a teacher and an admin of one SIS ID are one person
Staying = dict[RecordType, list[pd.Series]]
Holders = Callable[[RecordType, pd.Series], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Domain:
    """An added domain of uniqueness: one attribute, or a set of attributes, of one record type."""

    record_type: RecordType
    attributes: tuple[str, ...]


def domain_attribute(record_type: RecordType, attributes: tuple[str, ...]) -> str:
    """What findings name as the attribute of a domain: its name, or the labels of a set."""
    return attributes[0] if len(attributes) == 1 else " + ".join(attribute_label(record_type, one) for one in attributes)


@dataclass(frozen=True, slots=True)
class UniquenessParams:
    """`holders`: of the given keys of a record type those that are live, as a frame of key and the attributes of every domain."""

    domains: tuple[Domain, ...]
    sources: Mapping[RecordType, Mapping[str, Source]]
    holders: Holders
    staying: Mapping[RecordType, pd.Series] = field(default_factory=dict)  # keys of live records that stay though not accepted in this sync


@dataclass(frozen=True, slots=True)
class _Group:
    record_types: tuple[RecordType, ...]
    attributes: tuple[str, ...]


def check_uniqueness(frames: Frames, params: UniquenessParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Judge email over students, teachers and admins, then each added domain.

    Of the accepted rows that share a value, the one whose live record holds it stays and the others are duplicates; if none holds it (or several do), all are.
    A live record that stays without an accepted row holds its value too. Empty values are never shared; email is compared without case, ids with it.
    """
    groups = [_Group(UNIQUE_EMAIL_TYPES, ("email",)), *(_Group((domain.record_type,), domain.attributes) for domain in params.domains)]
    result = dict(frames)
    found: list[pd.DataFrame] = []
    staying = {record_type: [keys] for record_type, keys in params.staying.items()}
    unsettled = groups
    while unsettled:  # a duplicate's live record stays with the values it has, which may take them from another row
        before = result
        for group in unsettled:
            result = _check_group(result, group, params, staying, found)
        fresh = {kind: keys for kind in result if len(keys := _newly_out(before[kind], result[kind]))}
        for record_type, keys in fresh.items():
            staying.setdefault(record_type, []).append(keys)
        unsettled = [group for group in groups if fresh.keys() & set(group.record_types)]
    return result, found


def _newly_out(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    return after["key"].iloc[np.flatnonzero(accepted(before) & ~accepted(after))]


def fold_values(columns: Sequence[pd.Series], attributes: Sequence[str]) -> pd.Series:
    """What must be unique, as it is compared: email without case, the attributes of a set joined; empty where one of them is."""
    folded = [
        to_series(pc.utf8_lower(to_arrow(column))) if name == "email" else column for name, column in zip(attributes, columns, strict=True)
    ]
    whole = folded[0] if len(folded) == 1 else to_series(join(folded, "\x1f"))
    empty = np.logical_or.reduce([is_blank(column) for column in columns])
    return whole.where(~empty, "") if empty.any() else whole


def _values(frame: pd.DataFrame, attributes: tuple[str, ...]) -> pd.Series:
    names = ["key" if name == "sis_id" else name for name in attributes]
    return fold_values([frame[name] if name in frame else blank(len(frame)) for name in names], attributes)


def _candidates(frames: Frames, group: _Group, params: UniquenessParams, staying: Staying) -> pd.DataFrame:
    """The rows that take part: row (-1 for a live record that stays without an accepted row), value, who, type, key, line."""
    parts = []
    for record_type in group.record_types:
        frame = frames.get(record_type)
        if frame is not None:
            rows = np.flatnonzero(accepted(frame))
            part = frame if len(rows) == len(frame) else frame.iloc[rows].reset_index(drop=True)
            parts.append(_part(record_type, part["key"], _values(part, group.attributes), rows, part["_line"].to_numpy()))
        keys = pd.concat([blank(0), *staying.get(record_type, [])], ignore_index=True)
        if frame is not None and len(keys):
            keys = keys[~is_in(keys, frame["key"].iloc[np.flatnonzero(accepted(frame))])]
        if len(keys):
            part = params.holders(record_type, keys)
            nowhere = np.full(len(part), -1, dtype=np.int64)
            parts.append(_part(record_type, part["key"], _values(part, group.attributes), nowhere, np.zeros(len(part), dtype=np.int64)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"value": blank(0)})


def _part(
    record_type: RecordType, keys: pd.Series, values: pd.Series, rows: npt.NDArray[np.int64], lines: npt.NDArray[np.int64]
) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "key": keys, "row": rows, "line": lines, "type": blank(len(rows), record_type.value)})


def _shared(rows: pd.DataFrame, group: _Group, params: UniquenessParams) -> pd.DataFrame:
    """Of the candidates those whose value more than one person has, with group (number), who, and whether their live record holds the value."""
    codes, counts = occurrences(rows["value"])
    several = (counts > 1) & ~is_blank(rows["value"])
    rows = rows.assign(group=codes)[several].reset_index(drop=True)
    is_staff = is_in(rows["type"], pd.Series(STAFF_TYPES, dtype=TEXT))
    rows = rows.assign(who=to_series(join([rows["type"].where(~is_staff, _STAFF), rows["key"]], "\x1f")))
    rows = rows[rows.groupby("group")["who"].transform("nunique") > 1].reset_index(drop=True)
    holds = rows["row"].to_numpy() < 0
    for record_type in group.record_types:
        mine = (rows["type"] == record_type.value).to_numpy(dtype=bool)
        if mine.any():
            live = params.holders(record_type, rows["key"][mine])
            held = to_series(join([live["key"], _values(live, group.attributes)], "\x1f"))
            holds |= mine & is_in(to_series(join([rows["key"], rows["value"]], "\x1f")), held)
    return rows.assign(holds=holds)


def _check_group(frames: Frames, group: _Group, params: UniquenessParams, staying: Staying, found: list[pd.DataFrame]) -> Frames:
    rows = _candidates(frames, group, params, staying)
    if len(rows):
        rows = _shared(rows, group, params)
    if rows.empty:
        return frames
    rows = rows.assign(
        holds=rows["holds"].groupby([rows["group"], rows["who"]]).transform("any")
    )  # one person in two roles holds it as one
    holders = rows["who"].where(rows["holds"]).groupby(rows["group"]).transform("nunique")
    losers = rows[~(rows["holds"] & (holders == 1)) & (rows["row"] >= 0)]
    others = _others(rows)
    result = dict(frames)
    for record_type in group.record_types:
        mine = losers[losers["type"] == record_type.value]
        if len(mine):
            result[record_type] = _mark(result[record_type], record_type, mine, others, group, params, found)
    return result


def _others(rows: pd.DataFrame) -> pd.Series:
    """For every candidate the words for another one of its group."""
    words = (
        rows["type"]
        + " "
        + rows["key"]
        + np.where(rows["line"] > 0, " (line " + rows["line"].astype(str) + ")", " (already in the portal)")
    )
    first = rows.groupby("group").head(2).assign(words=words)
    ends = first.groupby("group")["words"].agg(["first", "last"])
    one, two = rows["group"].map(ends["first"]), rows["group"].map(ends["last"])
    return one.where(one != words, two)


def _mark(frame: pd.DataFrame, record_type: RecordType, losers: pd.DataFrame, others: pd.Series, group: _Group, params: UniquenessParams,
          found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    at = losers["row"].to_numpy(dtype=np.int64)
    mask: Mask = np.zeros(len(frame), dtype=bool)
    mask[at] = True
    detail = np.full(len(frame), "", dtype=object)
    detail[at] = others.loc[losers.index].to_numpy(dtype=object)
    name = group.attributes[0]
    source = params.sources[record_type].get(name)
    shown = [
        frame["key" if attribute == "sis_id" else attribute]
        for attribute in group.attributes
        if attribute == "sis_id" or attribute in frame
    ]
    value = shown[0] if len(shown) == 1 else to_series(join(shown, ", "))
    attribute = domain_attribute(record_type, group.attributes)
    found.append(findings(frame, mask, code="uniqueness-shared", record_type=record_type, file=f"{FILE_OF[record_type]}.csv",
                          column=source.header if source else "", attribute=attribute, value=value, detail=pd.Series(detail, dtype=TEXT)))  # fmt: skip
    return reject(frame, mask, "uniqueness-shared")

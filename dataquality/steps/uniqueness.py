"""Find records that share a value which must be unique, and leave out all but the one whose live record holds it.

Source: uniqueness. SIS ID, the key, is judged with the keys (`imports.steps.standard`); here are email and the added domains.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from mapping.steps.attributes import Source
from records.attributes import FILE_OF, STAFF_TYPES, UNIQUE_EMAIL_TYPES, RecordType, attribute_label, find_attribute
from records.frames import Frames, accepted, findings, reject
from records.text import TEXT, Mask, blank, is_blank, join, occurrences, to_arrow, to_series

_STAFF = "staff"  # a teacher and an admin of one SIS ID are one person


@dataclass(frozen=True, slots=True)
class Domain:
    """An added domain of uniqueness: one attribute, or a set of attributes, of one record type."""

    record_type: RecordType
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UniquenessParams:
    """`live`: record type -> frame of key and the attributes of every domain, of the live records that no delivered row replaces or removes and of those it does."""

    domains: tuple[Domain, ...]
    sources: Mapping[RecordType, Mapping[str, Source]]
    live: Mapping[RecordType, pd.DataFrame] = field(default_factory=dict)
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
    result, found = dict(frames), []
    for group in groups:
        result = _check_group(result, group, params, found)
    return result, found


def _values(frame: pd.DataFrame, attributes: tuple[str, ...]) -> pd.Series:
    columns = [frame[name] if name in frame else blank(len(frame)) for name in ("key" if name == "sis_id" else name for name in attributes)]
    folded = [
        to_series(pc.utf8_lower(to_arrow(column))) if name == "email" else column for name, column in zip(attributes, columns, strict=True)
    ]
    whole = folded[0] if len(folded) == 1 else to_series(join(folded, "\x1f"))
    empty = np.logical_or.reduce([is_blank(column) for column in columns])
    return whole.where(~empty, "") if empty.any() else whole


def _identity(record_type: RecordType, keys: pd.Series) -> pd.Series:
    """Who a record is: a teacher and an admin of the same SIS ID are one."""
    return (_STAFF if record_type in STAFF_TYPES else record_type.value) + "\x1f" + keys


def _candidates(frames: Frames, group: _Group, params: UniquenessParams) -> pd.DataFrame:
    """The rows that take part: type, row (-1 for a live record that stays without an accepted row), value, who, and whether its live record holds the value."""
    parts = []
    for record_type in group.record_types:
        live = params.live.get(record_type)
        held = pd.Index([])
        if live is not None and len(live):
            held = pd.Index(live["key"] + "\x1f" + _values(live, group.attributes))
        if record_type in frames:
            frame = frames[record_type]
            rows = np.flatnonzero(accepted(frame))
            part = frame.iloc[rows].reset_index(drop=True)
            values = _values(part, group.attributes)
            holds = (part["key"] + "\x1f" + values).isin(held) if len(held) else pd.Series(np.zeros(len(rows), dtype=bool))
            parts.append(pd.DataFrame({"row": rows, "value": values, "who": _identity(record_type, part["key"]), "holds": holds.to_numpy(dtype=bool)}).assign(
                type=record_type.value, key=part["key"], line=part["_line"]))  # fmt: skip
        staying = params.staying.get(record_type)
        if live is not None and staying is not None and len(staying):
            part = live[live["key"].isin(staying)].reset_index(drop=True)
            if record_type in frames:
                frame = frames[record_type]
                part = part[~part["key"].isin(frame["key"][accepted(frame)])].reset_index(drop=True)
            values = _values(part, group.attributes)
            parts.append(pd.DataFrame({"row": -1, "value": values, "who": _identity(record_type, part["key"]), "holds": True}).assign(
                type=record_type.value, key=part["key"], line=0))  # fmt: skip
    everything = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"value": blank(0)})
    return everything[~is_blank(everything["value"])].reset_index(drop=True)


def _check_group(frames: Frames, group: _Group, params: UniquenessParams, found: list[pd.DataFrame]) -> Frames:
    rows = _candidates(frames, group, params)
    if rows.empty:
        return frames
    codes, counts = occurrences(rows["value"])
    rows = rows.assign(group=codes)[counts > 1]
    if rows.empty:
        return frames
    people = rows.groupby("group")["who"].transform("nunique")
    rows = rows[people > 1]
    if rows.empty:
        return frames
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
    attribute = name if len(group.attributes) == 1 else " + ".join(attribute_label(record_type, one) for one in group.attributes)
    if len(group.attributes) == 1 and find_attribute(record_type, name) is None:
        attribute = name
    found.append(findings(frame, mask, code="uniqueness-shared", record_type=record_type, file=f"{FILE_OF[record_type]}.csv",
                          column=source.header if source else "", attribute=attribute, value=value, detail=pd.Series(detail, dtype=TEXT)))  # fmt: skip
    return reject(frame, mask, "uniqueness-shared")

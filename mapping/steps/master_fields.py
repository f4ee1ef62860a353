"""Keep values of records that several apps feed: where another app is Master of an attribute, or this one may not override it.

Source: docs/decisions/0014-master-fields.md
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from records.attributes import FILE_OF, RecordType
from records.frames import Frames, accepted, findings
from records.sources import Source
from records.text import Mask, blank, is_blank, is_in, positions

MASTER, DO_NOT_OVERRIDE = "master", "do_not_override"
MODES = (MASTER, DO_NOT_OVERRIDE)
_PLACES = {"class_id", "person_id", "school_id"}  # of an enrollment: with another one it is another enrollment
OWN_RULE = "this app does not override it"


@dataclass(frozen=True, slots=True)
class MasterField:
    """The mode of one attribute of a record type in one app."""

    record_type: RecordType
    attribute: str
    mode: str


def has_mode(record_type: RecordType, name: str) -> bool:
    """Whether an attribute may have a mode: all but what a record is known by."""
    return name != "sis_id" and not (record_type is RecordType.ENROLLMENT and name in _PLACES)


@dataclass(frozen=True, slots=True)
class Protection:
    """An attribute whose live value stays in the records that one of `apps` (names) feeds as well. `why`: how a sentence about it ends."""

    record_type: RecordType
    attribute: str
    apps: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class MasterFieldParams:
    """`fed`: (app, record type) -> the keys of the records that it feeds. `live`: record type -> frame of key and the attributes of its protections."""

    protections: Sequence[Protection]
    fed: Mapping[tuple[str, RecordType], pd.Series]
    live: Mapping[RecordType, pd.DataFrame]
    sources: Mapping[RecordType, Mapping[str, Source]] = field(default_factory=dict)


def protections_between(own: Sequence[MasterField], others: Mapping[str, Sequence[MasterField]]) -> list[Protection]:
    """What an app must leave alone, by its own modes and those of the other apps (by name).

    Where it is Master itself nobody else's rule binds it; where it does not override, records count that any other app feeds.
    """
    modes = {(one.record_type, one.attribute): one.mode for one in own}
    masters: dict[tuple[RecordType, str], list[str]] = defaultdict(list)
    for name, fields in others.items():
        for one in fields:
            if one.mode == MASTER:
                masters[one.record_type, one.attribute].append(name)
    result = []
    for place in dict.fromkeys([*modes, *masters]):
        mode = modes.get(place)
        if mode == DO_NOT_OVERRIDE and others:
            result.append(Protection(*place, tuple(others), OWN_RULE))
        elif mode is None:
            names = masters[place]
            result.append(Protection(*place, tuple(names), f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} Master of it"))
    return result


def keep_values(frames: Frames, params: MasterFieldParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Put the live value in the place of the delivered one wherever it is protected and there is one.

    Only accepted rows are touched. A row whose own value gave way is named; a cell that was empty has nothing that could give way.
    """
    result = dict(frames)
    found: list[pd.DataFrame] = []
    for record_type in {rule.record_type: None for rule in params.protections}:
        frame, live = frames.get(record_type), params.live.get(record_type)
        if frame is None or live is None or not len(frame) or not len(live):
            continue
        at = np.where(accepted(frame), positions(frame["key"], live["key"]), -1)
        kept: dict[str, pd.Series] = {}
        for rule in params.protections:
            if rule.record_type is record_type:
                shared = (at >= 0) & _fed_by(frame["key"], rule, params)
                kept |= _keep(frame, rule, live[rule.attribute].iloc[np.where(shared, at, 0)].reset_index(drop=True), shared, params, found)
        result[record_type] = frame.assign(**kept) if kept else frame
    return result, found


def _fed_by(keys: pd.Series, rule: Protection, params: MasterFieldParams) -> Mask:
    """Where one of the rule's apps feeds the record."""
    fed: Mask = np.zeros(len(keys), dtype=bool)
    for name in rule.apps:
        fed |= is_in(keys, params.fed[name, rule.record_type])
    return fed


def _keep(
    frame: pd.DataFrame, rule: Protection, held: pd.Series, shared: Mask, params: MasterFieldParams, found: list[pd.DataFrame]
) -> dict[str, pd.Series]:
    """The column of one attribute with the held values under the mask, where it is another one than delivered."""
    name = rule.attribute
    given = frame[name] if name in frame else blank(len(frame))
    stays = shared & ~is_blank(held) & (given != held).to_numpy(dtype=bool)
    if not stays.any():
        return {}
    source = params.sources.get(rule.record_type, {}).get(name)
    file, column = (source.file, source.header) if source else (FILE_OF[rule.record_type], name)
    found.append(
        findings(frame, stays & ~is_blank(given), code="master-field-kept", record_type=rule.record_type, file=f"{file}.csv", column=column,
                 attribute=name, value=given, detail=rule.why)
    )  # fmt: skip
    return {name: given.where(~stays, held)}

"""What the steps must know of the live roster and of the sync, asked before each of them: live records that stand in for rows, or stay without one."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Protocol

import numpy as np
import pandas as pd

from dataquality.steps.uniqueness import UniquenessParams
from imports.config import ImportConfig
from imports.steps.demographics import UNUSABLE
from imports.steps.difference import BULK, DELTA, Spared
from imports.steps.part import HeldBack
from imports.steps.references import ReferenceParams
from mapping.steps.master_fields import MasterField, MasterFieldParams, keep_values, protections_between
from records.attributes import FILE_OF, PERSON_TYPES, UNIQUE_EMAIL_TYPES, RecordType
from records.frames import Frames, LiveKeys, accepted, keeps_live
from records.rekeys import Rekeys
from records.rules import NUMBERS
from records.text import TEXT, blank, is_blank, is_in, positions


class Live(Protocol):
    """What the pipeline asks of the live roster (`roster.selectors.live.LiveRoster`); deleted records do not exist in it."""

    def keys(self, record_type: RecordType) -> LiveKeys: ...
    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame: ...
    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame: ...
    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame: ...
    def schools(self) -> dict[str, str]: ...
    def offices(self) -> list[str]: ...


MOST_LOOKED_UP = 20_000  # live records; more are quicker read out of all


@dataclass(frozen=True, slots=True)
class OtherApp:
    """Another active app of the district that has imported: its name, its master fields, and the keys of the records it feeds, read when asked.

    `stamp` stands for all that in a digest.
    """

    name: str
    master_fields: tuple[MasterField, ...]
    feeds: Callable[[RecordType], pd.Series]
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class PipelineParams:
    """What a sync obeys: configuration, mode of each file (bulk, delta), today, and whether schools that are not mapped stop it."""

    config: ImportConfig
    today: date
    modes: Mapping[str, str] = field(default_factory=dict)
    stops_for_schools: bool = False
    file_findings: Sequence[pd.DataFrame] = ()  # what reading the files found
    others: tuple[OtherApp, ...] = ()
    held_back: HeldBack = HeldBack()
    rekeys: Rekeys = field(default_factory=dict)  # record type -> {new key: old key}: pairs that a person took for the same one
    keeps_all: bool = False  # Disable data deletion: what would be deleted is kept, so every live record stays

    @property
    def delta_files(self) -> frozenset[str]:
        return frozenset(file for file, mode in self.modes.items() if mode == DELTA)


@dataclass(frozen=True, slots=True)
class Judge:
    """What rows are judged by: the sync's parameters, the live roster, and the files with rows of nobody knows whom."""

    params: PipelineParams
    live: Live
    unsure: frozenset[str]

    def is_partial(self, record_type: RecordType) -> bool:
        """True where a live record without a row stays."""
        return FILE_OF[record_type] in self.params.delta_files or FILE_OF[record_type] in self.unsure

    def spared(self, record_type: RecordType, untyped: pd.DataFrame | None) -> Spared:
        """Those whose deletion waits; the live people whose row has no readable role, or all of the type where a row may be anybody's."""
        is_unsure = FILE_OF[record_type] in self.unsure
        waiting = self.params.held_back.keys.get(record_type, blank(0))
        reasons = np.full(len(waiting), NUMBERS["held-back-deletion"], dtype=np.int16)
        if untyped is None or record_type not in PERSON_TYPES or record_type is RecordType.STUDENT:
            return Spared(waiting, reasons, is_unsure)
        keys = pd.concat([untyped["key"], waiting], ignore_index=True)
        return Spared(keys, np.concatenate([untyped["_reason"].to_numpy(), reasons]), is_unsure)


def untyped_rows(frames: Frames) -> pd.DataFrame | None:
    """The rows of users without a readable role, which count as students but may be anybody's: key and reason, those that keep live records only."""
    frame = frames.get(RecordType.STUDENT)
    if frame is None or not (rows := np.flatnonzero(frame["_is_untyped"].to_numpy() & keeps_live(frame) & ~is_blank(frame["key"]))).size:
        return None
    return frame[["key", "_reason"]].iloc[rows].drop_duplicates("key").reset_index(drop=True)


def all_organizations(delivered: pd.DataFrame, params: PipelineParams, live: Live) -> pd.DataFrame:
    """The organizations that are no schools; where orgs are a delta or were not sent, those the portal knows too."""
    if "orgs" in params.modes and "orgs" not in params.delta_files:
        return delivered
    known = pd.DataFrame({"key": pd.Series(live.offices(), dtype=TEXT)})
    more = known[~is_in(known["key"], delivered["key"])]
    return pd.concat([delivered, more], ignore_index=True) if len(more) else delivered


def reference_params(frames: Frames, params: PipelineParams, live: Live, live_schools: Mapping[str, str]) -> ReferenceParams:
    """Live records stand in for rows: schools always, other files where they are deltas, were not sent, or nothing is deleted."""
    ids = {"school": pd.Series(list(live_schools), dtype=TEXT)}
    kinds = {"session": RecordType.SESSION, "course": RecordType.COURSE, "class": RecordType.CLASS}
    for target, record_type in kinds.items():
        if params.keeps_all or record_type not in frames or params.modes.get(FILE_OF[record_type], BULK) == DELTA:
            ids[target] = live.columns(record_type, ["key"])["key"]
    people = None
    if params.keeps_all or RecordType.STUDENT not in frames or "users" in params.delta_files:
        numbers = {kind: number for number, kind in enumerate(RecordType)}
        people = pd.concat(
            [live.columns(kind, ["source_id", "key"]).assign(kind=np.int8(numbers[kind])) for kind in PERSON_TYPES], ignore_index=True
        )
    return ReferenceParams(params.config.sources, ids, people)


def uniqueness_params(frames: Frames, judge: Judge) -> UniquenessParams:
    """The live holders of every value that must be unique, and which of them stay whatever becomes of the rows still accepted."""
    params, live, untyped = judge.params, judge.live, untyped_rows(frames)
    wanted: dict[RecordType, set[str]] = {kind: {"email"} for kind in UNIQUE_EMAIL_TYPES}
    for domain in params.config.uniqueness:
        wanted.setdefault(domain.record_type, set()).update(name for name in domain.attributes if name != "sis_id")
    staying = {}
    for record_type in wanted:
        frame = frames.get(record_type)
        stays = blank(0) if frame is None else frame["key"][~accepted(frame) & keeps_live(frame)]
        stays = pd.concat([stays, judge.spared(record_type, untyped).keys], ignore_index=True)
        if frame is None or params.keeps_all or judge.is_partial(record_type):
            goes = blank(0) if frame is None or params.keeps_all else frame["key"][~accepted(frame) & ~keeps_live(frame)]
            keys = live.columns(record_type, ["key"])["key"]
            stays = pd.concat([stays, keys[~is_in(keys, goes)]], ignore_index=True)
        staying[record_type] = stays
    return UniquenessParams(params.config.uniqueness, params.config.sources, _holders(live, wanted), staying)


def _holders(live: Live, wanted: Mapping[RecordType, Collection[str]]) -> Callable[[RecordType, pd.Series], pd.DataFrame]:
    """The look-up of live records by key, with the wanted attributes. Few are read one by one, many out of all of their type, read once."""
    names = {kind: ["key", *sorted(wanted[kind])] for kind in wanted}
    everything = cache(lambda kind: live.columns(kind, names[kind]))

    def holders(record_type: RecordType, keys: pd.Series) -> pd.DataFrame:
        keys = keys[~is_blank(keys)].drop_duplicates()
        if len(keys) > MOST_LOOKED_UP:
            whole = everything(record_type)
            return whole[is_in(whole["key"], keys)].reset_index(drop=True)
        found = live.values(record_type, keys)
        own = [name for name in names[record_type] if name not in found]
        extras = [json.loads(text) if text else {} for text in found["extra"].to_list()] if own else []
        more = {name: pd.Series([one.get(name, "") for one in extras], dtype=TEXT) for name in own}
        return found.reset_index(drop=True).assign(**more)[names[record_type]]

    return holders


def carry_demographics(frames: Frames, headers: Mapping[str, Sequence[str]], params: PipelineParams, live: Live) -> Frames:
    """Students keep the values they have where their row of demographics cannot be used, or where there is none in a delta or no file at all.

    `headers`: those of each delivered file ("users").
    """
    frame = frames.get(RecordType.STUDENT)
    if frame is None:
        return frames
    is_whole = "demographics" in params.modes and "demographics" not in params.delta_files
    lines = frame["_described_line"].to_numpy()
    undescribed = lines == UNUSABLE if is_whole else lines <= 0
    if not undescribed.any():
        return frames
    extras = {file: {name for name in headers.get(file, ()) if name.startswith("metadata.")} for file in ("users", "demographics")}
    names = [name for name, source in params.config.sources[RecordType.STUDENT].items() if source.file == "demographics"]
    names += sorted(extras["demographics"] - extras["users"])
    known = live.columns(RecordType.STUDENT, ["key", *names])
    if known.empty:
        return frames
    at = np.where(undescribed, positions(frame["key"], known["key"]), -1)
    carried = {}
    for name in names:
        if name in frame:
            carried[name] = frame[name].where(at < 0, known[name].iloc[np.where(at < 0, 0, at)].reset_index(drop=True))
    return {**frames, RecordType.STUDENT: frame.assign(**carried)}


def keep_master_values(frames: Frames, params: PipelineParams, live: Live) -> tuple[Frames, list[pd.DataFrame]]:
    """Values give way that this app may not write over, in records that another app feeds. Nothing is read where no rule asks for it."""
    rules = protections_between(params.config.master_fields, {app.name: app.master_fields for app in params.others})
    rules = [rule for rule in rules if len(frames.get(rule.record_type, ()))]
    if not rules:
        return frames, []
    feeds = {app.name: app.feeds for app in params.others}
    places = {(name, rule.record_type) for rule in rules for name in rule.apps}
    fed = {(name, record_type): feeds[name](record_type) for name, record_type in places}
    held = {
        kind: live.columns(kind, ["key", *sorted({rule.attribute for rule in rules if rule.record_type is kind})])
        for kind in RecordType
        if any(len(fed[name, record_type]) for name, record_type in places if record_type is kind)
    }
    return keep_values(frames, MasterFieldParams(rules, fed, held, params.config.sources))

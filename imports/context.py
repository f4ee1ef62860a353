"""What the steps must know of the live roster and of the sync, asked before each of them: live records that stand in for rows, or stay without one."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
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


Headers = Mapping[str, Sequence[str]]  # file ("users") -> its headers
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
    kind: str = ""


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
    earlier_headers: Headers = field(default_factory=dict)  # of users and demographics as they came last, where the sync lacks one of them

    @property
    def delta_files(self) -> frozenset[str]:
        return frozenset(file for file, mode in self.modes.items() if mode == DELTA)

    def is_whole(self, file: str) -> bool:
        """Whether a file was sent in full, so that what it leaves out is gone."""
        return self.modes.get(file, DELTA if self.modes else BULK) == BULK

    def fed_elsewhere(self, record_type: RecordType) -> tuple[pd.Series, npt.NDArray[np.int16]]:
        """The keys that other apps deliver too, and for each the reason that says which app."""
        fed, known = [], blank(0)
        for app in self.others:
            keys = app.feeds(record_type)
            fed.append((keys[~is_in(keys, known)] if len(known) else keys, NUMBERS.get(f"fed-by-{app.kind}", NUMBERS["fed-by-sftp"])))
            known = pd.concat([known, fed[-1][0]], ignore_index=True)
        return known, np.concatenate([np.empty(0, np.int16), *(np.full(len(keys), reason, dtype=np.int16) for keys, reason in fed)])


@dataclass(frozen=True, slots=True)
class Judge:
    """What rows are judged by: the sync's parameters, the live roster, and the files with rows of nobody knows whom.

    headers: those of each delivered file ("users"). same: see `imports.described`.
    """

    params: PipelineParams
    live: Live
    unsure: frozenset[str]
    headers: Headers = field(default_factory=dict)
    same: Frames = field(default_factory=dict)

    def is_partial(self, record_type: RecordType) -> bool:
        """True where a live record without a row stays."""
        return not self.params.is_whole(FILE_OF[record_type]) or FILE_OF[record_type] in self.unsure

    def spared(self, record_type: RecordType, untyped: pd.DataFrame | None) -> Spared:
        """Those whose deletion waits; the live people whose row has no readable role, or all of the type where a row may be anybody's."""
        is_unsure = FILE_OF[record_type] in self.unsure
        waiting = self.params.held_back.keys.get(record_type, blank(0))
        reasons = np.full(len(waiting), NUMBERS["held-back-deletion"], dtype=np.int16)
        fed = self.params.fed_elsewhere(record_type)
        if untyped is None or record_type not in PERSON_TYPES or record_type is RecordType.STUDENT:
            return Spared(waiting, reasons, is_unsure, *fed)
        keys = pd.concat([untyped["key"], waiting], ignore_index=True)
        return Spared(keys, np.concatenate([untyped["_reason"].to_numpy(), reasons]), is_unsure, *fed)

    def classes_without_rows(self, frames: Frames) -> pd.DataFrame | None:
        """Key and school of the live classes that stand in for rows of enrollments; None where none can."""
        if RecordType.ENROLLMENT not in frames or self.params.is_whole(FILE_OF[RecordType.CLASS]):
            return None
        return self.live.columns(RecordType.CLASS, ["key", "school_id"])

    def taught(self, frames: Frames) -> pd.Series:
        """The classes in which live students stay of whom a delta of enrollments does not speak; asked only where empty classes are dropped."""
        enrollment = frames.get(RecordType.ENROLLMENT)
        if not self.params.config.drop_empty_classes or enrollment is None or not self.is_partial(RecordType.ENROLLMENT):
            return blank(0)
        held = self.live.columns(RecordType.ENROLLMENT, ["key", "class_id", "role"])
        stays = (held["role"] == "student").to_numpy(dtype=bool) & ~is_in(held["key"], enrollment["key"])
        return held["class_id"][stays].drop_duplicates().reset_index(drop=True)


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
    """Live records stand in for rows: schools always, others where their file is a delta or was not sent, nothing is deleted, or another app delivers them."""
    ids = {"school": pd.Series(list(live_schools), dtype=TEXT)}
    kinds = {"session": RecordType.SESSION, "course": RecordType.COURSE, "class": RecordType.CLASS}
    for target, record_type in kinds.items():
        all_stay = params.keeps_all or record_type not in frames or not params.is_whole(FILE_OF[record_type])
        if all_stay or params.others:
            ids[target] = _staying(live.columns(record_type, ["key"]), record_type, params, all_stay=all_stay)["key"]
    people = None
    all_stay = params.keeps_all or RecordType.STUDENT not in frames or not params.is_whole("users")
    if all_stay or params.others:
        numbers = {kind: number for number, kind in enumerate(RecordType)}
        parts = [
            _staying(live.columns(kind, ["source_id", "key"]), kind, params, all_stay=all_stay).assign(kind=np.int8(numbers[kind]))
            for kind in PERSON_TYPES
        ]
        people = pd.concat(parts, ignore_index=True)
    return ReferenceParams(params.config.sources, ids, people)


def _staying(known: pd.DataFrame, record_type: RecordType, params: PipelineParams, *, all_stay: bool) -> pd.DataFrame:
    """The live records that stay though no row speaks of them: all, or those that another app delivers."""
    if all_stay or known.empty:
        return known
    return known[is_in(known["key"], params.fed_elsewhere(record_type)[0])].reset_index(drop=True)


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
        spared = judge.spared(record_type, untyped)
        stays = pd.concat([stays, spared.keys, spared.fed], ignore_index=True)
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


def demographic_names(params: PipelineParams, record_type: RecordType, headers: Headers) -> list[str]:
    """The attributes of a type of people that demographics.csv feeds; of students its metadata too."""
    names = [name for name, source in params.config.sources[record_type].items() if source.file == "demographics"]
    if record_type is not RecordType.STUDENT:
        return names
    extras = {
        file: {name for name in (*headers.get(file, ()), *params.earlier_headers.get(file, ())) if name.startswith("metadata.")}
        for file in ("users", "demographics")
    }
    return [*names, *sorted(extras["demographics"] - extras["users"] - set(names))]


def carry_demographics(frames: Frames, headers: Headers, params: PipelineParams, live: Live) -> Frames:
    """People keep the values they have where their row of demographics cannot be used, or where there is none in a delta or no file at all.

    `headers`: those of each delivered file ("users").
    """
    result = dict(frames)
    for record_type in PERSON_TYPES:
        names = demographic_names(params, record_type, headers)
        if record_type in frames and names:
            result[record_type] = _carried(frames[record_type], record_type, names, params, live)
    return result


def _carried(frame: pd.DataFrame, record_type: RecordType, names: Sequence[str], params: PipelineParams, live: Live) -> pd.DataFrame:
    is_whole = "demographics" in params.modes and "demographics" not in params.delta_files
    lines = frame["_described_line"].to_numpy()
    undescribed = lines == UNUSABLE if is_whole else lines <= 0
    if not undescribed.any():
        return frame
    known = live.columns(record_type, ["key", *names])
    if known.empty:
        return frame
    at = np.where(undescribed, positions(frame["key"], known["key"]), -1)
    carried = {}
    for name in names:
        own = frame[name] if name in frame else blank(len(frame))
        carried[name] = own.where(at < 0, known[name].iloc[np.where(at < 0, 0, at)].reset_index(drop=True))
    return frame.assign(**carried)


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

"""The steps of an import in order; nothing else knows the order. A pure computation over frames: nothing is written but Parquet in a folder.

Source: the order of an import.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from dataquality.steps.filters import FilterParams, apply_filters
from dataquality.steps.requirements import RequirementParams, check_requirements
from dataquality.steps.uniqueness import UniquenessParams, check_uniqueness
from formats.read import TextTable
from imports.config import ImportConfig
from imports.counts import BySchool, count_findings, count_schools, count_type, reported_lines
from imports.steps.dependencies import DependencyParams, compare_schools, follow_dependencies
from imports.steps.difference import BULK, DELTA, TypeChange, cascade, difference
from imports.steps.references import Links, ReferenceParams, link_references
from imports.steps.split import SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from imports.steps.thresholds import Excess, ThresholdParams, check_thresholds, shares
from mapping.steps.schools import SchoolParams, map_schools
from records import changeset
from records.attributes import ATTRIBUTES, FILE_OF, PERSON_TYPES, UNIQUE_EMAIL_TYPES, RecordType
from records.frames import Frames, LiveKeys, accepted, gather, keeps_live, name_findings, single_finding
from records.outcomes import COUNTS, Fate, check_law
from records.rules import RULES, Rule
from records.text import TEXT, blank, is_blank, positions

NEEDED_HEADERS = ("sourcedId", "status", "role", "type", "name", "identifier", "parentSourcedId")
DEMOGRAPHIC_NAMES = [attribute.name for attribute in ATTRIBUTES[RecordType.STUDENT] if attribute.source.startswith("demographics.")]


class Live(Protocol):
    """What the pipeline asks of the live roster (`roster.selectors.live.LiveRoster`); deleted records do not exist in it."""

    def keys(self, record_type: RecordType) -> LiveKeys: ...
    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame: ...
    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame: ...
    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame: ...
    def schools(self) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class PipelineParams:
    """What a sync obeys: configuration, mode of each file (bulk, delta), today, and whether schools that are not mapped stop it."""

    config: ImportConfig
    today: date
    modes: Mapping[str, str] = field(default_factory=dict)
    stops_for_schools: bool = False
    file_findings: Sequence[pd.DataFrame] = ()  # what reading the files found

    @property
    def delta_files(self) -> frozenset[str]:
        return frozenset(file for file, mode in self.modes.items() if mode == DELTA)


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a sync would do. The change set and outcomes lie in the folder; here are the counts of them.

    unmapped: schools to be mapped first ({source_id, name, identifier, rows}); where the sync stops for them everything else is empty.
    organizations: key, name, type, identifier, parent_id of what is no school. empty_files: files without rows that would delete or clear something.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    live_before: dict[str, int] = field(default_factory=dict)
    by_school: BySchool = field(default_factory=dict)
    findings: list[dict[str, object]] = field(default_factory=list)
    thresholds: dict[str, dict[str, float]] = field(default_factory=dict)
    excesses: list[Excess] = field(default_factory=list)
    unmapped: list[dict[str, object]] = field(default_factory=list)
    stopped_for_schools: bool = False
    organizations: pd.DataFrame | None = None
    empty_files: tuple[str, ...] = ()
    error_rows: int = 0
    issue_rows: int = 0


Progress = Callable[[str, int], None]  # stage, rows it has done


def run_pipeline(
    texts: Mapping[str, TextTable], params: PipelineParams, live: Live, folder: Path, progress: Progress = lambda *_: None
) -> PipelineResult:
    """Decide the fate of every row and write change set, outcomes and findings into the folder.

    Args:
        texts: the delivered files as text, by name ("users").
        params: what the sync obeys.
        live: the live roster to compare with.
        folder: an empty folder for the Parquet files.
        progress: told after each stage how many rows it has done.

    Raises:
        LawBroken: the outcomes do not add up (a bug); nothing may be applied.
    """
    config = params.config
    rows_read = {file: text.rows for file, text in texts.items()}
    everything = sum(rows_read.values())
    parts = split(texts, SplitParams(config.sources, config.aides_as_teachers))
    found = list(parts.findings)
    frames, more = check_standard(parts.frames, StandardParams(config.sources, params.delta_files))
    found += more
    progress("checking", everything)
    live_schools = live.schools()
    frames, links, more = link_references(frames, parts.organizations, _references(params, live, live_schools))
    found += more
    mapped = map_schools(
        frames, parts.organizations, SchoolParams(config.sources, config.school_mapping, config.all_missing_as_new, live_schools)
    )
    found += mapped.findings
    unmapped = _describe_unmapped(frames, mapped.unmapped)
    if params.stops_for_schools and unmapped:
        return PipelineResult(unmapped=unmapped, stopped_for_schools=True)
    progress("mapping", everything)
    frames, more = _judge(mapped.frames, links, params, live)
    found += more
    del mapped
    progress("judging", everything)
    empty = [single_finding(code="file-without-rows", file=f"{file}.csv", line=1) for file, rows in rows_read.items() if not rows]
    whole = name_findings(gather([*params.file_findings, *empty, *found]), frames)
    counts, live_before, by_school = _compare(frames, whole, params, live, folder, progress)
    changeset.write_findings(folder, whole)
    check_law(counts, rows_read, parts.rows_without_type, {kind.value: file for kind, file in FILE_OF.items()})
    measured = {name: {**counts[name], "live_before": live_before[name]} for name in counts}
    return PipelineResult(
        counts=counts, live_before=live_before, by_school=by_school, findings=count_findings(whole), thresholds=shares(measured),
        excesses=check_thresholds(measured, ThresholdParams(config.update_threshold, config.deletion_threshold)), unmapped=unmapped,
        organizations=parts.organizations, empty_files=_empty_files(rows_read, live_before, params, live),
        error_rows=_rows_with(whole, lambda rule: rule.fate is Fate.INVALID or rule.mark == "error"),
        issue_rows=_rows_with(whole, lambda rule: rule.is_issue),
    )  # fmt: skip


def _judge(frames: Frames, links: Links, params: PipelineParams, live: Live) -> tuple[Frames, list[pd.DataFrame]]:
    """Filters, requirements, dependencies, uniqueness, and dependencies once more for those whom uniqueness left out."""
    config, found = params.config, []
    frames = _carry_demographics(frames, params, live)
    frames, more = apply_filters(frames, FilterParams(config.filters, params.today))
    found += more
    frames, more = check_requirements(frames, RequirementParams(config.requirements, config.sources))
    found += more
    frames, more = follow_dependencies(frames, links, DependencyParams(config.drop_empty_classes))
    found += more
    frames, more = check_uniqueness(frames, _uniqueness(frames, params, live))
    found += more
    if any(len(part) for part in more):
        frames, more = follow_dependencies(frames, links, DependencyParams(config.drop_empty_classes))
        found += more
    return frames, [*found, *compare_schools(frames, links)]


def _compare(frames: Frames, found: pd.DataFrame, params: PipelineParams, live: Live, folder: Path,
             progress: Progress) -> tuple[dict[str, dict[str, int]], dict[str, int], BySchool]:  # fmt: skip
    """Difference and write one record type after the other; enrollments come last, for what is deleted takes its enrollments along."""
    counts: dict[str, dict[str, int]] = {}
    live_before: dict[str, int] = {}
    by_school: BySchool = {}
    gone_classes, gone_people, done = blank(0), [], 0
    for record_type in RecordType:
        live_keys = live.keys(record_type)
        live_before[record_type.value] = len(live_keys.keys)
        if record_type not in frames:
            counts[record_type.value] = {**dict.fromkeys(COUNTS, 0), "live": len(live_keys.keys)}
            continue
        frame = frames.pop(record_type)
        change = difference(record_type, frame, live_keys, params.modes.get(FILE_OF[record_type], BULK))
        del frame, live_keys
        if record_type is RecordType.CLASS:
            gone_classes = change.deleted["key"]
        elif record_type in PERSON_TYPES:
            gone_people.append(record_type.value + "\x1f" + change.deleted["key"])
        elif record_type is RecordType.ENROLLMENT:
            people = pd.concat([blank(0), *gone_people], ignore_index=True)
            keys = people.str.split("\x1f", n=1).str[1].astype(TEXT) if len(people) else people
            if len(gone_classes) or len(people):
                change = cascade(change, live.enrollments_of(classes=gone_classes, people=keys), gone_classes, people)
        counts[record_type.value] = _write(change, found, live, folder, by_school)
        done += len(change.frame)
        progress("comparing", done)
    return counts, live_before, by_school


def _write(change: TypeChange, found: pd.DataFrame, live: Live, folder: Path, by_school: BySchool) -> dict[str, int]:
    """Write one record type's change set and outcomes; returns its counts."""
    record_type, frame = change.record_type, change.frame
    leavers = pd.concat([change.deleted.assign(outcome="deleted"), change.kept.assign(outcome="kept")], ignore_index=True)
    if len(leavers):
        leavers = leavers.merge(live.values(record_type, leavers["key"]), on="key", how="inner")
    changeset.write_rows(folder, record_type, frame, change.fingerprints, change.extra, leavers)
    updated = frame["key"][frame["_fate"].to_numpy() == Fate.UPDATED]
    if len(updated):
        changeset.write_before(folder, record_type, live.values(record_type, updated))
    lines = reported_lines(found, record_type)
    reported = (
        np.isin(frame["_line"].to_numpy(), lines) & (frame["_fate"].to_numpy() >= Fate.CREATED)
        if len(lines)
        else np.zeros(len(frame), dtype=bool)
    )
    count_schools(change, reported, leavers, by_school)
    return count_type(change, reported)


def _references(params: PipelineParams, live: Live, live_schools: Mapping[str, str]) -> ReferenceParams:
    """Live records stand in for rows: schools always, other files where they are deltas or were not sent."""
    ids = {"school": pd.Series(list(live_schools), dtype=TEXT)}
    kinds = {"session": RecordType.SESSION, "course": RecordType.COURSE, "class": RecordType.CLASS}
    for target, record_type in kinds.items():
        if params.modes.get(FILE_OF[record_type], BULK) == DELTA:
            ids[target] = live.columns(record_type, ["key"])["key"]
    people = None
    if "users" in params.delta_files:
        numbers = {kind: number for number, kind in enumerate(RecordType)}
        people = pd.concat(
            [live.columns(kind, ["source_id", "key"]).assign(kind=np.int8(numbers[kind])) for kind in PERSON_TYPES], ignore_index=True
        )
    return ReferenceParams(params.config.sources, ids, people)


def _uniqueness(frames: Frames, params: PipelineParams, live: Live) -> UniquenessParams:
    """The live holders of every value that must be unique."""
    wanted: dict[RecordType, set[str]] = {kind: {"email"} for kind in UNIQUE_EMAIL_TYPES}
    for domain in params.config.uniqueness:
        wanted.setdefault(domain.record_type, set()).update(name for name in domain.attributes if name != "sis_id")
    held, staying = {}, {}
    for record_type, names in wanted.items():
        held[record_type] = live.columns(record_type, ["key", *sorted(names)])
        if len(held[record_type]):
            frame = frames.get(record_type)
            is_delta = frame is None or FILE_OF[record_type] in params.delta_files
            left = blank(0) if frame is None else frame["key"][~accepted(frame) & (~keeps_live(frame) if is_delta else keeps_live(frame))]
            keys = held[record_type]["key"]
            staying[record_type] = keys[~keys.isin(left)] if is_delta else left
    return UniquenessParams(params.config.uniqueness, params.config.sources, held, staying)


def _carry_demographics(frames: Frames, params: PipelineParams, live: Live) -> Frames:
    """Where demographics are a delta, or were not sent, students without a row keep the values they have."""
    frame = frames.get(RecordType.STUDENT)
    if frame is None or ("demographics" in params.modes and "demographics" not in params.delta_files):
        return frames
    known = live.columns(RecordType.STUDENT, ["key", *DEMOGRAPHIC_NAMES])
    if known.empty:
        return frames
    at = np.where(frame["_described_line"].to_numpy() > 0, -1, positions(frame["key"], known["key"]))
    carried = {}
    for name in DEMOGRAPHIC_NAMES:
        if name in frame:
            carried[name] = frame[name].where(at < 0, known[name].iloc[np.where(at < 0, 0, at)].reset_index(drop=True))
    return {**frames, RecordType.STUDENT: frame.assign(**carried)}


def _describe_unmapped(frames: Frames, unmapped: tuple[str, ...]) -> list[dict[str, object]]:
    """The unmapped schools with their names, and how many people and classes would come with each."""
    if not unmapped:
        return []
    people: Counter[str] = Counter()
    for record_type in PERSON_TYPES:
        if record_type in frames:
            for orgs, rows in frames[record_type]["_orgs"].value_counts().items():
                people.update({org: int(rows) for org in str(orgs).split(",")})
    schools = frames[RecordType.SCHOOL].drop_duplicates("key").set_index("key")
    return [
        {"source_id": key, "name": str(schools.at[key, "name"]), "identifier": str(schools.at[key, "identifier"]), "rows": people[key]}
        for key in unmapped
    ]


def _empty_files(rows_read: Mapping[str, int], live_before: Mapping[str, int], params: PipelineParams, live: Live) -> tuple[str, ...]:
    """Files without rows though live records came from them: applying would delete or clear something."""
    empty = []
    for file, rows in rows_read.items():
        if rows or file in params.delta_files or file == "orgs":
            continue
        if file == "demographics":
            held = live.columns(RecordType.STUDENT, DEMOGRAPHIC_NAMES) if live_before[RecordType.STUDENT] else None
            if held is not None and any(not is_blank(held[name]).all() for name in DEMOGRAPHIC_NAMES):
                empty.append(file)
        elif any(live_before[kind] for kind, source in FILE_OF.items() if source == file):
            empty.append(file)
    return tuple(empty)


def _rows_with(found: pd.DataFrame, wanted: Callable[[Rule], bool]) -> int:
    """How many rows have a finding of the wanted rules."""
    codes = [code for code, rule in RULES.items() if wanted(rule)]
    return len(found[found["code"].isin(codes)].drop_duplicates(["record_type", "file", "row"]))

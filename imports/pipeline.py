"""The steps of an import in order; nothing else knows the order. A pure computation over frames: nothing is written but Parquet in a folder.

Source: the order of an import.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from dataquality.steps.filters import FilterParams, apply_filters
from dataquality.steps.requirements import RequirementParams, check_requirements
from dataquality.steps.uniqueness import check_uniqueness
from formats.read import TextTable
from imports.context import (
    Judge,
    Live,
    PipelineParams,
    all_organizations,
    reference_params,
    uniqueness_params,
    untyped_rows,
)  # fmt: skip
from imports.counts import BySchool, count_findings, count_schools, count_type, reported_lines
from imports.described import add_same, complete_people, count_alone, of_demographics, without_silence
from imports.rekeyed_live import rekeyed
from imports.steps.causes import Cause
from imports.steps.dependencies import DependencyParams, compare_schools, follow_dependencies
from imports.steps.difference import BULK, DELTA, TypeChange, cascade, difference, empty_frame, keep_all
from imports.steps.explain import Explanation
from imports.steps.lost_zeros import find_lost_zeros
from imports.steps.named_schools import NamedSchools, describe_unmapped, named_schools
from imports.steps.part import hold_back
from imports.steps.references import Links, link_references
from imports.steps.settle import settle_people
from imports.steps.split import SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from imports.steps.thresholds import Excess, ThresholdParams, check_thresholds, shares
from mapping.steps.schools import SchoolParams, map_schools
from records import changeset
from records.attributes import ATTRIBUTES, FILE_OF, PERSON_TYPES, RecordType
from records.frames import Frames, gather, name_findings, single_finding
from records.key_index import write_key_index
from records.outcomes import COUNTS, Fate, check_law
from records.rules import RULES, Rule
from records.text import TEXT, blank, is_blank

__all__ = ["Live", "PipelineParams", "PipelineResult", "Placed", "judge_rows", "place_rows", "run_pipeline"]
DEMOGRAPHIC_NAMES = [attribute.name for attribute in ATTRIBUTES[RecordType.STUDENT] if attribute.source.startswith("demographics.")]


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a sync would do. The change set and outcomes lie in the folder; here are the counts of them.

    unmapped: schools to be mapped first ({source_id, name, identifier, rows}); where the sync stops for them everything else but `schools`
    is empty. schools: those that orgs.csv names; None where it was not delivered.
    causes, churn: see `imports.steps.causes` and `imports.steps.churn`. rekeys: those of the parameters that could be done.
    organizations: key, name, type, identifier, parent_id of what is no school. empty_files: files without rows that would delete or clear something.
    cut_files: files that end in the middle of a row though live records came from them. rows_read: rows of the files sent in full ("users").
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
    cut_files: tuple[str, ...] = ()
    rows_read: dict[str, int] = field(default_factory=dict)
    error_rows: int = 0
    issue_rows: int = 0
    schools: NamedSchools | None = None
    causes: list[Cause] = field(default_factory=list)
    churn: dict[str, int] = field(default_factory=dict)
    rekeys: dict[str, dict[str, str]] = field(default_factory=dict)


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
    live, rekeys = rekeyed(live, params.rekeys)
    rows_read = {file: text.rows for file, text in texts.items()}
    cut = [file for file, text in texts.items() if text.is_cut]
    headers = {file: text.headers for file, text in texts.items()}  # the caller may drop the texts after the first stage
    everything = sum(rows_read.values())
    parts = split(texts, SplitParams(config.sources, config.aides_as_teachers, params.delta_files))
    organizations = all_organizations(parts.organizations, params, live)
    found = list(parts.findings)
    frames, more = check_standard(parts.frames, StandardParams(config.sources, params.delta_files))
    found += more
    schools = named_schools(frames, params.delta_files)
    progress("checking", everything)
    placed = place_rows(frames, organizations, params, live)
    frames = placed.frames
    found += placed.findings
    unmapped = describe_unmapped(frames, placed.unmapped)
    if params.stops_for_schools and unmapped:
        return PipelineResult(unmapped=unmapped, stopped_for_schools=True, schools=schools)
    progress("mapping", everything)
    frames, links, judge, more = complete_people(placed.frames, placed.links, parts.described, headers, params, live, parts.unsure)
    found += more
    frames, more = judge_rows(frames, links, judge)
    found += more
    del placed, links
    progress("judging", everything)
    empty = [single_finding(code="file-without-rows", file=f"{file}.csv", line=1) for file, rows in rows_read.items() if not rows]
    whole = name_findings(gather([*params.file_findings, *empty, *found]), frames)
    told = Explanation()
    frames = without_silence(frames)
    alone = count_alone(frames)
    counts, live_before, by_school, late = _compare(frames, whole, judge, folder, progress, told)
    whole = pd.concat([whole, *late], ignore_index=True) if late else whole
    changeset.write_findings(folder, whole)
    write_key_index(folder)
    check_law(counts, rows_read, parts.rows_without_type, {kind.value: file for kind, file in FILE_OF.items()}, alone)
    measured = {name: {**counts[name], "live_before": live_before[name]} for name in counts}
    judged = _judged(measured)
    return PipelineResult(
        counts=counts, live_before=live_before, by_school=by_school, findings=count_findings(whole), thresholds={**shares(measured), **shares(judged)},
        excesses=check_thresholds(judged, ThresholdParams(config.update_threshold, config.deletion_threshold)), unmapped=unmapped,
        organizations=parts.organizations, empty_files=_empty_files(rows_read, live_before, params, live),
        cut_files=tuple(file for file in cut if _feeds_live(file, live_before) and not (params.keeps_all and file != "demographics")),
        rows_read={file: rows for file, rows in rows_read.items() if file not in params.delta_files},
        error_rows=_rows_with(whole, lambda rule: rule.fate is Fate.INVALID or rule.mark == "error"),
        issue_rows=_rows_with(whole, lambda rule: rule.is_issue), schools=schools,
        causes=told.causes, churn=told.write_churn(folder), rekeys=rekeys,
    )  # fmt: skip


def _judged(measured: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """What the limits look at: the record types that the files brought or took. A file that was not sent must not water the share of all down."""
    moved = {name: count for name, count in measured.items() if count["in_file"] or count["deleted"] or count["kept"]}
    return moved or dict(measured)


@dataclass(frozen=True, slots=True)
class Placed:
    """Record frames whose references are followed and whose schools are mapped; `unmapped`: sourcedIds of schools that are not."""

    frames: Frames
    links: Links
    unmapped: tuple[str, ...]
    findings: list[pd.DataFrame]


def place_rows(frames: Frames, organizations: pd.DataFrame, params: PipelineParams, live: Live) -> Placed:
    """Follow the references of the checked frames, then map the schools."""
    config, live_schools = params.config, live.schools()
    frames, links, found = link_references(frames, organizations, reference_params(frames, params, live, live_schools))
    mapped = map_schools(
        frames, organizations, SchoolParams(config.sources, config.school_mapping, config.all_missing_as_new, live_schools)
    )
    return Placed(mapped.frames, links, mapped.unmapped, [*found, *mapped.findings])


def judge_rows(frames: Frames, links: Links, judge: Judge) -> tuple[Frames, list[pd.DataFrame]]:
    """Filters, requirements, dependencies, uniqueness, and dependencies once more for those whom uniqueness left out."""
    params, found = judge.params, []
    config = params.config
    rules = DependencyParams(config.drop_empty_classes, judge.taught(frames))
    frames, more = apply_filters(frames, FilterParams(config.filters, params.today))
    found += more
    frames, more = check_requirements(frames, RequirementParams(config.requirements, config.sources))
    found += of_demographics(more, judge.headers, params)
    frames, more = hold_back(frames, params.held_back)
    found += more
    frames, more = follow_dependencies(frames, links, rules)
    found += more
    frames, more = check_uniqueness(frames, uniqueness_params(frames, judge))
    found += more
    if any(len(part) for part in more):
        frames, more = follow_dependencies(frames, links, rules)
        found += more
    found += compare_schools(frames, links, judge.classes_without_rows(frames))
    frames, more = add_same(settle_people(frames, links), judge.same, judge.headers, params)
    return frames, [*found, *more]


def _compare(
    frames: Frames, found: pd.DataFrame, judge: Judge, folder: Path, progress: Progress, told: Explanation
) -> tuple[dict[str, dict[str, int]], dict[str, int], BySchool, list[pd.DataFrame]]:
    """Difference and write one record type after the other; enrollments come last, for what is deleted takes its enrollments along."""
    counts: dict[str, dict[str, int]] = {}
    live_before: dict[str, int] = {}
    by_school: BySchool = {}
    gone_people: list[pd.Series] = []
    late: list[pd.DataFrame] = []
    gone_classes, done = blank(0), 0
    params, live, untyped = judge.params, judge.live, untyped_rows(frames)
    for record_type in RecordType:
        live_keys = live.keys(record_type)
        live_before[record_type.value] = len(live_keys.keys)
        is_cascade = record_type is RecordType.ENROLLMENT and (len(gone_classes) or any(map(len, gone_people)))
        if record_type not in frames and not is_cascade:
            counts[record_type.value] = {**dict.fromkeys(COUNTS, 0), "live": len(live_keys.keys)}
            continue
        mode = BULK if record_type in frames and params.is_whole(FILE_OF[record_type]) else DELTA
        frame = frames.pop(record_type) if record_type in frames else empty_frame(record_type)
        change = difference(record_type, frame, live_keys, mode, judge.spared(record_type, untyped))
        del frame, live_keys
        if record_type is RecordType.CLASS:
            gone_classes = change.deleted["key"]
        elif record_type in PERSON_TYPES:
            gone_people.append(record_type.value + "\x1f" + change.deleted["key"])
        elif is_cascade:
            people = pd.concat([blank(0), *gone_people], ignore_index=True)
            keys = people.str.split("\x1f", n=1).str[1].astype(TEXT) if len(people) else people
            change = cascade(change, live.enrollments_of(classes=gone_classes, people=keys), gone_classes, people)
        source = params.config.sources[record_type]["sis_id"]
        late += [part.assign(name="", school="") for part in find_lost_zeros(change, f"{source.file}.csv", source.header)]
        change = keep_all(change) if params.keeps_all else change
        counts[record_type.value] = _write(change, found, live, folder, by_school, told)
        done += len(change.frame)
        progress("comparing", done)
    return counts, live_before, by_school, late


def _write(change: TypeChange, found: pd.DataFrame, live: Live, folder: Path, by_school: BySchool, told: Explanation) -> dict[str, int]:
    """Write one record type's change set and outcomes; returns its counts."""
    record_type, frame = change.record_type, change.frame
    leavers = pd.concat([change.deleted.assign(outcome="deleted"), change.kept.assign(outcome="kept")], ignore_index=True)
    if len(leavers):
        leavers = leavers.merge(live.values(record_type, leavers["key"]), on="key", how="inner")
    updated = frame["key"][frame["_fate"].to_numpy() == Fate.UPDATED]
    before = live.values(record_type, updated) if len(updated) else None
    changed = told.add(change, before, leavers)
    changeset.write_rows(folder, record_type, frame, change.fingerprints, change.extra, leavers, changed)
    if before is not None:
        changeset.write_before(folder, record_type, before)
    lines = reported_lines(found, record_type)
    reported = (
        np.isin(frame["_line"].to_numpy(), lines) & (frame["_fate"].to_numpy() >= Fate.CREATED)
        if len(lines)
        else np.zeros(len(frame), dtype=bool)
    )
    count_schools(change, reported, leavers, by_school)
    return count_type(change, reported)


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
        elif _feeds_live(file, live_before) and not params.keeps_all:
            empty.append(file)
    return tuple(empty)


def _feeds_live(file: str, live_before: Mapping[str, int]) -> bool:
    """Whether live records came from that kind of file before."""
    return any(
        live_before[kind] for kind, source in FILE_OF.items() if source == file or (kind is RecordType.STUDENT and file == "demographics")
    )


def _rows_with(found: pd.DataFrame, wanted: Callable[[Rule], bool]) -> int:
    """How many rows have a finding of the wanted rules."""
    codes = [code for code, rule in RULES.items() if wanted(rule)]
    return len(found[found["code"].isin(codes)].drop_duplicates(["record_type", "file", "row"]))

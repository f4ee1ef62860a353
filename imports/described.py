"""People whom demographics.csv speaks of although users.csv has no row for them: it was not sent, or is a delta. Their live record stands in for the row.

They enter the frames under a number below zero (see `records.places`). Those whose values change are judged as any other row; of the others only the
data requirements on values of demographics.csv are judged, so that what is wrong with these values stays known.
Source: docs/decisions/0024-demographics-alone.md
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from dataquality.steps.requirements import RequirementParams, check_requirements
from imports.context import Headers, Judge, Live, PipelineParams, carry_demographics, demographic_names, keep_master_values
from imports.steps.demographics import UNUSABLE, Described
from imports.steps.references import Links
from imports.steps.standard import StandardParams, check_standard
from mapping.steps.attributes import demographic_values, match_demographics
from records.attributes import PERSON_TYPES, RecordType
from records.fingerprints import fingerprint
from records.frames import Frames, accepted
from records.places import NO_LINE
from records.rules import RULES
from records.text import TEXT, blank, is_in, positions

_CLEARED = -2 * NO_LINE  # numbers from here down: no row in either file, but values that change


@dataclass(frozen=True, slots=True)
class DescribedPeople:
    """Whose values change and whose stay as they are, by record type; and what reading their values found."""

    changed: Frames = field(default_factory=dict)
    same: Frames = field(default_factory=dict)
    findings: list[pd.DataFrame] = field(default_factory=list)


def is_alone(params: PipelineParams) -> bool:
    """Whether demographics.csv came without a whole users.csv."""
    return "demographics" in params.modes and not params.is_whole("users")


def complete_people(
    frames: Frames, links: Links, described: Described, headers: Headers, params: PipelineParams, live: Live, unsure: frozenset[str]
) -> tuple[Frames, Links, Judge, list[pd.DataFrame]]:
    """Demographics where they must be looked up, people without a row whom demographics.csv speaks of, and values that another app is master of.

    Returns:
        The frames and links, what the rows are judged by, and the findings.
    """
    frames = carry_demographics(frames, headers, params, live)
    people = describe_people(frames, described, headers, params, live)
    frames, links = add_changed(frames, links, people)
    frames, found = keep_master_values(frames, params, live)
    judge = Judge(params, live, unsure, headers, people.same)
    return frames, links, judge, of_demographics([*people.findings, *found], headers, params)


def describe_people(frames: Frames, described: Described, headers: Headers, params: PipelineParams, live: Live) -> DescribedPeople:
    """The live people whom demographics.csv describes, or clears by leaving them out of a whole file, and who have no row in the frames."""
    result = DescribedPeople()
    if described.table is None or not is_alone(params):
        return result
    for record_type in PERSON_TYPES:
        names = demographic_names(params, record_type, headers)
        before = _live_people(record_type, frames.get(record_type), described, params, live) if names else NOBODY
        if not len(before):
            continue
        at = match_demographics(described.table, before["source_id"])
        sources = params.config.sources[record_type]
        raw = demographic_values(described.table, {name: sources[name].header if name in sources else name for name in names}, at)
        _read(record_type, before, raw, params, result)
    return result


NOBODY = pd.DataFrame()


def _live_people(
    record_type: RecordType, frame: pd.DataFrame | None, described: Described, params: PipelineParams, live: Live
) -> pd.DataFrame:
    """The live people concerned, ordered by key; extra attributes in columns of their own. A row that cannot be used leaves its person as they are."""
    known = live.columns(record_type, ["key", "source_id"])
    lines = described.lines(known["source_id"], match_demographics(described.table, known["source_id"]))
    wanted = lines > 0
    if params.is_whole("demographics"):  # silence clears, but not whom another app delivers: that one may have said it
        wanted |= (lines != UNUSABLE) & ~is_in(known["key"], params.fed_elsewhere(record_type)[0])
    if frame is not None and len(known) and len(frame):
        wanted &= ~is_in(known["key"], frame["key"]) & ~is_in(known["source_id"], frame["source_id"])
    if not wanted.any():
        return NOBODY
    values = live.values(record_type, known["key"][wanted].reset_index(drop=True)).sort_values("key", kind="stable", ignore_index=True)
    lines = lines[positions(values["key"], known["key"])]
    nowhere = -NO_LINE - np.arange(len(values), dtype=np.int64)
    extras = [json.loads(text) if text else {} for text in values["extra"].to_list()]
    own = {name: pd.Series([one.get(name, "") for one in extras], dtype=TEXT) for name in sorted({name for one in extras for name in one})}
    return values.drop(columns=["extra", "fingerprint"]).assign(
        **own, _line=np.where(lines > 0, -lines, nowhere), _described_line=lines, _fate=np.uint8(0), _reason=np.int16(0), _is_untyped=False
    )


def _read(record_type: RecordType, before: pd.DataFrame, raw: pd.DataFrame, params: PipelineParams, into: DescribedPeople) -> None:
    """Read the values by their kinds, and part those whose values change from the others."""
    numbers = {name: before[name] for name in ("_line", "_described_line", "_fate", "_reason", "_is_untyped")}
    frame = raw.assign(key=before["key"], _status="", **numbers).astype({"_status": TEXT})
    read, found = check_standard({record_type: frame}, StandardParams(params.config.sources, params.delta_files))
    values, names = read[record_type], [str(name) for name in raw]
    held = [before[name] if name in before else blank(len(before)) for name in names]
    differs = fingerprint([values[name] for name in names]) != fingerprint(held)
    after = before.assign(**{name: values[name] for name in (*names, "_fate", "_reason")})
    changed = after[differs].reset_index(drop=True)
    into.findings.extend(found)
    into.changed[record_type] = changed.assign(_line=changed["_line"].where(changed["_line"] > -NO_LINE, changed["_line"] - NO_LINE))
    into.same[record_type] = after[~differs].reset_index(drop=True)


def add_changed(frames: Frames, links: Links, people: DescribedPeople) -> tuple[Frames, Links]:
    """Put those whose values change among the rows, and let references to them lead there."""
    result, targets = dict(frames), links.targets["person"]
    rows = dict(targets.row_target)
    for record_type, more in people.changed.items():
        if not len(more):
            continue
        at = positions(more["source_id"], targets.ids) if len(targets.ids) else np.full(len(more), -1, dtype=np.int64)
        rows[record_type] = np.concatenate([rows[record_type], at]) if record_type in rows else at
        result[record_type] = _together(result[record_type], more) if record_type in result else more
    return result, Links({**links.targets, "person": replace(targets, row_target=rows)}, links.at)


def add_same(frames: Frames, same: Frames, headers: Headers, params: PipelineParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Put the others among the judged rows; whoever lacks a value of demographics.csv that is required is skipped or reported, as ever."""
    result, found = dict(frames), []
    for record_type, some in same.items():
        if not len(some):
            continue
        names = demographic_names(params, record_type, headers)
        levels = {name: level for name, level in params.config.requirements.get(record_type, {}).items() if name in names}
        checked, more = check_requirements({record_type: some}, RequirementParams({record_type: levels}, params.config.sources))
        found += more
        result[record_type] = _together(result[record_type], checked[record_type]) if record_type in result else checked[record_type]
    return result, found


def _together(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Both, in the columns of both; text that one of them lacks is empty there."""
    names = list(dict.fromkeys([*frame.columns, *more.columns]))
    parts = [one.assign(**{name: blank(len(one)) for name in names if name not in one})[names] for one in (frame, more)]
    return pd.concat(parts, ignore_index=True)


def without_silence(frames: Frames) -> Frames:
    """Leave out those of whom neither file has a row and who stay as they are."""
    result = dict(frames)
    for record_type in PERSON_TYPES:
        frame = frames.get(record_type)
        if frame is None or not len(frame) or (numbers := frame["_line"].to_numpy()).min() >= 0:
            continue
        silent = (numbers <= -NO_LINE) & (numbers > _CLEARED) & accepted(frame)
        result[record_type] = frame[~silent].reset_index(drop=True) if silent.any() else frame
    return result


def of_demographics(found: Sequence[pd.DataFrame], headers: Headers, params: PipelineParams) -> list[pd.DataFrame]:
    """The findings without those that report values of users.csv about people who have no row in it: those are known since it was sent."""
    kept = []
    reported = [code for code, rule in RULES.items() if rule.mark == "reported"]
    names = {kind: demographic_names(params, kind, headers) for kind in PERSON_TYPES}
    for part in found:
        if not len(part) or part["row"].to_numpy().min() >= 0:
            kept.append(part)
            continue
        own = np.zeros(len(part), dtype=bool)
        for record_type, listed in names.items():
            own |= (part["record_type"] == record_type.value).to_numpy(dtype=bool) & part["attribute"].isin(listed).to_numpy(dtype=bool)
        kept.append(part[(part["row"].to_numpy() >= 0) | own | ~part["code"].isin(reported).to_numpy(dtype=bool)])
    return kept


def count_alone(frames: Frames) -> int:
    """How many people are among the rows without having one in users.csv."""
    return sum(int((frames[kind]["_line"].to_numpy() < 0).sum()) for kind in PERSON_TYPES if kind in frames)

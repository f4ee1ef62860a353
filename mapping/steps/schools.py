"""Tie the schools of the files to the portal's schools, and every record to the school it belongs to.

Source: schools mapping; records (primary school, District office).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from records.attributes import FILE_OF, PERSON_TYPES, STAFF_TYPES, RecordType
from records.frames import Frames, accepted, findings, keeps_live, reject
from records.sources import Source
from records.text import distinct, is_blank, spread

UNMAPPED, GONE, KEPT = "\x00unmapped", "\x00gone", "\x00kept"


@dataclass(frozen=True, slots=True)
class SchoolParams:
    """`mapping`: sourcedId -> organization key. `live`: the same for live schools, which stand in for schools without an accepted row."""

    sources: Mapping[RecordType, Mapping[str, Source]]
    mapping: Mapping[str, str] = field(default_factory=dict)
    all_missing_as_new: bool = False
    live: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedSchools:
    """The frames with schools named by organization key; which schools are not mapped; and the findings."""

    frames: Frames
    unmapped: tuple[str, ...]
    findings: list[pd.DataFrame]


def map_schools(frames: Frames, organizations: pd.DataFrame, params: SchoolParams) -> MappedSchools:
    """Set mapped_school, primary_school, other_schools, org_id and school_id to organization keys; leave out rows of unmapped schools.

    A person's primary school is the first of their organizations that is a mapped school; for teachers and admins the district counts too.
    """
    found: list[pd.DataFrame] = []
    result = dict(frames)
    unmapped: tuple[str, ...] = ()
    named = {school: params.mapping.get(school) or target or UNMAPPED for school, target in params.live.items()}
    if RecordType.SCHOOL in result:
        result[RecordType.SCHOOL], own, unmapped = _schools(result[RecordType.SCHOOL], params, found)
        judged = {school: target for school, target in own.items() if target not in {GONE, KEPT}}
        named = {**own, **named, **judged}
    offices = {key: key for key in organizations["key"].to_list() if key}
    for record_type in PERSON_TYPES:
        if record_type in result:
            result[record_type] = _place_people(result[record_type], record_type, named, offices, params, found)
    for record_type, name in ((RecordType.COURSE, "org_id"), (RecordType.CLASS, "school_id"), (RecordType.ENROLLMENT, "school_id")):
        if record_type in result:
            result[record_type] = _place(
                result[record_type], record_type, name, {**offices, **named} if record_type is RecordType.COURSE else named, params, found
            )
    return MappedSchools(result, unmapped, found)


def _schools(frame: pd.DataFrame, params: SchoolParams, found: list[pd.DataFrame]) -> tuple[pd.DataFrame, dict[str, str], tuple[str, ...]]:
    """Name the portal's school of every row; of rows that are left out already, what that means for those who depend on them.

    Returns:
        The frame, the name of every school (of several rows of one school the accepted one speaks), and the schools that are not mapped.
    """
    keeps = keeps_live(frame)
    names: list[str] = []
    for key, is_alive, is_kept in zip(frame["key"].to_list(), accepted(frame), keeps, strict=True):
        target = params.mapping.get(key) or (key if params.all_missing_as_new else UNMAPPED)
        names.append(target if is_alive else KEPT if is_kept else GONE)
    text = pd.Series(names, dtype=frame["key"].dtype)
    missing = (text == UNMAPPED).to_numpy(dtype=bool)
    found.append(findings(frame, missing, code="school-unmapped", record_type=RecordType.SCHOOL, file="orgs.csv", column="sourcedId", attribute="sis_id",
                          value=frame["name"] + " (" + frame["key"] + ")"))  # fmt: skip
    mapped = text.where(~text.str.startswith("\x00"), "")
    own: dict[str, str] = {}
    for key, name in zip(frame["key"].to_list(), names, strict=True):
        if key and (own.get(key, GONE) == GONE or name not in {GONE, KEPT}):
            own[key] = name
    return reject(frame.assign(mapped_school=mapped), missing, "school-unmapped"), own, tuple(frame["key"][missing].to_list())


def _place_people(frame: pd.DataFrame, record_type: RecordType, named: Mapping[str, str], offices: Mapping[str, str], params: SchoolParams,
                  found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    uniques, codes = distinct(frame["_orgs"])
    primary, others, problem, culprit = [], [], [], []
    for value in uniques.to_pylist():
        orgs = value.split(",") if value else []
        targets = [(org, named.get(org) or (offices.get(org, "") if record_type in STAFF_TYPES else "")) for org in orgs]
        good = list(dict.fromkeys(target for _, target in targets if target and not target.startswith("\x00")))
        schools = [target for target in good if target not in offices]
        first = next(iter(good), "") if record_type in STAFF_TYPES else next(iter(schools), "")
        bad = next(((org, target) for org, target in targets if target.startswith("\x00")), ("", ""))
        primary.append(first)
        others.append(",".join(target for target in schools if target != first))
        problem.append(bad[1] if not first else "")
        culprit.append(bad[0])
    frame = frame.assign(primary_school=spread(primary, codes), other_schools=spread(others, codes))
    return _leave_out(frame, record_type, "primary_school", spread(problem, codes), spread(culprit, codes), params, found)


def _place(
    frame: pd.DataFrame, record_type: RecordType, name: str, named: Mapping[str, str], params: SchoolParams, found: list[pd.DataFrame]
) -> pd.DataFrame:
    uniques, codes = distinct(frame[name])
    targets = [named.get(value, value) if value else "" for value in uniques.to_pylist()]
    before = frame[name]
    placed = frame.assign(
        **{
            name: spread(
                [value if target.startswith("\x00") else target for value, target in zip(uniques.to_pylist(), targets, strict=True)], codes
            )
        }
    )
    return _leave_out(
        placed, record_type, name, spread([target if target.startswith("\x00") else "" for target in targets], codes), before, params, found
    )


def _leave_out(frame: pd.DataFrame, record_type: RecordType, name: str, problem: pd.Series, culprit: pd.Series, params: SchoolParams,
               found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    if is_blank(problem).all():
        return frame
    source = params.sources[record_type].get(name)
    where = {
        "record_type": record_type,
        "file": f"{FILE_OF[record_type]}.csv",
        "column": source.header if source else "",
        "attribute": name,
    }
    for sign, code in ((UNMAPPED, "school-unmapped"), (GONE, "depends-on-excluded"), (KEPT, "depends-on-kept")):
        mask = np.asarray((problem == sign).to_numpy(dtype=bool)) & accepted(frame)
        found.append(findings(frame, mask, code=code, value=culprit, detail="school" if sign != UNMAPPED else "", **where))
        frame = reject(frame, mask, code)
    return frame

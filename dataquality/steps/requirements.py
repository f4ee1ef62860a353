"""Report, or leave out, records that lack a value.

Source: data requirements, with the reference's defaults. `skip` also reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from records.attributes import FILE_OF, PERSON_TYPES, RecordType
from records.frames import Frames, accepted, findings, reject
from records.sources import Source
from records.text import is_blank

LEVELS = ("none", "report", "skip")

_PERSON = dict.fromkeys(("primary_school", "sis_id", "last_name", "first_name", "email", "user_type"), "skip")
DEFAULT_REQUIREMENTS: Mapping[RecordType, Mapping[str, str]] = {
    RecordType.STUDENT: {**_PERSON, "grades": "skip", "gender": "report", "birth_date": "report"},
    RecordType.TEACHER: dict(_PERSON),
    RecordType.ADMIN: dict(_PERSON),
    RecordType.CLASS: {"school_id": "skip", "sis_id": "skip", "class_name": "skip"},
    RecordType.ENROLLMENT: {"school_id": "skip", "class_id": "skip", "person_id": "skip"},
}
# What a record cannot be placed without, whatever the requirements say.
INDISPENSABLE: Mapping[RecordType, tuple[str, ...]] = {
    RecordType.CLASS: ("school_id",),
    RecordType.ENROLLMENT: ("class_id", "person_id", "school_id"),
}


@dataclass(frozen=True, slots=True)
class RequirementParams:
    """Record type -> attribute -> none, report or skip; and the sources, to name the header to fill in."""

    levels: Mapping[RecordType, Mapping[str, str]]
    sources: Mapping[RecordType, Mapping[str, Source]]


def check_requirements(frames: Frames, params: RequirementParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Skip the records that lack an attribute marked skip (one finding per missing attribute), report those that lack one marked report."""
    result, found = dict(frames), []
    for record_type, frame in frames.items():
        alive = accepted(frame)
        for level, code in (("skip", "required-attribute-missing"), ("report", "attribute-missing")):
            for name, chosen in params.levels.get(record_type, {}).items():
                column = "key" if name == "sis_id" else name
                if chosen != level or column not in frame:
                    continue
                missing = is_blank(frame[column]) & (alive if level == "skip" else accepted(result[record_type]))
                found.append(findings(frame, missing, code=code, **_where(record_type, name, params)))
                if level == "skip":
                    result[record_type] = reject(result[record_type], missing, code)
        result[record_type] = _check_indispensable(result[record_type], record_type, params, found)
    return result, found


def _where(record_type: RecordType, name: str, params: RequirementParams) -> dict[str, str]:
    source = params.sources[record_type].get(name)
    return {
        "record_type": record_type, "file": f"{source.file if source else FILE_OF[record_type]}.csv", "column": source.header if source else "",
        "attribute": name,
    }  # fmt: skip


def _check_indispensable(
    frame: pd.DataFrame, record_type: RecordType, params: RequirementParams, found: list[pd.DataFrame]
) -> pd.DataFrame:
    needs = [("key", "sis_id", "key-missing"), *((name, name, "reference-missing") for name in INDISPENSABLE.get(record_type, ()))]
    if record_type in PERSON_TYPES:
        needs.append(("user_type", "user_type", "role-missing"))
    for column, name, code in needs:
        missing = is_blank(frame[column]) & accepted(frame)
        found.append(findings(frame, missing, code=code, **_where(record_type, name, params)))
        frame = reject(frame, missing, code)
    return frame

"""Leave out the people, courses and classes of schools that the filter rules or the data requirements left out.

Source: the law of the rows (excluded: depends on a row that was not accepted).
"""

import numpy as np
import pandas as pd

from imports.steps.references import GONE, KEPT
from records.attributes import FILE_OF, PERSON_TYPES, RecordType
from records.frames import Frames, accepted, findings, keeps_live, reject
from records.rules import NUMBERS
from records.text import distinct, join, to_series

_HEADERS = {RecordType.COURSE: ("org_id", "orgSourcedId"), RecordType.CLASS: ("school_id", "schoolSourcedId")}
_HEADERS |= dict.fromkeys(PERSON_TYPES, ("primary_school", "orgSourcedIds"))
_JUDGED = ("filtered-out", "required-attribute-missing", "uniqueness-shared")  # after Schools Mapping, which judges the rest


def leave_shut_schools(frames: Frames) -> tuple[Frames, list[pd.DataFrame]]:
    """Leave out what belongs to such schools only; a person who has another school stays.

    What is left out goes with a school that was filtered out (its live record is deleted), and is kept where the school was merely not imported.
    """
    result = dict(frames)
    found: list[pd.DataFrame] = []
    shut = _shut_schools(frames[RecordType.SCHOOL]) if RecordType.SCHOOL in frames else {}
    if not shut:
        return result, found
    for record_type, (attribute, header) in _HEADERS.items():
        if record_type not in result:
            continue
        frame = result[record_type]
        schools = frame[attribute]
        if record_type in PERSON_TYPES:
            schools = to_series(join([frame["primary_school"], frame["other_schools"]], ","))
        uniques, codes = distinct(schools)
        standing = np.array([_worst([shut.get(one) for one in value.split(",") if one]) for value in uniques.to_pylist()], dtype=np.int8)[
            codes
        ]
        for level, code in ((GONE, "depends-on-excluded"), (KEPT, "depends-on-kept")):
            mask = (standing == level) & accepted(frame)
            found.append(
                findings(
                    frame,
                    mask,
                    code=code,
                    record_type=record_type,
                    file=f"{FILE_OF[record_type]}.csv",
                    column=header,
                    attribute=attribute,
                    value=frame[attribute],
                    detail="school",
                )
            )
            frame = reject(frame, mask, code)
        result[record_type] = frame
    return result, found


def _shut_schools(frame: pd.DataFrame) -> dict[str, int]:
    """Organization key -> GONE or KEPT, of the schools none of whose rows is accepted."""
    if "mapped_school" not in frame:
        return {}
    judged = np.isin(frame["_reason"].to_numpy(), [NUMBERS[code] for code in _JUDGED])
    open_schools = set(frame["mapped_school"][accepted(frame)])
    levels = np.where(keeps_live(frame), KEPT, GONE)
    named = zip(frame["mapped_school"][judged], levels[judged], strict=True)
    return {school: int(level) for school, level in named if school and school not in open_schools}


def _worst(levels: list[int | None]) -> int:
    """What becomes of a record whose schools stand so: nothing while one of them is open."""
    return 0 if not levels or None in levels else min(level for level in levels if level is not None)

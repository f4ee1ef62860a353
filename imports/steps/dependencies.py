"""Leave out the rows that cannot be without another row which was left out.

Source: the law of the rows (excluded); filters (enrollments follow their student, teacher and class; classes without students). The people, courses
and classes of a school that filters or requirements leave out are judged in `imports.steps.shut_schools`.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from imports.steps.references import ACCEPTED, GONE, KEPT, Links
from imports.steps.shut_schools import leave_shut_schools
from records.attributes import FILE_OF, RecordType
from records.frames import Frames, accepted, findings, keeps_live, reject
from records.text import Mask, blank, distinct, is_in, positions

# dependent type, attribute, target, the words for it, the header
_DEPENDENCIES = (
    (RecordType.ENROLLMENT, "class_id", "class", "class", "classSourcedId"),
    (RecordType.ENROLLMENT, "person_id", "person", "person", "userSourcedId"),
)


@dataclass(frozen=True, slots=True)
class DependencyParams:
    """Whether classes left without students are dropped. `taught`: the keys of classes that live enrollments of students without a row keep."""

    drop_empty_classes: bool = False
    taught: pd.Series = field(default_factory=lambda: blank(0))


def follow_dependencies(frames: Frames, links: Links, params: DependencyParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Leave out classes and enrollments whose class or person is not accepted.

    If any of them is gone for good the row goes with it (its live record is deleted); if they are merely not imported its live record is kept.
    A school that is not mapped is judged by Schools Mapping, an enrollment's school by its class.
    """
    result, found = leave_shut_schools(frames)
    if RecordType.ENROLLMENT in result:
        result[RecordType.ENROLLMENT] = _follow(result, RecordType.ENROLLMENT, links, found)
    if params.drop_empty_classes and RecordType.CLASS in result and RecordType.ENROLLMENT in result:
        result[RecordType.CLASS] = _drop_empty(result, links, found, params.taught)
        result[RecordType.ENROLLMENT] = _follow(result, RecordType.ENROLLMENT, links, found)
    return result, found


def compare_schools(frames: Frames, links: Links, live_classes: pd.DataFrame | None = None) -> list[pd.DataFrame]:
    """Report accepted enrollments whose school is not that of their class.

    `live_classes`: key and school_id of the live classes, where these stand in for rows.
    """
    enrollment, frame = frames.get(RecordType.ENROLLMENT), frames.get(RecordType.CLASS)
    parts = [one[["key", "school_id"]] for one in (frame, live_classes) if one is not None]
    if enrollment is None or not sum(map(len, parts)):
        return []
    classes = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    at, ids = links.at[RecordType.ENROLLMENT, "class_id"], links.targets["class"].ids
    row_of = np.full(len(ids) + 1, -1, dtype=np.int64)
    rows = links.targets["class"].row_target[RecordType.CLASS] if frame is not None else np.empty(0, dtype=np.int64)
    if live_classes is not None and len(live_classes) and len(ids):
        rows = np.concatenate([rows, positions(live_classes["key"], ids)])
    row_of[rows[::-1]] = np.arange(len(rows))[::-1]  # of several the first: rows come before live classes
    row_of[-1] = -1
    class_row = row_of[at]
    both, codes = _school_codes(enrollment, classes)
    enrollment_codes, class_codes = codes[: len(enrollment)], codes[len(enrollment) :]
    there = (class_row >= 0) & accepted(enrollment)
    differs = there & (enrollment_codes != class_codes[np.where(class_row >= 0, class_row, 0)])
    if not differs.any():
        return []
    detail = both.iloc[len(enrollment) + np.where(class_row >= 0, class_row, 0)].reset_index(drop=True)
    return [findings(enrollment, differs, code="school-differs", record_type=RecordType.ENROLLMENT, file="enrollments.csv", column="schoolSourcedId",
                     attribute="school_id", value=enrollment["school_id"], detail=detail)]  # fmt: skip


def _school_codes(enrollment: pd.DataFrame, classes: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    both = pd.concat([enrollment["school_id"], classes["school_id"]], ignore_index=True)
    return both, distinct(both)[1]


def _follow(frames: Frames, record_type: RecordType, links: Links, found: list[pd.DataFrame]) -> pd.DataFrame:
    frame = frames[record_type]
    parts = []
    for dependent, attribute, target, words, header in _DEPENDENCIES:
        if dependent is record_type:
            at = links.at[record_type, attribute]
            standing = np.append(links.targets[target].standing(frames), ACCEPTED)  # position -1: dangling, judged already
            parts.append((standing[at], attribute, words, header))
    for level, code in ((GONE, "depends-on-excluded"), (KEPT, "depends-on-kept")):
        for standings, attribute, words, header in parts:
            mask: Mask = (standings == level) & accepted(frame)
            if mask.any():
                found.append(findings(frame, mask, code=code, record_type=record_type, file=f"{FILE_OF[record_type]}.csv", column=header,
                                      attribute=attribute, value=frame[attribute], detail=words))  # fmt: skip
                frame = reject(frame, mask, code)
    return frame


def _drop_empty(frames: Frames, links: Links, found: list[pd.DataFrame], taught: pd.Series) -> pd.DataFrame:
    """Leave out classes that no accepted student is enrolled in. Where students could only not be imported this time the live class is kept."""
    enrollment, classes = frames[RecordType.ENROLLMENT], frames[RecordType.CLASS]
    at = links.at[RecordType.ENROLLMENT, "class_id"]
    role, rows = enrollment["role"], links.targets["class"].row_target[RecordType.CLASS]
    students = accepted(enrollment) & (role == "student").to_numpy(dtype=bool)
    put_off = keeps_live(enrollment) & role.isin(["student", ""]).to_numpy(dtype=bool)
    for wanted, code in ((students | put_off, "class-without-students"), (students, "class-without-its-students")):
        has_any = np.zeros(len(links.targets["class"].ids) + 1, dtype=bool)
        has_any[at[wanted & (at >= 0)]] = True
        empty = ~has_any[rows] & accepted(classes)
        if len(taught):
            empty &= ~is_in(classes["key"], taught)
        found.append(findings(classes, empty, code=code, record_type=RecordType.CLASS, file="classes.csv"))
        classes = reject(classes, empty, code)
    return classes

"""Hold the values of every record against the standard: status, keys, and each value by its kind.

Source: reading; the law of the rows (invalid); repeated keys (uniqueness).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from formats.oneroster.tables import TABLES, TOLERATED_ENROLLMENT_ROLES
from imports.steps.demographics import INACTIVE
from records.attributes import ATTRIBUTES, FILE_OF, PERSON_TYPES, Attribute, RecordType
from records.fingerprints import fingerprint
from records.frames import DEMOGRAPHICS, Frames, accepted, findings, reject, single_finding
from records.sources import Source
from records.text import TEXT, Mask, is_blank, occurrences
from records.values import KIND_WORDS, MAX_KEY, read_column

# Values that decide what a row is: an empty one makes the row invalid (a role of a user is left to the data requirements).
DECISIVE = {(RecordType.ENROLLMENT, "role")}
# References that the data requirements and the references step judge themselves.
JUDGED_LATER = {"primary_school", "other_schools", "school_id", "class_id", "person_id", "user_type"}


@dataclass(frozen=True, slots=True)
class StandardParams:
    """The sources of the attributes (to name the header in findings), and the files that are deltas."""

    sources: Mapping[RecordType, Mapping[str, Source]]
    delta_files: frozenset[str] = frozenset()


def check_standard(frames: Frames, params: StandardParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Read every value by its kind; leave out inactive rows and rows without a possible key.

    Returns:
        The frames with normalised values, and the findings. Spellings are said once per file and column, with the first line.
    """
    result: Frames = {}
    found: list[pd.DataFrame] = []
    for record_type, frame in frames.items():
        sources = params.sources[record_type]
        checked = _check_status(frame, record_type, FILE_OF[record_type] in params.delta_files, found)
        checked = _check_keys(checked, record_type, sources["sis_id"].header, found)
        for attribute in ATTRIBUTES[record_type]:
            if attribute.name in checked.columns and attribute.name in sources:
                checked = _check_values(checked, record_type, attribute, sources[attribute.name], found)
        if record_type is RecordType.ENROLLMENT:
            found += _check_primary(checked, sources["primary"].header)
        result[record_type] = _check_repeats(checked, record_type, sources["sis_id"].header, found)
    return result, found


def _check_status(frame: pd.DataFrame, record_type: RecordType, is_delta: bool, found: list[pd.DataFrame]) -> pd.DataFrame:
    gone = frame["_status"].str.lower().isin(INACTIVE).to_numpy()
    if not gone.any():
        return frame
    code = "deleted-in-delta" if is_delta else "status-inactive"
    file = f"{FILE_OF[record_type]}.csv"
    found.append(
        findings(frame, gone & accepted(frame), code=code, record_type=record_type, file=file, column="status", value=frame["_status"])
    )
    return reject(frame, gone, code)


def _check_keys(frame: pd.DataFrame, record_type: RecordType, header: str, found: list[pd.DataFrame]) -> pd.DataFrame:
    file = f"{FILE_OF[record_type]}.csv"
    missing = is_blank(frame["key"]) & accepted(frame)
    if record_type not in PERSON_TYPES or header == "sourcedId":  # a missing mapped SIS ID of a person is left to the data requirements
        found.append(findings(frame, missing, code="key-missing", record_type=record_type, file=file, column=header, attribute="sis_id"))
        frame = reject(frame, missing, "key-missing")
    long = (frame["key"].str.len() > MAX_KEY) | frame["key"].str.contains(r"[\x00-\x1f\x7f]", regex=True)
    impossible = long.to_numpy(dtype=bool) & accepted(frame)
    found.append(findings(frame, impossible, code="key-impossible", record_type=record_type, file=file, column=header, attribute="sis_id",
                          value=frame["key"].str.slice(0, 80)))  # fmt: skip
    return reject(frame, impossible, "key-impossible")


def _check_values(
    frame: pd.DataFrame, record_type: RecordType, attribute: Attribute, source: Source, found: list[pd.DataFrame]
) -> pd.DataFrame:
    standard = next(
        (column for column in TABLES[FILE_OF[record_type]] if attribute.source == f"{FILE_OF[record_type]}.{column.header}"), None
    )
    demographic = next((column for column in TABLES["demographics"] if attribute.source == f"demographics.{column.header}"), None)
    described = standard or demographic
    options = described.options if described else ()
    if (record_type, attribute.name) == (RecordType.ENROLLMENT, "role"):
        options = (*options, *TOLERATED_ENROLLMENT_ROLES)
    raw = frame[attribute.name]
    column = read_column(raw, attribute.kind, options)
    file, alive = f"{source.file}.csv", accepted(frame)
    where = {"record_type": record_type, "file": file, "column": source.header, "attribute": attribute.name}
    required = standard is not None and standard.required and attribute.name not in {"sis_id", *JUDGED_LATER}
    unreadable = column.unreadable & alive
    if required and attribute.kind in {"enum", "boolean"}:
        allowed = ", ".join(options) or "true, false"
        found.append(findings(frame, unreadable, code="enum-impossible", value=raw, detail=allowed, **where))
        frame = reject(frame, unreadable, "enum-impossible")
    elif unreadable.any():
        words = KIND_WORDS.get(attribute.kind) or "one of " + ", ".join(options)
        found.append(findings(frame, unreadable, code="value-unreadable", value=raw, detail=words, **where))
    for code, mask in (("value-spelling", column.spelling & alive), ("date-us-form", column.us_date & alive)):
        found += _once_per_column(frame, mask, code, raw, column.values, where)
    if options and options[-len(TOLERATED_ENROLLMENT_ROLES) :] == TOLERATED_ENROLLMENT_ROLES:
        tolerated = column.values.isin(TOLERATED_ENROLLMENT_ROLES).to_numpy() & alive
        found += _once_per_column(frame, tolerated, "enrollment-role-tolerated", raw, column.values, where)
    if required:
        frame = _check_missing(frame, is_blank(raw) & accepted(frame), record_type, attribute, where, found)
    return frame if column.values is raw else frame.assign(**{attribute.name: column.values})


def _check_missing(frame: pd.DataFrame, missing: Mask, record_type: RecordType, attribute: Attribute, where: dict[str, str],
                   found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    """A required value that is empty is reported; one that decides what the row is makes it invalid. Requirements say the rest."""
    if (record_type, attribute.name) in DECISIVE:
        found.append(findings(frame, missing, code="role-missing", **where))
        return reject(frame, missing, "role-missing")
    found.append(findings(frame, missing, code="standard-value-missing", **where))
    return frame


def _check_primary(frame: pd.DataFrame, header: str) -> list[pd.DataFrame]:
    """Only the teacher of a class can be its primary one."""
    wrong = (frame["primary"] == "true").to_numpy(dtype=bool) & (frame["role"] != "teacher").to_numpy(dtype=bool) & accepted(frame)
    where = {"record_type": RecordType.ENROLLMENT.value, "file": "enrollments.csv", "column": header, "attribute": "primary"}
    return _once_per_column(frame, wrong, "primary-not-teacher", frame["primary"], frame["role"], where)


def _once_per_column(
    frame: pd.DataFrame, mask: Mask, code: str, raw: pd.Series, read: pd.Series, where: dict[str, str]
) -> list[pd.DataFrame]:
    """One finding for a whole column, at the first line it concerns."""
    rows = np.flatnonzero(mask)
    if len(rows) == 0:
        return []
    first = int(rows[0])
    lines = frame["_described_line"] if where["file"] == DEMOGRAPHICS else frame["_line"]
    line = int(lines.iloc[first])
    return [single_finding(code=code, line=line, value=str(raw.iloc[first]).strip(), detail=str(read.iloc[first]), **where)]


def _check_repeats(frame: pd.DataFrame, record_type: RecordType, header: str, found: list[pd.DataFrame]) -> pd.DataFrame:
    """A key held by several rows: of identical rows the first stays, rows that differ are all invalid."""
    candidates = accepted(frame) & ~is_blank(frame["key"])
    rows = np.flatnonzero(candidates)
    codes, counts = occurrences(frame["key"].iloc[rows])
    if len(rows) == 0 or counts.max() == 1:
        return frame
    again = rows[counts > 1]
    group = codes[counts > 1]
    values = frame.iloc[again]
    columns = [name for name in frame.columns if not name.startswith("_")]
    prints = pd.Series(fingerprint([values[name].reset_index(drop=True) for name in columns]))
    lines = pd.Series(values["_line"].to_numpy())
    kinds = prints.groupby(group).transform("nunique").to_numpy()
    first = lines.groupby(group).transform("min").to_numpy()
    where = {"record_type": record_type, "file": f"{FILE_OF[record_type]}.csv", "column": header, "attribute": "sis_id"}
    differing, repeated = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    differing[again[kinds > 1]] = True
    repeated[again[(kinds == 1) & (lines.to_numpy() != first)]] = True
    elsewhere = _other_lines(again, group, lines.to_numpy(), len(frame))
    found.append(findings(frame, differing, code="key-repeated-differs", value=frame["key"], detail=elsewhere, **where))
    found.append(findings(frame, repeated, code="key-repeated", value=frame["key"], detail=elsewhere, **where))
    return reject(reject(frame, differing, "key-repeated-differs"), repeated, "key-repeated")


def _other_lines(rows: np.ndarray, group: np.ndarray, lines: np.ndarray, length: int) -> pd.Series:
    """For every repeated row the line of another row of its group: the first one, or for the first the second."""
    order = np.lexsort((lines, group))
    other: list[str] = [""] * length
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and group[order[end]] == group[order[start]]:
            end += 1
        for at in range(start, end):
            other[rows[order[at]]] = str(lines[order[start + 1 if at == start else start]])
        start = end
    return pd.Series(other, dtype=TEXT)

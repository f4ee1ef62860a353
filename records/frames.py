"""Record frames: one DataFrame per record type, and the findings made about them.

A record frame has one row per data row of its file, in file order, with a RangeIndex and these columns:

* `key` (str): the SIS ID; empty where there is none,
* the attributes but sis_id, the derived ones (`records.attributes.DERIVED`), then extra attributes and `metadata.*` (all str, empty = no value),
* `_line` (int64): the true line in the file, `_fate` (uint8, `Fate`), `_reason` (int16, position in `records.rules.CODES`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from records.attributes import FILE_OF, PERSON_TYPES, SCHOOL_ATTRIBUTE, RecordType
from records.outcomes import Fate
from records.rules import NUMBERS, RULES
from records.text import TEXT, Mask, blank

Frames = dict[RecordType, pd.DataFrame]

DEMOGRAPHICS = "demographics.csv"
NOT_DESCRIBED = " (demographics.csv has no row for this person)"

FINDING_COLUMNS = ("code", "record_type", "row", "file", "line", "column", "attribute", "value", "detail", "key")


@dataclass(frozen=True, slots=True)
class LiveKeys:
    """The live records of one type that are not deleted: keys (distinct text) and fingerprints (int64), in one order."""

    keys: pa.ChunkedArray
    fingerprints: npt.NDArray[np.int64]


def fates(frame: pd.DataFrame) -> npt.NDArray[np.uint8]:
    """The fate of every row."""
    return frame["_fate"].to_numpy()


def accepted(frame: pd.DataFrame) -> Mask:
    """True where the row is still accepted."""
    return np.asarray(fates(frame) == Fate.ACCEPTED)


def reject(frame: pd.DataFrame, mask: Mask, code: str) -> pd.DataFrame:
    """Give the rows under the mask the fate of the rule; rows that have met theirs already keep it. The input is not changed."""
    fate = RULES[code].fate
    if fate is None:
        raise ValueError(f"{code} leaves rows accepted")
    fresh = mask & accepted(frame)
    if not fresh.any():
        return frame
    return frame.assign(
        _fate=np.where(fresh, np.uint8(fate), fates(frame)), _reason=np.where(fresh, np.int16(NUMBERS[code]), frame["_reason"].to_numpy())
    )


def keeps_live(frame: pd.DataFrame) -> Mask:
    """True where the row is not accepted for a reason that leaves the live record as it is."""
    policy = np.array([False, *(rule.fate is not None and rule.keeps for rule in RULES.values())])
    return np.asarray(policy[frame["_reason"].to_numpy()])


NO_FINDINGS = pd.DataFrame({name: np.empty(0, np.int64) if name in {"row", "line"} else blank(0) for name in FINDING_COLUMNS})


def findings(
    frame: pd.DataFrame,
    mask: Mask,
    *,
    code: str,
    record_type: str,
    file: str,
    column: str = "",
    attribute: str = "",
    value: pd.Series | str = "",
    detail: pd.Series | str = "",
) -> pd.DataFrame:
    """One finding per row under the mask. `value` and `detail` are texts, or series over the whole frame.

    `row` is the line of the record in its own file, by which the row is known; `file` and `line` say where to look. They differ for what
    demographics.csv says of a person, unless it has no row for them.
    """
    rows = np.flatnonzero(mask)
    count = len(rows)
    if not count:
        return NO_FINDINGS

    def part(given: pd.Series | str) -> pd.Series:
        return blank(count, given) if isinstance(given, str) else given.iloc[rows].reset_index(drop=True)

    own = line = frame["_line"].to_numpy()[rows]
    files, details = blank(count, file), part(detail)
    if file == DEMOGRAPHICS and "_described_line" in frame:
        described = frame["_described_line"].to_numpy()[rows]
        line = np.where(described > 0, described, own)
        files = files.where(described > 0, f"{FILE_OF[RecordType(record_type)]}.csv")
        details = details.where(described > 0, NOT_DESCRIBED)
    if len(own) and own.min() < 0:  # rows that demographics.csv alone speaks of, see `records.places`
        alone = own < 0
        described = frame["_described_line"].to_numpy()[rows]
        line = np.where(alone, np.maximum(described, 1), line)
        files = files.where(~alone, DEMOGRAPHICS)
    return pd.DataFrame(
        {
            "code": blank(count, code),
            "record_type": blank(count, record_type),
            "row": own,
            "file": files,
            "line": line,
            "column": blank(count, column),
            "attribute": blank(count, attribute),
            "value": part(value),
            "detail": details,
            "key": part(frame["key"]) if "key" in frame else blank(count),
        }
    )


def single_finding(*, code: str, record_type: str = "", file: str = "", line: int = 0, column: str = "", attribute: str = "", value: str = "",
                   detail: str = "", key: str = "") -> pd.DataFrame:  # fmt: skip
    """A finding about a file, a column, or one row."""
    given = {
        "code": code,
        "record_type": record_type,
        "file": file,
        "column": column,
        "attribute": attribute,
        "value": value,
        "detail": detail,
        "key": key,
    }
    one = pd.DataFrame({name: blank(1, text) for name, text in given.items()})
    return one.assign(row=np.array([line], dtype=np.int64), line=np.array([line], dtype=np.int64))[list(FINDING_COLUMNS)]


def bare_findings(texts: Mapping[str, list[str]], lines: Sequence[int], *, record_type: str, file: str) -> pd.DataFrame:
    """Findings about rows that are in no frame: one per line, with the given columns; what is not given is empty."""
    count = len(lines)
    given = {name: pd.Series(values, dtype=TEXT) for name, values in texts.items()}
    whole = (
        {name: blank(count) for name in FINDING_COLUMNS} | {"record_type": blank(count, record_type), "file": blank(count, file)} | given
    )
    at = np.array(lines, dtype=np.int64)
    return pd.DataFrame({**whole, "row": at, "line": at})[list(FINDING_COLUMNS)]


def gather(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All findings in one frame, in the order in which they were made."""
    some: Sequence[pd.DataFrame] = [part for part in parts if len(part)]
    if not some:
        return NO_FINDINGS
    return pd.concat(some, ignore_index=True)


def name_findings(found: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Add to every finding the name of its record and the school it belongs to, where they are known (name, school; str)."""
    names, schools = np.full(len(found), "", dtype=object), np.full(len(found), "", dtype=object)
    kinds = found["record_type"].to_numpy(dtype=object)
    for record_type, frame in frames.items():
        rows = np.flatnonzero(kinds == record_type.value)
        if len(rows) == 0 or frame.empty:
            continue
        lines = frame["_line"].to_numpy()
        order = np.argsort(lines, kind="stable")
        wanted = found["row"].to_numpy()[rows]
        at = np.minimum(np.searchsorted(lines, wanted, sorter=order), len(lines) - 1)
        there = lines[order[at]] == wanted
        at = order[at[there]]
        part = frame.iloc[at]
        names[rows[there]] = record_names(record_type, part).to_numpy(dtype=object)
        attribute = SCHOOL_ATTRIBUTE.get(record_type)
        if attribute in part:
            schools[rows[there]] = part[attribute].to_numpy(dtype=object)
    return found.assign(name=pd.Series(names, dtype=TEXT), school=pd.Series(schools, dtype=TEXT))


def record_names(record_type: RecordType, frame: pd.DataFrame) -> pd.Series:
    """What people call the records: first and last name, title or name; empty for enrollments."""
    if record_type in PERSON_TYPES:
        return (frame["first_name"] + " " + frame["last_name"]).str.strip()
    column = next((name for name in ("name", "title", "class_name") if name in frame), None)
    return frame[column] if column else blank(len(frame))

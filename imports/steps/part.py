"""Hold back what lies outside an approved part: its rows are left out this time, and its deletions wait.

Source: docs/decisions/0019-parts-and-rests.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.artifact_paths import rows_path
from records.attributes import FILE_OF, SCHOOL_ATTRIBUTE, RecordType
from records.frames import Frames, findings, reject
from records.part import Part
from records.text import Mask, as_mask, to_series

_CHANGES = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What waits: by record type the lines of rows that would create or update, and the keys of live records that would be deleted."""

    lines: Mapping[RecordType, npt.NDArray[np.int64]] = field(default_factory=dict)
    keys: Mapping[RecordType, pd.Series] = field(default_factory=dict)


def outside(folder: Path, part: Part) -> HeldBack:
    """The changes of a change set that are not in the part. The record type School goes along always: others stand on it.

    Args:
        folder: the change set of the whole delivery.
        part: what is approved.
    """
    lines: dict[RecordType, npt.NDArray[np.int64]] = {}
    keys: dict[RecordType, pd.Series] = {}
    for record_type in RecordType:
        path = rows_path(folder, record_type)
        if record_type is RecordType.SCHOOL or not path.exists():
            continue
        attribute = SCHOOL_ATTRIBUTE.get(record_type)
        table = pq.read_table(path, columns=["outcome", "line", "key", *([attribute] if attribute else [])])
        table = table.filter(pc.is_in(table.column("outcome"), value_set=pa.array(_CHANGES)))
        out = ~covered(table, record_type, part)
        goes = as_mask(pc.equal(table.column("outcome"), "deleted"))
        lines[record_type] = table.column("line").to_numpy()[out & ~goes]
        keys[record_type] = to_series(table.column("key").filter(pa.array(out & goes)))
    return HeldBack(lines, keys)


def covered(changes: pa.Table, record_type: RecordType, part: Part) -> Mask:
    """Which changes (outcome, key, and the attribute that names the school) are in the part."""
    inside = np.full(changes.num_rows, part.has_type(record_type))
    if part.outcomes is not None:
        inside &= as_mask(pc.is_in(changes.column("outcome"), value_set=pa.array(sorted(part.outcomes), changes.column("outcome").type)))
    attribute = SCHOOL_ATTRIBUTE.get(record_type)
    if part.schools is not None and attribute is not None:
        school = changes.column(attribute)
        inside &= as_mask(pc.is_in(school, value_set=pa.array(sorted(part.schools), pa.large_string()))) | as_mask(pc.equal(school, ""))
    if part.keys is not None and record_type.value in part.keys:
        inside &= as_mask(pc.is_in(changes.column("key"), value_set=pa.array(sorted(part.keys[record_type.value]), pa.large_string())))
    return inside


def hold_back(frames: Frames, held_back: HeldBack) -> tuple[Frames, list[pd.DataFrame]]:
    """Leave out the rows that wait; what is live of them stays as it is."""
    result, found = dict(frames), []
    for record_type, lines in held_back.lines.items():
        frame = frames.get(record_type)
        if frame is None or not len(lines):
            continue
        mask = np.isin(frame["_line"].to_numpy(), lines)
        found.append(findings(frame, mask, code="held-back", record_type=record_type, file=f"{FILE_OF[record_type]}.csv"))
        result[record_type] = reject(frame, mask, "held-back")
    return result, found

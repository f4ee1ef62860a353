"""Part the delivered files into one raw record frame per record type.

Source: records (which file and role makes which type); the law of the rows (unreadable rows count too).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from formats.oneroster.tables import ORG_TYPES, USER_ROLES
from formats.read import TextTable
from imports.steps.demographics import INACTIVE, NOT_SENT, Described, clean_demographics
from imports.steps.unreadable import add_unreadable
from mapping.steps.attributes import build_frame, match_demographics
from records.attributes import AIDE_ROLES, FILE_OF, PERSON_TYPES, ROLE_TYPES, RecordType
from records.frames import Frames, findings, reject
from records.sources import Source
from records.text import blank, distinct, is_blank, strip, to_series
from records.values import MAX_KEY, read_column

# Headers that the steps read whatever the mapping says, by file.
ALWAYS_READ: Mapping[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "status", "name", "type", "identifier", "parentSourcedId"),
    "users": ("sourcedId", "status", "role"),
    **dict.fromkeys(("academicSessions", "courses", "demographics", "classes", "enrollments"), ("sourcedId", "status")),
}


@dataclass(frozen=True, slots=True)
class SplitParams:
    """Which sources feed which attributes, whether aides and proctors count as teachers, which files are deltas; `only`: the types to make frames of."""

    sources: Mapping[RecordType, Mapping[str, Source]]
    aides_as_teachers: bool = False
    delta_files: frozenset[str] = frozenset()
    only: frozenset[RecordType] = frozenset(RecordType)


@dataclass(frozen=True, slots=True)
class Split:
    """Record frames by type; the organizations that are no schools (key, name, type, identifier, parent_id); findings; rows of no type by file.

    unsure: files with an unreadable row of nobody knows whom. described: the usable rows of demographics.csv.
    Frames have `_described_line` and `_is_untyped` (a row of users without a readable role).
    """

    frames: Frames
    organizations: pd.DataFrame
    findings: list[pd.DataFrame] = field(default_factory=list)
    rows_without_type: Mapping[str, int] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    described: Described = NOT_SENT


def split(texts: Mapping[str, TextTable], params: SplitParams) -> Split:
    """Part the text tables (by file: "users" …) into record frames.

    Every data row of a file, unreadable ones included, becomes one row of one frame; only rows of orgs that are no school and rows of demographics do not.
    """
    tables = {file: text.table for file, text in texts.items()}
    found: list[pd.DataFrame] = []
    known = strip(to_series(tables["users"].column("sourcedId"))) if "users" in tables and "users" not in params.delta_files else None
    described = clean_demographics(texts, known, found)
    if described.table is not None:
        tables["demographics"] = described.table
    rows = {record_type: np.arange(tables[file].num_rows) for record_type, file in FILE_OF.items() if file in tables}
    organizations, without_type = _organizations(tables, rows, found)
    roles = _people(tables, rows)
    frames: Frames = {}
    for record_type in RecordType:
        if record_type not in rows or record_type not in params.only:
            continue
        frame = _frame_of(record_type, tables, rows[record_type], params.sources[record_type], described)
        if record_type in PERSON_TYPES:
            frame = _check_roles(frame, record_type, roles.iloc[rows[record_type]].reset_index(drop=True), params, found)
        frames[record_type] = frame
    unread, unsure = add_unreadable(texts, frames, params.sources, found)
    without_type = {file: without_type.get(file, 0) + unread.get(file, 0) for file in texts}
    return Split(frames, organizations, found, without_type, unsure, described)


def _frame_of(
    record_type: RecordType, tables: Mapping[str, pa.Table], rows: np.ndarray, sources: Mapping[str, Source], described: Described
) -> pd.DataFrame:
    at, lines = np.full(len(rows), -1, dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    if record_type in PERSON_TYPES:
        ids = strip(to_series(tables["users"].column("sourcedId").take(pa.array(rows))))
        at = match_demographics(described.table, ids)
        lines = described.lines(ids, at)
    return build_frame(record_type, tables, rows, sources, at).assign(_described_line=lines, _is_untyped=False)


def _people(tables: Mapping[str, pa.Table], rows: dict[RecordType, np.ndarray]) -> pd.Series:
    """Set the rows of the four types of people by their role; a role that cannot be read makes a student. Returns the roles."""
    if "users" not in tables:
        return blank(0)
    column = tables["users"].column("role") if "role" in tables["users"].column_names else blank(tables["users"].num_rows)
    roles = read_column(to_series(column) if isinstance(column, pa.ChunkedArray) else column, "enum", USER_ROLES).values
    uniques, codes = distinct(roles)
    kinds = [ROLE_TYPES.get(role, RecordType.STUDENT) for role in uniques.to_pylist()]
    for record_type in PERSON_TYPES:
        wanted = np.array([kind is record_type for kind in kinds], dtype=bool)
        rows[record_type] = np.flatnonzero(wanted[codes]) if len(wanted) else np.empty(0, dtype=np.int64)
    return roles


def _check_roles(
    frame: pd.DataFrame, record_type: RecordType, roles: pd.Series, params: SplitParams, found: list[pd.DataFrame]
) -> pd.DataFrame:
    """Leave out roles that are not imported, and rows whose role is impossible; an empty one is left to the data requirements."""
    if record_type is RecordType.TEACHER and not params.aides_as_teachers:
        aides = roles.isin(AIDE_ROLES).to_numpy()
        found.append(
            findings(
                frame,
                aides,
                code="role-not-imported",
                record_type=record_type,
                file="users.csv",
                column="role",
                attribute="user_type",
                value=roles,
            )
        )
        frame = reject(frame, aides, "role-not-imported")
    if record_type is RecordType.STUDENT and "user_type" in frame:
        raw = frame["user_type"]
        impossible = is_blank(roles) & ~is_blank(raw)
        found.append(findings(frame, impossible, code="enum-impossible", record_type=record_type, file="users.csv", column="role", attribute="user_type",
                              value=raw, detail=", ".join(USER_ROLES)))  # fmt: skip
        frame = reject(frame, impossible, "enum-impossible")
    if record_type is RecordType.STUDENT:
        frame = frame.assign(_is_untyped=is_blank(roles))
    return frame


def _organizations(
    tables: Mapping[str, pa.Table], rows: dict[RecordType, np.ndarray], found: list[pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Part orgs into schools and other organizations; what is neither is named."""
    if "orgs" not in tables:
        return pd.DataFrame({name: blank(0) for name in ("key", "name", "type", "identifier", "parent_id")}), {}
    table = tables["orgs"]
    headers = {
        "key": "sourcedId", "name": "name", "raw_type": "type", "identifier": "identifier", "parent_id": "parentSourcedId", "status": "status",
    }  # fmt: skip
    text = {
        name: strip(to_series(table.column(header))) if header in table.column_names else blank(table.num_rows)
        for name, header in headers.items()
    }
    frame = pd.DataFrame(text).assign(_line=table.column("_line").to_numpy())
    frame["type"] = read_column(frame["raw_type"], "enum", ORG_TYPES).values
    unreadable = is_blank(frame["type"])
    found.append(findings(frame, unreadable, code="org-invalid", record_type="", file="orgs.csv", column="type", value=frame["raw_type"],
                          detail="its type must be one of " + ", ".join(ORG_TYPES)))  # fmt: skip
    is_school = (frame["type"] == "school").to_numpy()
    keyless = ~is_school & ~unreadable & is_blank(frame["key"])
    endless = ~is_school & ~unreadable & (frame["key"].str.len() > MAX_KEY).to_numpy(dtype=bool)
    for mask, fault in ((keyless, "it has no sourcedId"), (endless, f"its sourcedId has more than {MAX_KEY} characters")):
        found.append(
            findings(
                frame, mask, code="org-invalid", record_type="", file="orgs.csv", column="sourcedId", value=frame["name"], detail=fault
            )
        )
    rows[RecordType.SCHOOL] = np.flatnonzero(is_school)
    active = ~frame["status"].str.lower().isin(INACTIVE).to_numpy()
    others = frame[~is_school & ~unreadable & ~keyless & ~endless & active].drop_duplicates("key").reset_index(drop=True)
    return others, {"orgs": int((~is_school).sum())}

"""Part the delivered files into one raw record frame per record type.

Source: records (which file and role makes which type); the law of the rows (unreadable rows count too).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from formats.oneroster.tables import ORG_TYPES, USER_ROLES
from formats.read import BadRow, TextTable
from mapping.steps.attributes import build_frame, match_demographics
from records.attributes import AIDE_ROLES, FILE_OF, PERSON_TYPES, ROLE_TYPES, RecordType
from records.frames import Frames, findings, reject, single_finding
from records.outcomes import Fate
from records.rules import NUMBERS
from records.sources import Source
from records.text import blank, distinct, is_blank, is_in, occurrences, strip, to_series
from records.values import read_column

# Headers that the steps read whatever the mapping says, by file.
ALWAYS_READ: Mapping[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "status", "name", "type", "identifier", "parentSourcedId"),
    "users": ("sourcedId", "status", "role"),
    **dict.fromkeys(("academicSessions", "courses", "demographics", "classes", "enrollments"), ("sourcedId", "status")),
}
EXCERPT = 200  # characters of an unreadable row that are shown


@dataclass(frozen=True, slots=True)
class SplitParams:
    """Which sources feed which attributes, and whether aides and proctors count as teachers."""

    sources: Mapping[RecordType, Mapping[str, Source]]
    aides_as_teachers: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """Record frames by type; the organizations that are no schools (key, name, type, identifier, parent_id); findings; rows of no type by file."""

    frames: Frames
    organizations: pd.DataFrame
    findings: list[pd.DataFrame] = field(default_factory=list)
    rows_without_type: Mapping[str, int] = field(default_factory=dict)


def split(texts: Mapping[str, TextTable], params: SplitParams) -> Split:
    """Part the text tables (by file: "users" …) into record frames.

    Every data row of a file, unreadable ones included, becomes one row of one frame; only rows of orgs that are no school and rows of demographics do not.
    """
    tables = {file: text.table for file, text in texts.items()}
    found: list[pd.DataFrame] = []
    tables, demographic_findings = _clean_demographics(tables)
    found += demographic_findings
    rows = {record_type: np.arange(tables[file].num_rows) for record_type, file in FILE_OF.items() if file in tables}
    organizations, without_type = _organizations(tables, rows, found)
    roles = _people(tables, rows)
    frames: Frames = {}
    for record_type in RecordType:
        if record_type not in rows:
            continue
        frame = _frame_of(record_type, tables, rows[record_type], params.sources[record_type])
        if record_type in PERSON_TYPES:
            frame = _check_roles(frame, record_type, roles.iloc[rows[record_type]].reset_index(drop=True), params, found)
        frames[record_type] = frame
    for file, text in texts.items():
        without_type[file] = without_type.get(file, 0) + _add_bad_rows(file, text.bad, frames, found)
    return Split(frames, organizations, found, without_type)


def _frame_of(record_type: RecordType, tables: Mapping[str, pa.Table], rows: np.ndarray, sources: Mapping[str, Source]) -> pd.DataFrame:
    described = np.full(len(rows), -1, dtype=np.int64)
    if record_type in PERSON_TYPES and "demographics" in tables:
        described = match_demographics(tables["demographics"], strip(to_series(tables["users"].column("sourcedId").take(pa.array(rows)))))
    return build_frame(record_type, tables, rows, sources, described).assign(
        _described_line=_described_lines(tables.get("demographics"), described)
    )


def _described_lines(table: pa.Table | None, described: np.ndarray) -> np.ndarray:
    """The lines of demographics.csv that describe the rows, 0 where none does."""
    if table is None or table.num_rows == 0:
        return np.zeros(len(described), dtype=np.int64)
    return np.where(described >= 0, table.column("_line").to_numpy()[described], 0).astype(np.int64)


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
    return frame


def _organizations(
    tables: Mapping[str, pa.Table], rows: dict[RecordType, np.ndarray], found: list[pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Part orgs into schools and other organizations; what is neither is named."""
    if "orgs" not in tables:
        return pd.DataFrame({name: blank(0) for name in ("key", "name", "type", "identifier", "parent_id")}), {}
    table = tables["orgs"]
    text = {name: strip(to_series(table.column(header))) if header in table.column_names else blank(table.num_rows) for name, header in (
        ("key", "sourcedId"), ("name", "name"), ("raw_type", "type"), ("identifier", "identifier"), ("parent_id", "parentSourcedId"), ("status", "status"))}  # fmt: skip
    frame = pd.DataFrame(text).assign(_line=table.column("_line").to_numpy())
    frame["type"] = read_column(frame["raw_type"], "enum", ORG_TYPES).values
    unreadable = is_blank(frame["type"])
    found.append(findings(frame, unreadable, code="org-invalid", record_type="", file="orgs.csv", column="type", value=frame["raw_type"],
                          detail="its type must be one of " + ", ".join(ORG_TYPES)))  # fmt: skip
    is_school = (frame["type"] == "school").to_numpy()
    keyless = ~is_school & ~unreadable & is_blank(frame["key"])
    found.append(
        findings(
            frame,
            keyless,
            code="org-invalid",
            record_type="",
            file="orgs.csv",
            column="sourcedId",
            value=frame["name"],
            detail="it has no sourcedId",
        )
    )
    rows[RecordType.SCHOOL] = np.flatnonzero(is_school)
    active = ~frame["status"].str.lower().isin(["inactive", "tobedeleted"]).to_numpy()
    others = frame[~is_school & ~unreadable & ~keyless & active].drop_duplicates("key").reset_index(drop=True)
    return others, {"orgs": int((~is_school).sum())}


def _clean_demographics(tables: Mapping[str, pa.Table]) -> tuple[dict[str, pa.Table], list[pd.DataFrame]]:
    """Leave one row per person: repeats with the same values are dropped, repeats that differ are all dropped and named, and so are rows of nobody."""
    table = tables.get("demographics")
    if table is None or table.num_rows == 0:
        return dict(tables), []
    found: list[pd.DataFrame] = []
    ids = strip(to_series(table.column("sourcedId")))
    frame = pd.DataFrame({"key": ids, "_line": table.column("_line").to_numpy()})
    codes, counts = occurrences(ids)
    use = ~is_blank(ids)
    found.append(findings(frame, ~use, code="key-missing", record_type="", file="demographics.csv", column="sourcedId"))
    repeated = (counts > 1) & use
    if repeated.any():
        values = table.drop_columns(["_line"]).filter(pa.array(repeated)).to_pandas()
        kinds = values.drop_duplicates().groupby("sourcedId").size()
        differing = repeated & ids.isin(kinds[kinds > 1].index).to_numpy()
        first_line = pd.Series(frame["_line"].groupby(codes).transform("min").astype(str), dtype=ids.dtype)
        found.append(
            findings(
                frame,
                differing,
                code="demographics-repeated",
                record_type="",
                file="demographics.csv",
                column="sourcedId",
                value=ids,
                detail=first_line,
            )
        )
        use &= ~differing & ~ids.duplicated().to_numpy()
    if "status" in table.column_names:
        use &= ~strip(to_series(table.column("status"))).str.lower().isin(["inactive", "tobedeleted"]).to_numpy()
    if "users" in tables:
        known = is_in(ids, strip(to_series(tables["users"].column("sourcedId"))))
        found.append(
            findings(
                frame, use & ~known, code="demographics-orphan", record_type="", file="demographics.csv", column="sourcedId", value=ids
            )
        )
    return {**tables, "demographics": table.filter(pa.array(use))}, found


def _add_bad_rows(file: str, bad: tuple[BadRow, ...], frames: Frames, found: list[pd.DataFrame]) -> int:
    """Count unreadable rows where their file's rows count: users as students, orgs and demographics under no type. Returns the latter."""
    if not bad:
        return 0
    record_type = next(
        (kind for kind in (RecordType.STUDENT, *RecordType) if FILE_OF[kind] == file and kind is not RecordType.SCHOOL), None
    )
    found.extend(
        single_finding(
            code=row.code, record_type=record_type or "", file=f"{file}.csv", line=row.line, value=row.excerpt[:EXCERPT], detail=row.detail
        )
        for row in bad
    )
    if record_type is None or record_type not in frames:
        return len(bad)
    frame = frames[record_type]
    empty = pd.DataFrame(
        {name: blank(len(bad)) for name in frame.columns if not name.startswith(("_line", "_fate", "_reason", "_described_line"))}
    )
    empty["_described_line"] = np.int64(0)
    empty["_line"] = np.array([row.line for row in bad], dtype=np.int64)
    empty["_fate"] = np.full(len(bad), Fate.INVALID, dtype=np.uint8)
    empty["_reason"] = np.array([NUMBERS[row.code] for row in bad], dtype=np.int16)
    frames[record_type] = pd.concat([frame, empty[frame.columns]], ignore_index=True)
    return 0

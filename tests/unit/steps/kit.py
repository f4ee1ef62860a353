"""A minimal valid district as rows, a live roster in memory, and one call that imports the one into the other."""

import copy
import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from formats.oneroster.tables import TABLES
from formats.read import TextTable, read_csv
from imports.config import ImportConfig
from imports.context import OtherApp
from imports.pipeline import PipelineParams, PipelineResult, run_pipeline
from imports.sentences import Problem, say
from imports.steps.part import HeldBack
from imports.steps.split import ALWAYS_READ
from mapping.steps.attributes import Source, default_sources, headers_needed
from records import changeset
from records.attributes import RecordType, live_columns
from records.changeset import read_findings, rows_path, unchanged_path
from records.frames import LiveKeys
from records.text import TEXT

Row = dict[str, str]
District = dict[str, list[Row]]  # file ("users") -> rows by header
NOTHING = HeldBack()
TODAY = date(2026, 10, 1)

_PERSON = {"enabledUser": "true", "username": "", "userIds": "", "middleName": "", "identifier": "", "sms": "", "phone": "", "agentSourcedIds": "",
           "grades": "", "password": "", "status": "", "dateLastModified": ""}  # fmt: skip


def person(key: str, role: str, **values: str) -> Row:
    """One row of users.csv that nothing can be said against."""
    usual = {"sourcedId": key, "role": role, "orgSourcedIds": "D1" if role == "administrator" else "O1", "givenName": f"Given{key}",
             "familyName": f"Family{key}", "email": f"{key}.{role}@example.org".lower(), "username": key}  # fmt: skip
    return {**_PERSON, **usual, **({"grades": "03"} if role == "student" else {}), **values}


def district(**changes: Mapping[str, Mapping[str, str] | None] | list[Row]) -> District:
    """Seven files without a fault: two schools, a district office, two students, a teacher, an admin, a parent, two classes, four enrollments.

    Args:
        changes: per file either all its rows, or by sourcedId the values to change, None to leave the row out. A sourcedId that is not there is
            added as a copy of the file's first row (of its last one in users: the parent, so give a role).
    """
    files: District = {
        "orgs": [
            {"sourcedId": "D1", "name": "North Valley", "type": "district", "identifier": "100", "parentSourcedId": ""},
            {"sourcedId": "O1", "name": "North High", "type": "school", "identifier": "101", "parentSourcedId": "D1"},
            {"sourcedId": "O2", "name": "South High", "type": "school", "identifier": "102", "parentSourcedId": "D1"},
        ],
        "academicSessions": [
            {"sourcedId": "Y1", "title": "2026-2027", "type": "schoolYear", "startDate": "2026-08-01", "endDate": "2027-06-30", "parentSourcedId": "",
             "schoolYear": "2027"},
            {"sourcedId": "T1", "title": "Fall", "type": "term", "startDate": "2026-08-01", "endDate": "2026-12-20", "parentSourcedId": "Y1",
             "schoolYear": "2027"},
        ],
        "courses": [{"sourcedId": "K1", "schoolYearSourcedId": "Y1", "title": "Algebra", "courseCode": "ALG", "grades": "03", "orgSourcedId": "O1",
                     "subjects": "Math", "subjectCodes": "M1"}],
        "users": [
            person("S1", "student", agentSourcedIds="P1"), person("S2", "student"), person("T1", "teacher"), person("A1", "administrator"),
            person("P1", "parent"),
        ],
        "demographics": [
            {"sourcedId": key, "birthDate": "2017-03-02", "sex": "female", "asian": "true", "cityOfBirth": "Reno"} for key in ("S1", "S2")
        ],
        "classes": [
            {"sourcedId": key, "title": f"Algebra {key}", "grades": "03", "courseSourcedId": "K1", "classCode": "", "classType": "scheduled",
             "location": "", "schoolSourcedId": "O1", "termSourcedIds": "T1", "subjects": "Math", "subjectCodes": "M1", "periods": "1,2"}
            for key in ("C1", "C2")
        ],
        "enrollments": [
            {"sourcedId": key, "classSourcedId": class_id, "schoolSourcedId": "O1", "userSourcedId": who, "role": role, "primary": primary,
             "beginDate": "2026-08-10", "endDate": "2026-12-20"}
            for key, class_id, who, role, primary in (("E1", "C1", "S1", "student", "false"), ("E2", "C1", "S2", "student", "false"),
                                                      ("E3", "C1", "T1", "teacher", "true"), ("E4", "C2", "S1", "student", "false"))
        ],
    }  # fmt: skip
    for file, change in changes.items():
        files[file] = [dict(row) for row in change] if isinstance(change, list) else _changed(files[file], change)
    return files


def _changed(rows: list[Row], change: Mapping[str, Mapping[str, str] | None]) -> list[Row]:
    known = {row["sourcedId"] for row in rows}
    changed = [{**row, **(change.get(row["sourcedId"]) or {})} for row in rows if change.get(row["sourcedId"], {}) is not None]
    base = rows[-1] if "familyName" in rows[0] else rows[0]
    added = [{**base, "sourcedId": key, **values} for key, values in change.items() if key not in known and values is not None]
    return [*changed, *added]


class Raw(str):
    """A line that is put into a file as it stands."""


def to_csv(file: str, rows: Sequence[Row | Raw]) -> str:
    """The file as text: the standard's columns, then those that only the rows have."""
    headers = list(
        dict.fromkeys([column.header for column in TABLES[file]] + [name for row in rows if isinstance(row, dict) for name in row])
    )
    lines = [_line(headers)]
    lines += [str(row) if isinstance(row, Raw) else _line([row.get(name, "") for name in headers]) for row in rows]
    return "\r\n".join(lines) + "\r\n"


def _line(values: Sequence[str]) -> str:
    class Sink(list[str]):
        def write(self, text: str) -> None:
            self.append(text)

    sink = Sink()
    csv.writer(sink, lineterminator="").writerow(values)
    return "".join(sink)


def read_district(
    files: Mapping[str, Sequence[Row]], sources: Mapping[RecordType, Mapping[str, Source]], folder: Path
) -> dict[str, TextTable]:
    """Write the files and read them as an import does."""
    texts = {}
    for file in TABLES:
        if file in files:
            path = folder / f"{file}.csv"
            path.write_text(to_csv(file, files[file]), encoding="utf-8", newline="")
            texts[file] = read_csv(
                path, name=path.name, scratch=folder, columns={*headers_needed(sources, file), *ALWAYS_READ.get(file, ())}
            )
    return texts


@dataclass
class MemoryLive:
    """The live roster as one dict of records per type, changed by applying change sets just as the database is."""

    records: dict[RecordType, dict[str, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in RecordType})
    office_keys: set[str] = field(default_factory=set)

    def keys(self, record_type: RecordType) -> LiveKeys:
        held = self.records[record_type]
        prints = np.array([one["fingerprint"] for one in held.values()], dtype=np.int64)
        return LiveKeys(pa.chunked_array([pa.array(list(held), pa.large_string())]), prints)

    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame:
        rows = [self.records[record_type][key] for key in keys.to_list() if key in self.records[record_type]]
        return _frame(rows, [*live_columns(record_type), "extra"]).assign(
            fingerprint=np.array([row["fingerprint"] for row in rows], dtype=np.int64)
        )

    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame:
        rows = [{**json.loads(one["extra"] or "{}"), **one} for one in self.records[record_type].values()]
        return _frame(rows, list(names))

    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame:
        wanted, persons = set(classes.to_list()), set(people.to_list())
        rows = [one for one in self.records[RecordType.ENROLLMENT].values() if one["class_id"] in wanted or one["person_id"] in persons]
        return _frame(rows, ["key", "class_id", "person_id", "person_type"])

    def schools(self) -> dict[str, str]:
        return {key: one["mapped_school"] for key, one in self.records[RecordType.SCHOOL].items()}

    def offices(self) -> list[str]:
        return sorted(self.office_keys)

    def apply(self, folder: Path, result: PipelineResult) -> None:
        """What the database does with a change set."""
        for record_type in RecordType:
            held = self.records[record_type]
            for batch in changeset.written_batches(folder, record_type):
                for row in batch.to_pylist():
                    held[row["key"]] = {name: row[name] for name in (*live_columns(record_type), "extra", "fingerprint")}
            for key in changeset.keys_with(folder, record_type, "deleted").to_pylist():
                del held[key]
        if result.organizations is not None:
            self.office_keys |= set(result.organizations["key"].to_list())


def _frame(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([row.get(name, "") for row in rows], dtype=TEXT) for name in names})


@dataclass
class Ran:
    """What one import did: counts, rows and findings as read back from its Parquet files."""

    result: PipelineResult
    rows: dict[RecordType, list[dict[str, Any]]]
    findings: list[dict[str, Any]]
    live: MemoryLive
    lines: dict[str, list[int]] = field(default_factory=dict)  # file -> the lines of its rows, unreadable ones included

    def counts(self, record_type: str) -> dict[str, int]:
        return self.result.counts[record_type]

    def row(self, record_type: str, key: str) -> dict[str, Any]:
        """The one row (or leaver) of that key."""
        found = [row for row in self.rows[RecordType(record_type)] if row["key"] == key]
        assert len(found) == 1, f"{record_type} {key}: {[(row['outcome'], row['code']) for row in found]}"
        return found[0]

    def fate(self, record_type: str, key: str) -> tuple[str, str]:
        """(outcome, code) of the row of that key that came in the file."""
        found = [(row["outcome"], row["code"]) for row in self.rows[RecordType(record_type)] if row["key"] == key and row["line"]]
        assert len(found) == 1, f"{record_type} {key}: {found}"
        return found[0]

    def fate_of_leaver(self, record_type: str, key: str) -> tuple[str, str]:
        """(deleted or kept, code) of a live record that has no accepted row."""
        found = [(row["outcome"], row["code"]) for row in self.rows[RecordType(record_type)] if row["key"] == key and not row["line"]]
        assert len(found) == 1, f"{record_type} {key}: {found}"
        return found[0]

    def fates(self, record_type: str, key: str) -> list[tuple[str, str]]:
        """The same of all rows and leavers of a key, by line; live records without a row first."""
        found = [row for row in self.rows[RecordType(record_type)] if row["key"] == key]
        return [(row["outcome"], row["code"]) for row in sorted(found, key=lambda row: row["line"])]

    def found(self, code: str, **where: object) -> list[dict[str, Any]]:
        """The findings of a code, narrowed to these values."""
        return [one for one in self.findings if one["code"] == code and all(one[name] == value for name, value in where.items())]

    def one(self, code: str, **where: object) -> dict[str, Any]:
        """The only finding of a code."""
        found = self.found(code, **where)
        assert len(found) == 1, f"{code}: {found or sorted({one['code'] for one in self.findings})}"
        return found[0]

    def says(self, code: str, **where: object) -> Problem:
        """The only finding of a code, in words."""
        return say(self.one(code, **where))

    def alive(self, record_type: str, key: str) -> dict[str, Any] | None:
        """The live record after the import."""
        return self.live.records[RecordType(record_type)].get(key)


def run(
    files: Mapping[str, Sequence[Row]], *, config: ImportConfig | None = None, live: MemoryLive | None = None, modes: Mapping[str, str] | None = None,
    today: date = TODAY, stops_for_schools: bool = False, apply: bool = True, others: Sequence[OtherApp] = (),
    held_back: HeldBack = NOTHING, out: Path | None = None, keeps_all: bool = False, earlier: Mapping[str, Sequence[str]] | None = None,
) -> Ran:  # fmt: skip
    """Import the files into the live roster (a new one by default), all schools being mapped as new by default. `out`: where its Parquet files stay."""
    config = config or ImportConfig(all_missing_as_new=True)
    live = live if live is not None else MemoryLive()
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), out or Path(name) / "out"
        out.mkdir()
        texts = read_district(files, config.sources, folder)
        given = {**dict.fromkeys(texts, "bulk"), **(modes or {})}
        params = PipelineParams(config, today, given, stops_for_schools, others=tuple(others), held_back=held_back, keeps_all=keeps_all,
                                earlier_headers=earlier or {})  # fmt: skip
        result = run_pipeline(texts, params, live, out)
        if result.stopped_for_schools:
            return Ran(result, {}, [], live)
        rows = {record_type: read_rows(out, record_type) for record_type in RecordType}
        findings = read_findings(out).to_dict("records")
        if apply:
            live.apply(out, result)
    lines = {file: sorted([*text.table.column("_line").to_pylist(), *(row.line for row in text.bad)]) for file, text in texts.items()}
    return Ran(result, rows, findings, live, lines)


def read_rows(folder: Path, record_type: RecordType) -> list[dict[str, Any]]:
    """All rows of a record type, the unchanged and those who left too, each with outcome, code and line (0 without one)."""
    rows: list[dict[str, Any]] = []
    if rows_path(folder, record_type).exists():
        rows += pq.read_table(rows_path(folder, record_type)).to_pylist()
    if unchanged_path(folder, record_type).exists():
        rows += [{**row, "outcome": "unchanged", "code": ""} for row in pq.read_table(unchanged_path(folder, record_type)).to_pylist()]
    return rows


@cache
def _yesterday() -> Ran:
    return run(district())


def yesterday() -> Ran:
    """The faultless district imported into a new roster (done once, copied for each test)."""
    done = _yesterday()
    return replace(done, live=copy.deepcopy(done.live))


def again(first: Ran, files: Mapping[str, Sequence[Row]], **options: Any) -> Ran:
    """Import into the roster that an earlier import left behind."""
    return run(files, live=first.live, **options)


def mapped(record_type: RecordType, **sources: str) -> dict[RecordType, dict[str, Source]]:
    """The default attribute map with some attributes of a type fed from elsewhere."""
    whole = default_sources()
    parsed = {name: Source.parse(text) for name, text in sources.items()}
    whole[record_type] = {**whole[record_type], **{name: source for name, source in parsed.items() if source}}
    return whole

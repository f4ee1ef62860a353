"""The summary of a sync: one sentence, the counts by record type and by school, and how the rows came down to those imported."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.history import told_by_kind
from imports.selectors.parquet import ParquetRows
from imports.selectors.report import record_counts
from imports.states import HoldKind, State
from records.artifact_paths import rows_path
from records.attributes import SCREEN_ORDER, RecordType
from roster.selectors.browse import school_names

_LEFT_OUT = {"skipped": "Skipped", "excluded": "Excluded", "duplicate": "Duplicate", "invalid": "Invalid"}
_OVER = {
    State.REJECTED: "It was rejected. Nothing was changed.",
    State.EXPIRED: "Nobody decided in time, so it counts as rejected. Nothing was changed.",
    State.SUPERSEDED: "A newer delivery took its place. Nothing was changed.",
    State.CANCELLED: "It was cancelled. Nothing was changed.",
    State.QUEUED: "It waits for a worker.",
}
_HELD = {
    HoldKind.PREVIEW: "Preview Mode is enabled",
    HoldKind.THRESHOLD: "more would change than the limits allow",
    HoldKind.EMPTY_FILE: "a file came without rows",
}


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step on the way from the files to the roster. `outcome` is empty for what is no outcome."""

    label: str
    count: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Summary:
    """rows: per record type in the order of the screens its name (record_type), its label, and all counts.

    by_school: key, name and, per record type, all counts; the key is empty for records of no school.
    """

    sentence: str
    rows: list[dict[str, Any]]
    funnel: list[FunnelStep]
    by_school: list[dict[str, Any]]


def sync_summary(sync: Sync) -> Summary:
    """The summary of a sync in whatever state it is."""
    counts = record_counts(sync)
    rows = [{"record_type": str(kind), "label": kind.plural, **counts[kind]} for kind in SCREEN_ORDER]
    return Summary(_sentence(sync, rows), rows, _funnel(rows), _by_school(sync))


def _total(rows: Iterable[dict[str, Any]], *names: str) -> int:
    return sum(int(row[name]) for row in rows for name in names)


def _sentence(sync: Sync, rows: list[dict[str, Any]]) -> str:
    state = State(sync.state)
    if told := told_by_kind(sync, {name: _total(rows, name) for name in ("created", "updated", "deleted")}):
        return told
    if state in _OVER:
        return _OVER[state]
    if state in (State.RUNNING, State.APPLYING):
        done = f" {sync.rows_done:,} of {_counted(sync.rows_total, 'row')} are done." if sync.rows_total else ""
        return f"It is being {'applied' if state is State.APPLYING else 'worked on'}.{done}"
    if state is State.FAILED:
        return sync.failure or "It failed before anything was changed."
    if state is State.NEEDS_SCHOOL_MAPPING:
        return f"{_counted(len(sync.detail.unmapped), 'school')} must be mapped before it can go on."
    if state is State.SIMULATED:
        return _simulated(sync, rows)
    if state is State.HELD:
        return _held(sync, rows)
    if state is State.NO_CHANGES:
        return f"Nothing has changed since the last sync: {_counted(_total(rows, 'unchanged'), 'row')} are as they were."
    back = " It was rolled back later." if state is State.ROLLED_BACK else ""
    return _imported(sync, rows, "Imported") + back


def _held(sync: Sync, rows: list[dict[str, Any]]) -> str:
    why = _HELD[HoldKind(sync.hold_kind)] if sync.hold_kind else "a person must look at it"
    what = f"would create {_total(rows, 'created'):,}, update {_total(rows, 'updated'):,} and delete {_total(rows, 'deleted'):,}"
    return f"Held, because {why}. It {what}. Nothing was changed yet."


def _simulated(sync: Sync, rows: list[dict[str, Any]]) -> str:
    """What an import would have done, in the conditional."""
    end, taken = sync.would_end, _total(rows, "in_file") - _total(rows, *_LEFT_OUT)
    if end == State.NEEDS_SCHOOL_MAPPING:
        return (
            f"With this configuration the import would wait: {_counted(len(sync.detail.unmapped), 'school')} would have to be mapped first."
        )
    if end == State.NO_CHANGES:
        return f"With this configuration nothing would change: {_counted(_total(rows, 'unchanged'), 'row')} are as they were."
    moved = [f"{count:,} {name}" for name in ("created", "updated", "deleted") if (count := _total(rows, name))]
    what = _listed(moved) or "nothing would be created, updated or deleted"
    said = f"With this configuration {taken:,} of {_counted(_total(rows, 'in_file'), 'row')} would be accepted; {what}."
    if end == State.HELD:
        why = _HELD[HoldKind(sync.hold_kind)] if sync.hold_kind else "a person must look at it"
        return f"{said} It would be held, because {why}."
    return said


def _imported(sync: Sync, rows: list[dict[str, Any]], verb: str) -> str:
    in_files, left_out = _total(rows, "in_file"), _total(rows, *_LEFT_OUT)
    parts = []
    if left_out:
        parts.append(f"{left_out:,} {'was' if left_out == 1 else 'were'} left out")
    if sync.issue_count:
        parts.append(f"{sync.issue_count:,} {'needs' if sync.issue_count == 1 else 'need'} attention")
    rest = f"; {', '.join(parts)}" if parts else ""
    return f"{verb} {in_files - left_out:,} of {_counted(in_files, 'row')}{rest}."


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _funnel(rows: list[dict[str, Any]]) -> list[FunnelStep]:
    """In file, left out by reason, accepted, and what became of these."""
    steps = [FunnelStep("In the files", _total(rows, "in_file"), "")]
    steps += [FunnelStep(label, _total(rows, name), name) for name, label in _LEFT_OUT.items()]
    accepted = {"created": "Created", "updated": "Updated", "unchanged": "Unchanged"}
    steps.append(FunnelStep("Accepted", _total(rows, *accepted), ""))
    return steps + [FunnelStep(label, _total(rows, name), name) for name, label in accepted.items()]


def _by_school(sync: Sync) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, dict[str, int]]] = sync.detail.by_school
    names = school_names(sync.district, counts)
    if any(key and key not in names for key in counts):
        names = {**_delivered_names(sync), **names}
    schools = [{"key": key, "name": names.get(key, key), "counts": kinds} for key, kinds in counts.items()]
    return sorted(schools, key=lambda school: (not school["key"], school["name"].casefold()))


def _delivered_names(sync: Sync) -> dict[str, str]:
    """The names of schools that are created once a held sync is applied, by the key they will have."""
    path = local_artifact(sync.artifacts, rows_path(Path(), RecordType.SCHOOL).name) if sync.artifacts else None
    if path is None:
        return {}
    table = ParquetRows(path).columns(["mapped_school", "name"])
    return {str(row["mapped_school"]): str(row["name"]) for row in table.to_pylist() if row["mapped_school"]}

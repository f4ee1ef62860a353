"""A sync report as text for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from imports.sentences import Problem
from imports.states import State
from records.attributes import SCREEN_ORDER

_COLUMNS = (
    "in_file", "created", "updated", "unchanged", "deleted", "skipped", "excluded", "duplicate", "invalid", "reported", "kept", "live",
)  # fmt: skip
_FIRST = 20  # errors that are listed


def report_text(report: Mapping[str, Any]) -> str:
    """The state, the table of counts and the first errors."""
    state, is_simulated = State(report["state"]).label, report.get("simulated", False)
    said = f"it would end as: {state}. Nothing was changed." if is_simulated else state
    lines = [f"{'Simulation' if is_simulated else 'Sync'} {report['id']} of {report['district']} ({report['app']}): {said}"]
    if report.get("hold"):
        lines.append(
            f"{'Would be held' if is_simulated else 'Held'} ({report['hold']['kind'].replace('_', ' ')}): {report['hold']['detail']}"
        )
    if report.get("failure"):
        lines.append(str(report["failure"]))
    if any(count["in_file"] or count["live"] for count in report["records"].values()):
        lines += ["", *_counts(report["records"])]
    if report["errors"]:
        lines += ["", *error_lines(report["errors"], "Errors and issues")]
    if report.get("duration_seconds") is not None:
        speed = f", {report['rows_per_second']:,} rows per second" if report.get("rows_per_second") else ""
        lines += ["", f"{report['duration_seconds']:g} seconds{speed}."]
    return "\n".join(lines)


def problem_entry(problem: Problem) -> dict[str, Any]:
    """A problem in the form that the errors of a sync report have."""
    return {name: getattr(problem, name) for name in ("file", "line", "column", "code", "value", "message", "fix")}


def error_lines(errors: Sequence[Mapping[str, Any]], title: str) -> list[str]:
    """The first errors, two lines each: where and what, then how to mend it."""
    lines = [f"{title}: {len(errors):,}" + (f", the first {_FIRST}:" if len(errors) > _FIRST else "")]
    for error in errors[:_FIRST]:
        where = " ".join(filter(None, (error["file"], f"line {error['line']}" if error["line"] else "", error["column"])))
        lines += [f"  {where}: {error['message']}".replace("  : ", "  "), f"      {error['fix']}"]
    return lines


def _counts(records: Mapping[str, Mapping[str, int]]) -> list[str]:
    head = ["", *(name.replace("_", " ") for name in _COLUMNS)]
    rows = [
        [record_type.plural, *(f"{records[record_type].get(name, 0):,}" for name in _COLUMNS)]
        for record_type in SCREEN_ORDER
        if records.get(record_type)
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))])
        for row in (head, *rows)
    ]

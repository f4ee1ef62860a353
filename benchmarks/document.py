"""docs/benchmarks.md: one section per size, replaced when that size is measured again; the others stay."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engines import has_postgresql
from benchmarks.goals import (
    CHANGED,
    INITIAL,
    OVER_IMPORT_EXPORT,
    OVER_LOOP,
    REVIEW_SECONDS,
    TIMELINE_SECONDS,
    Verdict,
    judge_approval,
    judge_growth,
    judge_live_count,
    judge_memory,
    judge_page,
    judge_ratio,
    judge_times,
    judge_undo,
)
from benchmarks.plan import OTHERS, OthersResult, SizeResult
from benchmarks.results import Measurement

INTRODUCTION = """# Benchmarks

Written by `make bench SIZE=100000`; never edited by hand. A section is replaced when its size is measured again.

**The limit L** is the least any importer could do: parse the files with Arrow and load the same raw rows, every value as it came, into
the same tables with their indexes, commit included. No rule, no history, no outcome, no issue. The portal's time has all of that in it:
delivery received and hashed, sync started, claimed and worked to its end. It can beat L because it builds the indexes of empty tables after
the load and writes only what has changed.

Every figure comes from a process of its own on a fresh copy of a migrated database, with all modules loaded before the clock starts, as
in a worker. Memory is the peak (VmHWM) of that process. Machines are noisy, so compare ratios: L is measured before and after every round of
imports (its range is given), and its median counts; of two in the middle the quicker L and the slower import. The PostgreSQL server is a
throw-away one without fsync, for L and the imports alike.
"""
NO_POSTGRESQL = "PostgreSQL is not installed on this machine, so only SQLite was measured."
OTHERS_TITLE = "The same users.csv by other means"
_ORDER = re.compile(r"^## ([\d,]+) students$")


def size_section(results: Sequence[SizeResult], smaller: Sequence[SizeResult], facts: dict[str, str]) -> str:
    """The section of one size: a table over the engines, and how the time grew from the next smaller size."""
    lines = [f"## {results[0].students:,} students", "", *fact_lines(facts)]
    lines += [f"Rows: {results[0].limit.rows:,} in the seven files.", ""]
    lines += table(
        ("engine", "what", "seconds", "CPU s", "rows/s", "ratio to L", "goal", "", "peak MB", "goal", ""),
        [row for result in results for row in _size_rows(result)],
    )
    lines += ["", "### Live counts of the wizard, after a change", ""]
    lines += table(("engine", "step", "seconds", "goal", "", "peak MB"), [row for result in results for row in _count_rows(result)])
    lines += ["", "### Review, approval, rollback, timeline", ""]
    lines += table(("engine", "what", "seconds", "goal", ""), [row for result in results for row in _safety_rows(result)])
    growth = [row for result in results for small in smaller if small.engine == result.engine for row in _growth_rows(small, result)]
    if growth:
        lines += ["", "### Growth", "", *table(("engine", "what", "rows", "time", "goal", ""), growth)]
    if not has_postgresql():
        lines += ["", NO_POSTGRESQL]
    return "\n".join(lines) + "\n"


def others_section(results: Sequence[OthersResult], facts: dict[str, str]) -> str:
    """The section that compares with other ways to import one users.csv."""
    lines = [f"## {OTHERS_TITLE}", "", *fact_lines(facts)]
    lines += [
        "Time per row over the portal's, which has all rules, history and outcomes in it: once over the import of the whole district that",
        "the file belongs to, and once over *users alone*, the same users.csv in a delivery whose other files, but for orgs.csv, have no",
        "rows. In so small a delivery about half of the portal's time does not depend on the rows.",
        "The others write every row into one table, in one transaction, and check nothing.", "",
    ]  # fmt: skip
    rows = []
    for one in results:
        rows.append(_other_row(one, "the portal, users alone", one.users_only, None))
        rows.append(_other_row(one, "the portal, whole district", one.whole, None))
        share = one.users_only.rows / one.whole.rows
        lines += [f"{one.engine}: users.csv is {100 * share:.0f} % of the whole district's rows; those rows alone take "
                  f"{100 * one.users_only.seconds / one.whole.seconds:.0f} % of its time.", ""]  # fmt: skip
        goals = {"update_or_create": OVER_LOOP, "import_export": OVER_IMPORT_EXPORT, "import_export_bulk": None}
        rows += [_other_row(one, name, one.others[name], goals[job]) for job, name in OTHERS.items()]
    head = (
        "engine",
        "what",
        "rows",
        "seconds",
        "rows/s",
        "goal",
        "per row, over the whole district's",
        "",
        "per row, over users alone",
        "",
    )
    return "\n".join([*lines, *table(head, rows)]) + "\n"


def merge(existing: str, sections: Sequence[str]) -> str:
    """The whole document: the introduction, the sections of all sizes in order, then the others."""
    parts = {_title(part): part for part in _split(existing)} | {_title(part): part for part in sections}
    return "\n".join([INTRODUCTION, *(parts[title] for title in sorted(parts, key=_rank))])


def write(path: Path, sections: Sequence[str]) -> None:
    """Put the sections into the document at `path`."""
    existing = path.read_text(encoding="utf-8") if path.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(merge(existing, sections), encoding="utf-8")


def _split(text: str) -> list[str]:
    return [part.strip("\n") + "\n" for part in re.split(r"(?m)^(?=## )", text) if part.startswith("## ")]


def _title(section: str) -> str:
    return section.partition("\n")[0]


def _rank(title: str) -> tuple[float, str]:
    found = _ORDER.match(title)
    return (float(found[1].replace(",", "")) if found else float("inf"), title)


def fact_lines(facts: dict[str, str]) -> list[str]:
    """The machine, a fact a line."""
    return [line for name, text in facts.items() for line in (f"{name}: {text}.  ",)] + [""]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows)]


def _size_rows(result: SizeResult) -> list[tuple[str, ...]]:
    limit = result.limit
    spread = f"{min(result.limits):.1f}–{max(result.limits):.1f}"
    rows: list[tuple[str, ...]] = [
        (result.engine, f"limit L ({spread} s)", *_speed(limit), "1.00", "", "", f"{limit.peak_mb:,.0f}", "", "")
    ]
    for what, found in result.imports.items():
        ratio = found.seconds / limit.seconds
        by_ratio, by_memory = judge_ratio(what, result.students, ratio), judge_memory(result.students, found.peak_mb)
        rows.append((result.engine, what, *_speed(found), f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}", by_ratio.goal, by_ratio.word,
                     f"{found.peak_mb:,.0f}", by_memory.goal, by_memory.word))  # fmt: skip
    return rows


def _count_rows(result: SizeResult) -> list[tuple[str, ...]]:
    """The first counts after an upload, which read the delivery, have no goal; every other one has."""
    rows: list[tuple[str, ...]] = []
    for step, seconds in result.counts.facts.items():
        verdict = Verdict() if step.startswith("the first") else judge_live_count(result.students, seconds)
        words = step.replace("_", " ")
        rows.append((result.engine, words, f"{seconds:.2f}", verdict.goal, verdict.word, f"{result.counts.peak_mb:,.0f}"))
    return rows


def _safety_rows(result: SizeResult) -> list[tuple[str, ...]]:
    facts, students = result.safety.facts, result.students
    verdicts = {
        "the review": judge_page(students, facts["the review"], REVIEW_SECONDS),
        "applying it once approved": judge_approval(facts["applying it once approved"], facts["working out a delivery with 30 % changed"]),
        "rolling the first import back": judge_undo(facts["rolling the first import back"], result.imports[INITIAL].seconds),
    }
    rows = [(what, seconds, verdicts.get(what, Verdict())) for what, seconds in facts.items()]
    rows += [(f"timeline over 200 syncs: {what}", seconds, Verdict() if what == "the very first" else judge_page(students, seconds, TIMELINE_SECONDS))
             for what, seconds in result.timeline.facts.items()]  # fmt: skip
    return [
        (result.engine, what, f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}", verdict.goal, verdict.word)
        for what, seconds, verdict in rows
    ]


def _speed(found: Measurement) -> tuple[str, str, str]:
    return f"{found.seconds:.2f}", f"{found.cpu_seconds:.2f}", f"{found.rows_per_second:,.0f}"


def _growth_rows(small: SizeResult, large: SizeResult) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for what in (INITIAL, CHANGED):
        one, other = small.imports[what], large.imports[what]
        more, longer = other.rows / one.rows, other.seconds / one.seconds
        verdict = judge_growth(longer, more)
        rows.append((large.engine, f"{what}, {small.students:,} → {large.students:,} students", f"{more:.1f} ×", f"{longer:.1f} ×",
                     verdict.goal, verdict.word))  # fmt: skip
    return rows


def _other_row(result: OthersResult, what: str, found: Measurement, at_least: float | None) -> tuple[str, ...]:
    cells: list[str] = []
    for ours in (result.whole, result.users_only):
        times = found.seconds_per_row / ours.seconds_per_row
        cells += [f"{times:.1f} ×", judge_times(times, at_least).word if at_least else "–"]
    goal = f"≥ {at_least:.0f} ×" if at_least else "–"
    return (result.engine, what, f"{found.rows:,}", f"{found.seconds:.2f}", f"{found.rows_per_second:,.0f}", goal, *cells)

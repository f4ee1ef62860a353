"""Count the outcomes of a sync: per record type, per school, and per finding."""

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd

from imports.steps.difference import TypeChange
from records.attributes import SCHOOL_ATTRIBUTE, RecordType
from records.outcomes import COUNTS, OUTCOMES, Fate
from records.rules import RULES
from records.text import Mask, distinct

BySchool = dict[str, dict[str, dict[str, int]]]


def reported_lines(found: pd.DataFrame, record_type: RecordType) -> np.ndarray:
    """The lines of a record type that have at least one finding marked reported."""
    codes = [code for code, rule in RULES.items() if rule.mark == "reported"]
    mine = found[(found["record_type"] == record_type.value) & found["code"].isin(codes)]
    return np.unique(mine["row"].to_numpy())


def count_type(change: TypeChange, reported: Mask) -> dict[str, int]:
    """All counts of one record type; `live` is what will be live once the change is applied."""
    fate = change.frame["_fate"].to_numpy()
    by_fate = np.bincount(fate, minlength=len(Fate))
    counts = {name: int(by_fate[Fate[name.upper()]]) for name in OUTCOMES}
    live = change.live_before + counts["created"] - len(change.deleted)
    counts |= {
        "in_file": len(fate),
        "reported": int(reported.sum()),
        "deleted": len(change.deleted),
        "kept": len(change.kept),
        "live": live,
    }
    return {name: counts[name] for name in COUNTS}


def count_schools(change: TypeChange, reported: Mask, leavers: pd.DataFrame, into: BySchool) -> None:
    """Add the counts of one record type by the school its records belong to ("" for none); `live` is of accepted and kept records."""
    record_type = change.record_type
    attribute = SCHOOL_ATTRIBUTE.get(record_type)
    if attribute is None:
        return
    schools, codes = distinct(change.frame[attribute])
    names = schools.to_pylist()
    fate = change.frame["_fate"].to_numpy().astype(np.int64)
    grid = (
        np.bincount(codes * len(Fate) + fate, minlength=len(names) * len(Fate)).reshape(-1, len(Fate))
        if len(codes)
        else np.zeros((0, len(Fate)), dtype=np.int64)
    )
    marked = np.bincount(codes[reported], minlength=len(names))
    for at, name in enumerate(names):
        counts: dict[str, int] = defaultdict(int)
        for outcome in OUTCOMES:
            counts[outcome] = int(grid[at, Fate[outcome.upper()]])
        counts["in_file"], counts["reported"] = int(grid[at].sum()), int(marked[at])
        counts["live"] = counts["created"] + counts["updated"] + counts["unchanged"]
        into.setdefault(name, {})[record_type.value] = {name: counts[name] for name in COUNTS}
    if len(leavers):
        for place, rows in leavers.groupby([attribute, "outcome"]).size().items():
            name, outcome = cast("tuple[str, str]", place)
            counts = into.setdefault(str(name), {}).setdefault(record_type.value, dict.fromkeys(COUNTS, 0))
            counts[str(outcome)] += int(rows)
            counts["live"] += int(rows) if outcome == "kept" else 0


def count_findings(found: pd.DataFrame) -> list[dict[str, object]]:
    """[{code, outcome, record_type, count}], count in rows (a row that lacks two values counts once), largest first."""
    if found.empty:
        return []
    rows = found.drop_duplicates(["code", "record_type", "row", "key"])
    sizes = rows.groupby(["code", "record_type"], sort=True).size().sort_values(ascending=False, kind="stable")
    counted = []
    for place, count in sizes.items():
        code, record_type = cast("tuple[str, str]", place)
        outcome = RULES[code].outcome if code in RULES else "warning"
        counted.append({"code": code, "outcome": outcome, "record_type": record_type, "count": int(count)})
    return counted


def rows_of(counts: Mapping[str, Mapping[str, int]], *names: str) -> int:
    """The sum of some counts over all record types."""
    return sum(count[name] for count in counts.values() for name in names)

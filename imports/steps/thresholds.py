"""Work out the share of the live roster that a change set touches, and whether a person must look at it first.

Source: hold, preview, approve; docs/decisions/0018-holds-per-school-and-file.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

ALL = "all"
PERCENT, ROWS = "percent", "rows"
_Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class ThresholdParams:
    """Limits in per cent of the records live before; None is off."""

    update_limit_pct: float | None = None
    deletion_limit_pct: float | None = None


@dataclass(frozen=True, slots=True)
class SchoolParams:
    """Limits for one school: in per cent of its records live before, and in records; None is off."""

    update_limit_pct: float | None = None
    deletion_limit_pct: float | None = None
    update_limit_rows: int | None = None
    deletion_limit_rows: int | None = None

    @property
    def is_on(self) -> bool:
        return any(
            limit is not None
            for limit in (self.update_limit_pct, self.deletion_limit_pct, self.update_limit_rows, self.deletion_limit_rows)
        )


@dataclass(frozen=True, slots=True)
class Excess:
    """What is beyond its limit: rows updated or deleted of a record type (or all) of the district or of one school, or the rows of a file.

    record_type: one of the nine, "all", or "" for a file. what: updated, deleted or delivered. live_before: records live before, of a file the
    rows of the last good one. limit: in `unit`, percent or rows. school: key of the organization. file: "users".
    """

    record_type: str
    what: str
    rows: int
    live_before: int
    limit: float
    unit: str = PERCENT
    school: str = ""
    file: str = ""

    @property
    def share_pct(self) -> float:
        return 100 * self.rows / self.live_before if self.live_before else 0.0

    def to_json(self) -> dict[str, Any]:
        """As `SyncDetail.excesses` keeps it."""
        scope = "file" if self.file else "school" if self.school else "type"
        return {
            "scope": scope, "name": self.file or self.school or self.record_type, "record_type": self.record_type, "what": self.what,
            "rows": self.rows, "live_before": self.live_before, "limit": self.limit, "unit": self.unit,
        }  # fmt: skip


def shares(counts: _Counts) -> dict[str, dict[str, float]]:
    """Per record type and over all: update_share and deletion_share, 0 to 1, of the records live before (0 where there were none).

    Args:
        counts: record type -> updated, deleted, live_before.
    """
    result = {}
    for record_type, count in _with_all(counts).items():
        base = count["live_before"]
        result[record_type] = {
            "update_share": count["updated"] / base if base else 0.0, "deletion_share": count["deleted"] / base if base else 0.0
        }  # fmt: skip
    return result


def _with_all(counts: _Counts) -> dict[str, Mapping[str, int]]:
    return {**counts, ALL: {name: sum(count[name] for count in counts.values()) for name in ("updated", "deleted", "live_before")}}


def check_thresholds(counts: _Counts, params: ThresholdParams) -> list[Excess]:
    """The shares greater than their limit, largest first; none means apply. A first import, with nothing live before, has none."""
    over = []
    for record_type, count in _with_all(counts).items():
        for what, limit in (("updated", params.update_limit_pct), ("deleted", params.deletion_limit_pct)):
            if limit is not None and is_over(count[what], count["live_before"], limit):
                over.append(Excess(record_type, what, count[what], count["live_before"], limit))
    return sorted(over, key=lambda excess: -excess.share_pct)


def check_schools(by_school: Mapping[str, _Counts], live_before: Mapping[str, Mapping[str, int]], params: SchoolParams) -> list[Excess]:
    """What is over a limit of single schools, per record type and over all of the school's records; largest share first.

    Record types of which the school had none before do not count: what is updated there came from another school.

    Args:
        by_school: organization key ("" for no school) -> record type -> updated, deleted.
        live_before: organization key -> record type -> live records.
        params: the limits.
    """
    over = []
    for school, kinds in by_school.items() if params.is_on else ():
        before = live_before.get(school, {})
        counted = {
            kind: {"updated": count["updated"], "deleted": count["deleted"], "live_before": before[kind]}
            for kind, count in kinds.items()
            if school and before.get(kind)
        }
        for record_type, count in _with_all(counted).items():
            over += _of_school(school, record_type, count, params)
    return sorted(over, key=lambda excess: (-excess.share_pct, -excess.rows))


def _of_school(school: str, record_type: str, count: Mapping[str, int], params: SchoolParams) -> list[Excess]:
    over = []
    limits = (
        ("updated", params.update_limit_pct, params.update_limit_rows),
        ("deleted", params.deletion_limit_pct, params.deletion_limit_rows),
    )
    for what, per_cent, most in limits:
        rows, live = count[what], count["live_before"]
        if per_cent is not None and is_over(rows, live, per_cent):
            over.append(Excess(record_type, what, rows, live, per_cent, PERCENT, school))
        if most is not None and rows > most:
            over.append(Excess(record_type, what, rows, live, most, ROWS, school))
    return over


def check_rows(rows: Mapping[str, int], last_good: Mapping[str, int], floor_pct: float | None) -> list[Excess]:
    """The files ("users") that have fewer rows than the floor, in per cent of the rows they had in the last sync that was applied; None is off."""
    if floor_pct is None:
        return []
    return [
        Excess("", "delivered", count, last_good[file], floor_pct, PERCENT, file=file)
        for file, count in rows.items()
        if last_good.get(file) and 100 * count < Fraction(str(floor_pct)) * last_good[file]
    ]


def is_over(rows: int, live: int, limit_pct: float) -> bool:
    """Whether the share is greater than its limit; just at the limit it is not, and of nothing there is no share."""
    return live > 0 and 100 * rows > Fraction(str(limit_pct)) * live


def most_allowed(limit_pct: float, live: int) -> int:
    """How many of the live records may change before the share is greater than the limit."""
    return min(int(Fraction(str(limit_pct)) * live / 100), live)

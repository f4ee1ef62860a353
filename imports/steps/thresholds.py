"""Work out the share of the live roster that a change set touches, and whether a person must look at it first.

Source: hold, preview, approve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

ALL = "all"


@dataclass(frozen=True, slots=True)
class ThresholdParams:
    """Limits in per cent of the records live before; None is off."""

    update_limit_pct: float | None = None
    deletion_limit_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A share over its limit: of which record type (or all), of what (updated, deleted), rows, live before, the limit in per cent."""

    record_type: str
    what: str
    rows: int
    live_before: int
    limit_pct: float

    @property
    def share_pct(self) -> float:
        return 100 * self.rows / self.live_before


def shares(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Per record type and over all: update_share and deletion_share, 0 to 1, of the records live before (0 where there were none).

    Args:
        counts: record type -> updated, deleted, live_before.
    """
    whole = {name: sum(count[name] for count in counts.values()) for name in ("updated", "deleted", "live_before")}
    result = {}
    for record_type, count in {**counts, ALL: whole}.items():
        base = count["live_before"]
        result[record_type] = {
            "update_share": count["updated"] / base if base else 0.0, "deletion_share": count["deleted"] / base if base else 0.0
        }  # fmt: skip
    return result


def check_thresholds(counts: Mapping[str, Mapping[str, int]], params: ThresholdParams) -> list[Excess]:
    """The shares greater than their limit, largest first; none means apply. A first import, with nothing live before, has none."""
    whole = {name: sum(count[name] for count in counts.values()) for name in ("updated", "deleted", "live_before")}
    over = []
    for record_type, count in {**counts, ALL: whole}.items():
        for what, limit in (("updated", params.update_limit_pct), ("deleted", params.deletion_limit_pct)):
            if limit is not None and count["live_before"] and 100 * count[what] > limit * count["live_before"]:
                over.append(Excess(record_type, what, count[what], count["live_before"], limit))
    return sorted(over, key=lambda excess: -excess.share_pct)


def most_allowed(limit_pct: float, live: int) -> int:
    """How many of the live records may change before the share is greater than the limit."""
    return min(int(Fraction(str(limit_pct)) * live / 100), live)

"""What a sync would change or delete, as shares of the roster before it, against the limits it obeyed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from records.attributes import SCREEN_ORDER

SCALE_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """One share against its limit, both in per cent; a limit of None is off."""

    label: str
    kind: str  # updated or deleted
    percent: float
    count: int
    limit: float | None

    @property
    def is_over(self) -> bool:
        """Whether the share is greater than its limit; just at the limit it is not."""
        return self.limit is not None and self.percent > self.limit

    @property
    def shown(self) -> float:
        """The share as far as a bar can show it."""
        return min(self.percent, SCALE_PERCENT)


def measures(
    shares: Mapping[str, Mapping[str, float]], counts: Mapping[str, Mapping[str, int]], delivery: Mapping[str, Any]
) -> list[Measure]:
    """The shares over all record types first, then of each type that has any; what is over its limit stands on top."""
    kinds = (
        ("updated", "update_share", delivery.get("update_threshold")),
        ("deleted", "deletion_share", delivery.get("deletion_threshold")),
    )
    found = []
    for name in ("all", *SCREEN_ORDER):
        for kind, share, limit in kinds:
            percent = 100 * float(shares.get(name, {}).get(share) or 0)
            if name == "all" or percent:
                parts = counts.values() if name == "all" else [counts.get(name, {})]
                count = sum(int(part.get(kind, 0)) for part in parts)
                label = "All records" if name == "all" else next(t.plural for t in SCREEN_ORDER if t == name)
                found.append(Measure(label, kind, percent, count, limit))
    return sorted(found, key=lambda measure: not measure.is_over)

"""How runs of a landing zone were started, as the screens say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from imports.models import LandingRun, Sync


@dataclass(frozen=True, slots=True)
class Started:
    """A run, and of a replay the sync whose files it took again; None where that is gone."""

    run: LandingRun
    replayed: int | None = None


def started_by(runs: Sequence[LandingRun]) -> list[Started]:
    """The runs, in their order; one query at most. They are of one district."""
    deliveries = {run.replays_id for run in runs if run.replays_id}
    first: dict[int, int] = {}
    if deliveries:
        syncs = Sync.objects.of(runs[0].district_id).filter(delivery__in=deliveries).order_by("pk")
        for sync_id, delivery_id in syncs.values_list("pk", "delivery_id"):
            first.setdefault(delivery_id, sync_id)
    return [Started(run, first.get(run.replays_id or 0)) for run in runs]

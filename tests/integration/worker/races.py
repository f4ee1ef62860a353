"""Decisions and workers that meet: a small district, and what its syncs become."""

from typing import Any

import pytest

from imports.models import Sync
from imports.services.apply_sync import ROSTER_MOVED
from imports.services.decide_sync import approve_sync
from imports.services.hold_sync import AGAIN
from imports.services.rollback import start_rollback
from imports.services.run_sync import run_sync
from imports.states import State
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.integration.worker.exact import check_applied_once
from tests.unit.steps.kit import District, district

PREVIEW: dict[str, Any] = {"delivery": {"preview": True}}
WHOLE, WITHOUT_S2 = district(), district(users={"S2": None}, demographics={"S2": None}, enrollments={"E2": None})


def phone(number: int, **changes: Any) -> District:
    """The district in which T1 has this phone."""
    return district(users={"T1": {"phone": str(number)}, **changes})


def fresh(sync: Sync) -> Sync:
    return Sync.objects.of(sync.district_id).select_related("detail").get(pk=sync.pk)


def queue(desk: Desk, files: District, monkeypatch: pytest.MonkeyPatch) -> Sync:
    """A delivery whose sync no worker has taken yet."""
    with monkeypatch.context() as patch:
        patch.setattr(Desk, "work", lambda self, sync: sync)
        return desk.deliver(files)


def approve(sync: Sync) -> None:
    approve_sync(sync=fresh(sync), by=None, wake=False)


def work(sync: Sync) -> Sync:
    run_sync(sync.pk, wakes_next=False)
    return fresh(sync)


def settle(desk: Desk) -> None:
    """Let workers come until nothing is queued."""
    for _ in range(12):
        queued = Sync.objects.of(desk.district).filter(state=State.QUEUED).order_by("pk").first()
        if queued is None:
            return check_applied_once(desk.district)
        work(queued)
    raise AssertionError("Syncs are queued again and again.")


def held_rollback(desk: Desk, sync: Sync, part: Part | None = None) -> Sync:
    shown = work(start_rollback(sync=sync, by=None, part=part, wake=False))
    assert shown.state == State.HELD, shown.failure
    return shown


def was_shown_anew(sync: Sync) -> bool:
    """It was approved, but the roster had changed: it is held again, with another difference, and approved no more."""
    sync = fresh(sync)
    reasons = list(sync.transitions.values_list("reason", flat=True))
    return sync.state == State.HELD and not sync.approved and ROSTER_MOVED in reasons and sync.hold_detail.startswith(AGAIN)


def names(raised: list[BaseException | None]) -> list[str]:
    return [type(error).__name__ if error else "" for error in raised]

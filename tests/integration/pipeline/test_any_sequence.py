"""Any sequence of imports, approvals, rejections, parts and rollbacks, and then all of it rolled back: the first roster again."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imports.models import Sync
from imports.services.decide_sync import approve_sync, limit_sync, reject_sync
from imports.services.rollback import rollback_range, start_rollback
from imports.states import ACCEPTED, State, SyncKind
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.property.law import assert_email_is_unique
from tests.property.worlds import days
from tests.unit.steps.kit import District, district

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
PARTS = (
    Part.of(types=["student", "class"]),
    Part.of(schools=["O1"]),
    Part.of(outcomes=["created", "updated"]),
    Part.of(outcomes=["deleted"]),
)
DECISIONS = ("approve", "approve", "reject", "part", "leave")
Act = tuple[str, Any, Any]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("import"), days(deltas=False).map(lambda one: one.second), st.sampled_from(DECISIONS)),
        st.tuples(st.just("rollback"), st.integers(0, 5), st.sampled_from(DECISIONS)),
        st.tuples(st.just("rest"), st.none(), st.sampled_from(("approve", "reject"))),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def worked(desk: Desk, sync: Sync) -> Sync:
    """The sync once no worker has anything to do with it; those that were queued before it are worked first, as ever."""
    while (sync := desk.work(sync)).state == State.QUEUED:
        desk.work(Sync.objects.of(desk.district).filter(state=State.QUEUED).earliest("pk"))
    return sync


def decide(desk: Desk, sync: Sync, how: str, part: Part = PARTS[0]) -> None:
    """Decide on a held sync; one that is shown anew is decided likewise."""
    if sync.state == State.HELD and how == "part" and sync.kind != SyncKind.ROLLBACK:
        limit_sync(sync=sync, part=part, by=None, wake=False)
        sync = worked(desk, sync)
    while sync.state == State.HELD and how in {"approve", "part"}:
        approve_sync(sync=sync, by=None, wake=False)
        sync = worked(desk, sync)
    if sync.state == State.HELD and how == "reject":
        reject_sync(sync=sync, by=None)


def act(desk: Desk, kind: str, what: Any, how: str) -> None:
    if kind == "import":
        decide(desk, worked(desk, desk.deliver(what)), how, PARTS[len(what["users"]) % len(PARTS)])
    elif kind == "rest":
        for rest in Sync.objects.of(desk.district).filter(kind=SyncKind.REST, state=State.QUEUED):
            decide(desk, worked(desk, rest), how)
    elif done := rollback_range(desk.district.pk):
        sync = Sync.objects.of(desk.district).get(pk=done[what % len(done)])
        part = PARTS[what % len(PARTS)] if how == "part" else None
        decide(desk, worked(desk, start_rollback(sync=sync, by=None, part=part, wake=False)), how)


def undo_all(desk: Desk, since: int) -> None:
    """Roll back everything that was applied since a version of the roster, newest first."""
    applied = Sync.objects.of(desk.district).filter(applied_version__gt=since).order_by("-applied_version")
    for pk in list(applied.values_list("pk", flat=True)):
        sync = Sync.objects.of(desk.district).get(pk=pk)
        assert sync.state in ACCEPTED, (sync.pk, sync.state)
        decide(desk, worked(desk, start_rollback(sync=sync, by=None, wake=False)), "approve")


def moved(**changes: Any) -> District:
    return district(**changes)


@given(ACTS)
@example([("import", moved(users={"S1": {"phone": "1"}}), "approve"), ("rollback", 1, "approve"), ("rollback", 0, "approve")])
@example([("import", moved(users={"S2": None}), "part"), ("rest", None, "approve"), ("rollback", 1, "part")])
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
def test_rolling_everything_back_gives_the_first_roster_again(settings: Any, acts: list[Act]) -> None:
    settings.PORTAL_ROLLBACK_SYNCS = 100
    desk = Desk({"uniqueness": [{"record_type": "student", "attributes": ["username"]}]})
    desk.deliver(district())
    first = desk.live()
    desk.configure({"delivery": {"preview": True}, "uniqueness": [{"record_type": "student", "attributes": ["username"]}]})
    for kind, what, how in acts:
        act(desk, kind, what, how)
        assert_email_is_unique(desk.live())
    undo_all(desk, since=1)
    assert desk.live() == first

"""Rests and limited syncs that meet decisions and deliveries: one comes first, the other is refused, and nothing is applied twice."""

import pytest

from imports.models import Sync
from imports.services.decide_sync import DecisionRefused, approve_sync, limit_sync, reject_sync
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import RecordType
from records.part import Part
from tests.integration.pipeline.desk import Desk
from tests.integration.worker.exact import exactly, version_of
from tests.integration.worker.moments import at_once
from tests.integration.worker.races import PREVIEW, WHOLE, WITHOUT_S2, approve, fresh, names, phone, settle, work
from tests.unit.steps.kit import person

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("transactional_db", "broker_url", "data_dir")]
HOLDS_DELETIONS = {"delivery": {"deletion_threshold": 10, "hold_deletions_only": True}}


# --- rests ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def held_rest() -> tuple[Desk, Sync, Sync]:
    """The first sync, and what was held back of the second: S2 and what belongs to it would be deleted."""
    desk = Desk(HOLDS_DELETIONS)
    first = desk.deliver(WHOLE)
    assert desk.deliver(WITHOUT_S2).state in ACCEPTED
    rest = work(Sync.objects.of(desk.district).get(kind=SyncKind.REST))
    assert (rest.state, rest.detail.counts["student"]["deleted"]) == (State.HELD, 1)
    return desk, first, rest


def test_a_rest_that_is_approved_while_a_newer_delivery_comes_is_left_to_that_one(held_rest: tuple[Desk, Sync, Sync]) -> None:
    """No worker has the rest yet, so the newer delivery decides, whichever came first by a hair."""
    desk, first, rest = held_rest
    raised = at_once(lambda: approve(rest), lambda: start_sync(delivery=first.delivery, by=None, wake=False))
    assert names(raised) in (["", ""], ["DecisionRefused", ""])
    settle(desk)
    newer = Sync.objects.of(desk.district).latest("pk")
    assert (fresh(rest).state, fresh(rest).applied_version) == (State.SUPERSEDED, None)
    assert fresh(rest).transitions.last().reason == f"Superseded by sync {newer.pk}."
    assert "S2" in desk.live()[RecordType.STUDENT]


def test_a_rest_that_is_being_applied_while_a_newer_delivery_comes_is_applied_before_it(held_rest: tuple[Desk, Sync, Sync]) -> None:
    desk, first, rest = held_rest
    approve(rest)
    at_once(lambda: run_sync(rest.pk, wakes_next=False), lambda: start_sync(delivery=first.delivery, by=None, wake=False))
    settle(desk)
    assert fresh(rest).state in {*ACCEPTED, State.SUPERSEDED}
    newer = Sync.objects.of(desk.district).latest("pk")
    assert newer.state in ACCEPTED | {State.NO_CHANGES}
    assert "S2" in desk.live()[RecordType.STUDENT]
    if fresh(rest).state in ACCEPTED:
        assert fresh(rest).applied_version < newer.applied_version


def test_of_approving_and_rejecting_a_rest_at_once_one_wins(held_rest: tuple[Desk, Sync, Sync]) -> None:
    desk, _, rest = held_rest
    before = exactly(desk.district)
    raised = at_once(lambda: approve(rest), lambda: reject_sync(sync=rest, by=None))
    assert sorted(names(raised)) == ["", "DecisionRefused"]
    settle(desk)
    assert (fresh(rest).state in ACCEPTED) == (raised[0] is None)
    assert (exactly(desk.district) == before) == (raised[0] is not None)


# --- limiting and approving -------------------------------------------------------------------------------------------


def test_of_limiting_and_approving_at_once_one_wins() -> None:
    desk = Desk()
    desk.deliver(WHOLE)
    desk.configure(PREVIEW)
    held = desk.deliver({**phone(1, S1={"phone": "2"})})
    part = Part.of(types=["teacher"])
    raised = at_once(lambda: approve(held), lambda: limit_sync(sync=held, part=part, by=None, wake=False))
    assert sorted(names(raised)) == ["", "DecisionRefused"]
    settle(desk)
    held = fresh(held)
    if raised[0] is None:
        assert (held.state in ACCEPTED, held.scope, version_of(desk.district)) == (True, None, 2)
    else:
        assert (held.state, held.approved, held.scope, version_of(desk.district)) == (State.HELD, False, part.to_json(), 1)
        assert held.detail.counts["student"]["updated"] == 0


def test_what_was_shown_before_a_limit_is_not_approved_after_it() -> None:
    """A person has the page of the whole difference open while another limits it and it is shown anew."""
    desk = Desk()
    desk.deliver(WHOLE)
    desk.configure(PREVIEW)
    held = desk.deliver(phone(1, S1={"phone": "2"}))
    seen = held.attempt
    limit_sync(sync=held, part=Part.of(types=["teacher"]), by=None, wake=False)
    assert work(held).state == State.HELD
    with pytest.raises(DecisionRefused, match="was worked out anew since you opened the page, so it is not approved. Nothing was changed"):
        approve_sync(sync=held, by=None, shown=seen, wake=False)
    assert (fresh(held).state, fresh(held).approved) == (State.HELD, False)
    approve_sync(sync=held, by=None, shown=fresh(held).attempt, wake=False)
    assert work(held).state in ACCEPTED


def test_a_limited_sync_that_is_approved_twice_at_once_leaves_one_rest() -> None:
    desk = Desk()
    desk.deliver(WHOLE)
    desk.configure(PREVIEW)
    files = phone(1, S1={"phone": "2"})
    files["users"].append(person("NEW", "student"))
    held = desk.deliver(files)
    limit_sync(sync=held, part=Part.of(types=["teacher"]), by=None, wake=False)
    held = work(held)
    assert sorted(names(at_once(*[lambda: approve(held)] * 2))) == ["", "DecisionRefused"]
    at_once(*[lambda: run_sync(held.pk, wakes_next=False)] * 3)
    settle(desk)
    (rest,) = Sync.objects.of(desk.district).filter(kind=SyncKind.REST)
    assert (rest.rest_of, rest.state, version_of(desk.district)) == (held, State.HELD, 2)
    approve(rest)
    settle(desk)
    live = desk.live()[RecordType.STUDENT]
    assert (live["S1"]["phone"], "NEW" in live, version_of(desk.district)) == ("2", True, 3)

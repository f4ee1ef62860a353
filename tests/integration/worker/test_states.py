"""The table of moves between states: every pair is made and recorded, or refused."""

import pytest
from django.utils import timezone

from imports.models import Sync, Transition
from imports.services.set_state import TransitionRefused, set_state
from imports.states import ACCEPTED, CLAIMED, FINAL, TRANSITIONS, State


def test_every_move_is_made_and_recorded_or_refused(world, today):
    sync = world.queue(today)
    for come_from in State:
        for to in State:
            Transition.objects.filter(sync=sync).delete()
            Sync.unscoped.filter(pk=sync.pk).update(state=come_from, finished_at=None, stage="judging", lease_until=timezone.now())
            sync.refresh_from_db()
            if to in TRANSITIONS[come_from]:
                set_state(sync, to, by=world.owner, reason="because")
                sync.refresh_from_db()
                assert sync.state == to
                assert (sync.finished_at is not None) == (to in FINAL)
                assert (sync.lease_until is None) == (sync.stage == "") == (to not in CLAIMED)
                moved = sync.transitions.values_list("from_state", "to_state", "by", "reason")
                assert list(moved) == [(come_from, to, world.owner.pk, "because")]
            else:
                with pytest.raises(TransitionRefused, match=rf"is {come_from.label.lower()} cannot become {to.label.lower()}\."):
                    set_state(sync, to)
                sync.refresh_from_db()
                assert sync.state == come_from
                assert not sync.transitions.exists()


@pytest.mark.no_database
def test_what_is_over_stays_over():
    assert {state for state in State if not TRANSITIONS[state]} == FINAL - ACCEPTED - {State.ROLLED_BACK}
    assert all(TRANSITIONS[state] == {State.ROLLED_BACK} for state in ACCEPTED)
    assert TRANSITIONS[State.ROLLED_BACK] == ACCEPTED  # once its rollback is rolled back

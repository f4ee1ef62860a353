"""Cancel, approve and reject: who may, what happens, and what is said when it comes too late."""

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.models import Sync
from imports.states import State
from tests.integration.imports_ui.world import World


def decide(world: World, what: str, sync: Sync, role: Role = Role.OWNER, reason: str = "") -> int:
    response = world.client(role).post(reverse(f"imports:{what}", args=[sync.pk]), {"reason": reason})
    sync.refresh_from_db()
    return response.status_code


def test_the_buttons_say_what_approving_does(world: World) -> None:
    sync = world.sync(State.HELD)
    page = world.client().get(reverse("imports:review", args=[sync.pk])).content.decode()
    assert "Approve: delete 20, update 30, create 60" in page
    assert "Reject, change nothing" in page


@pytest.mark.parametrize("role", [Role.OWNER, Role.APPROVER])
def test_owners_and_approvers_approve(world: World, role: Role) -> None:
    sync = world.sync(State.HELD)
    assert decide(world, "approve", sync, role, "Looked at it.") == 302
    assert (sync.state, sync.approved) == (State.QUEUED, True)
    assert "Looked at it." in sync.transitions.last().reason


@pytest.mark.parametrize("what", ["approve", "reject"])
@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_editors_and_viewers_may_not_decide_and_see_no_buttons(world: World, role: Role, what: str) -> None:
    sync = world.sync(State.HELD)
    assert decide(world, what, sync, role) == 403
    assert sync.state == State.HELD
    for name in ("imports:sync", "imports:review"):
        page = world.client(role).get(reverse(name, args=[sync.pk])).content.decode()
        assert "decision-bar" not in page
        assert "Owners and approvers decide" in page


def test_rejecting_keeps_the_reason(world: World) -> None:
    sync = world.sync(State.HELD)
    decide(world, "reject", sync, Role.APPROVER, "Wrong <year>.")
    assert sync.state == State.REJECTED
    page = world.client().get(reverse("imports:sync", args=[sync.pk])).content.decode()
    assert "Wrong &lt;year&gt;." in page
    assert "decision-bar" not in page


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.NEEDS_SCHOOL_MAPPING])
def test_a_sync_that_is_not_applied_yet_can_be_cancelled(world: World, state: State) -> None:
    sync = world.sync(state)
    page = world.client(Role.EDITOR).get(reverse("imports:sync", args=[sync.pk])).content.decode()
    assert reverse("imports:cancel", args=[sync.pk]) in page
    decide(world, "cancel", sync, Role.EDITOR)
    assert sync.state == State.CANCELLED or sync.cancel_requested


def test_viewers_and_approvers_do_not_cancel(world: World) -> None:
    sync = world.sync(State.QUEUED)
    for role in (Role.VIEWER, Role.APPROVER):
        assert decide(world, "cancel", sync, role) == 403
        assert (
            reverse("imports:cancel", args=[sync.pk])
            not in world.client(role).get(reverse("imports:sync", args=[sync.pk])).content.decode()
        )
    assert sync.state == State.QUEUED


@pytest.mark.parametrize("what", ["approve", "reject", "cancel"])
def test_a_decision_that_comes_too_late_is_said_in_words(world: World, what: str) -> None:
    sync = world.sync(State.COMPLETED)
    response = world.client().post(reverse(f"imports:{what}", args=[sync.pk]), {}, follow=True)
    assert response.status_code == 200
    assert f"Sync {sync.pk} is completed" in response.content.decode()


def test_a_reason_that_is_too_long_is_refused(world: World) -> None:
    sync = world.sync(State.HELD)
    response = world.client().post(reverse("imports:reject", args=[sync.pk]), {"reason": "x" * 1001}, follow=True)
    sync.refresh_from_db()
    assert sync.state == State.HELD
    assert "at most 1,000 characters" in response.content.decode()


@pytest.mark.parametrize("what", ["approve", "reject", "cancel"])
def test_looking_decides_nothing(world: World, what: str) -> None:
    assert world.client().get(reverse(f"imports:{what}", args=[world.sync(State.HELD).pk])).status_code == 405

"""Approving and rejecting on the web: role, reason, a fresh sign-in, the part."""

import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Role
from accounts.services.confirm import SESSION_KEY, confirm_password, is_fresh
from imports.models import Sync
from imports.states import State
from tests.integration.imports_ui.world import PASSWORD, World
from tests.integration.review.conftest import Held


@pytest.fixture
def stale(held: Held) -> tuple[Client, Sync]:
    """The owner, who signed in too long ago, and a held sync."""
    world, sync = held
    client = world.client()
    age(client, django_settings.PORTAL_REAUTH_MINUTES * 60 + 1)
    return client, sync


def age(client: Client, seconds: float) -> None:
    session = client.session
    session[SESSION_KEY] = time.time() - seconds
    session.save()


def decide(client: Client, what: str, sync: Sync, **sent: Any) -> Any:
    response = client.post(reverse(f"imports:{what}", args=[sync.pk]), sent)
    sync.refresh_from_db()
    return response


class TestApproving:
    def test_a_fresh_sign_in_is_enough(self, held: Held) -> None:
        world, sync = held
        assert "approve-password" not in world.client().get(reverse("imports:review", args=[sync.pk])).content.decode()
        response = decide(world.client(), "approve", sync, reason="Looked.")
        assert (response.status_code, response["Location"]) == (302, reverse("imports:sync", args=[sync.pk]))
        assert (sync.state, sync.approved, sync.transitions.last().reason) == (State.QUEUED, True, "Approved. Looked.")

    @pytest.mark.parametrize("seconds", [29 * 60, 31 * 60])
    def test_a_sign_in_is_fresh_for_the_minutes_of_the_setting(self, held: Held, seconds: int, settings: Any) -> None:
        world, sync = held
        settings.PORTAL_REAUTH_MINUTES = 30
        client = world.client()
        age(client, seconds)
        assert decide(client, "approve", sync).status_code == (302 if seconds < 30 * 60 else 422)
        assert (sync.state == State.QUEUED) is (seconds < 30 * 60)

    def test_an_old_sign_in_asks_for_the_password(self, stale: tuple[Client, Sync]) -> None:
        client, sync = stale
        assert 'id="approve-password"' in client.get(reverse("imports:review", args=[sync.pk])).content.decode()
        response = decide(client, "approve", sync, reason="Because <it> is right")
        page = response.content.decode()
        assert (response.status_code, sync.state) == (422, State.HELD)
        assert "You signed in some time ago. Give your password to go on." in page
        assert "Because &lt;it&gt; is right" in page  # what was typed is there again
        assert '<details class="decide" name="decide" open>' in page

    def test_the_right_password_approves_and_is_remembered(self, stale: tuple[Client, Sync]) -> None:
        client, sync = stale
        decide(client, "approve", sync, password=PASSWORD)
        assert (sync.state, sync.approved) == (State.QUEUED, True)
        assert time.time() - client.session[SESSION_KEY] < 60

    def test_a_wrong_one_is_counted_and_locks_out_in_the_end(self, stale: tuple[Client, Sync]) -> None:
        client, sync = stale
        answers = [decide(client, "approve", sync, password="wrong-password") for _ in range(django_settings.AXES_FAILURE_LIMIT)]
        assert "That is not your password." in answers[0].content.decode()
        assert answers[0].content.decode().count("wrong-password") == 0
        assert answers[-1].status_code == 429
        assert AccessAttempt.objects.get().failures_since_start >= django_settings.AXES_FAILURE_LIMIT
        assert decide(client, "approve", sync, password=PASSWORD).status_code == 429
        assert (sync.state, sync.approved) == (State.HELD, False)

    def test_the_password_of_somebody_else_is_none(self, stale: tuple[Client, Sync], held: Held) -> None:
        client, sync = stale
        other = held[0].member(Role.APPROVER)
        other.set_password("another-long-password")
        other.save()
        assert decide(client, "approve", sync, password="another-long-password").status_code == 422

    def test_a_sync_that_was_decided_meanwhile_is_said(self, held: Held) -> None:
        world, sync = held
        decide(world.client(), "reject", sync, reason="No.")
        response = world.client().post(reverse("imports:approve", args=[sync.pk]), follow=True)
        assert f"Sync {sync.pk} is rejected" in response.content.decode()

    def test_an_old_sign_in_is_told_of_a_decided_sync_too(self, stale: tuple[Client, Sync]) -> None:
        client, sync = stale
        Sync.unscoped.filter(pk=sync.pk).update(state=State.SUPERSEDED)
        response = decide(client, "approve", sync)
        assert response.status_code == 422
        assert "There is nothing to decide here" in response.content.decode()

    def test_who_uploaded_may_not_approve_where_two_are_asked_for(self, held: Held) -> None:
        world, sync = held
        world.district.two_person_approval = True
        world.district.save()
        response = world.client().post(reverse("imports:approve", args=[sync.pk]), follow=True)
        sync.refresh_from_db()
        assert sync.state == State.HELD
        assert "another owner or approver must approve it" in response.content.decode()
        decide(world.client(Role.APPROVER), "approve", sync)
        assert sync.state == State.QUEUED


class TestAPart:
    def test_types_and_schools_limit_it_and_it_is_shown_again(self, held: Held) -> None:
        world, sync = held
        decide(world.client(), "approve", sync, types=["student"], schools=["O1"])
        assert (sync.state, sync.approved) == (State.QUEUED, False)
        assert sync.scope == {"types": ["student"], "schools": ["O1"]}

    def test_the_limits_are_lifted(self, held: Held) -> None:
        world, sync = held
        Sync.unscoped.filter(pk=sync.pk).update(scope={"types": ["student"]})
        assert "limited to students" in world.client().get(reverse("imports:review", args=[sync.pk])).content.decode()
        decide(world.client(), "approve", sync, everything="1")
        assert (sync.state, sync.scope, sync.approved) == (State.QUEUED, None, False)

    def test_a_forged_type_is_no_approval_of_everything(self, held: Held) -> None:
        world, sync = held
        assert decide(world.client(), "approve", sync, types=["everything-there-is"]).status_code == 422
        assert (sync.state, sync.approved) == (State.HELD, False)


class TestRejecting:
    def test_a_reason_is_asked_for(self, held: Held) -> None:
        world, sync = held
        response = decide(world.client(), "reject", sync, reason="  ")
        assert (response.status_code, sync.state) == (422, State.HELD)
        assert "Say why it is rejected" in response.content.decode()

    def test_it_needs_a_fresh_sign_in_too(self, stale: tuple[Client, Sync]) -> None:
        client, sync = stale
        assert decide(client, "reject", sync, reason="Wrong year.").status_code == 422
        decide(client, "reject", sync, reason="Wrong year.", password=PASSWORD)
        assert (sync.state, sync.transitions.last().reason) == (State.REJECTED, "Wrong year.")

    def test_a_reason_that_is_too_long_is_refused(self, held: Held) -> None:
        world, sync = held
        response = decide(world.client(), "reject", sync, reason="x" * 1001)
        assert (response.status_code, sync.state) == (422, State.HELD)
        assert "at most 1,000 characters" in response.content.decode()


class TestASession:
    def test_signing_in_makes_it_fresh(self, world: World) -> None:
        client = Client()
        client.post("/sign-in/", {"username": world.owner.email, "password": PASSWORD})
        assert time.time() - client.session[SESSION_KEY] < 60

    @pytest.mark.parametrize("held_at", [None, "soon", time.time() + 3600])
    def test_what_is_no_moment_of_the_past_is_not_fresh(self, held_at: Any) -> None:
        request = RequestFactory().get("/")
        request.session = {SESSION_KEY: held_at}  # type: ignore[assignment]
        assert is_fresh(request) is False

    def test_nobody_and_nothing_confirm_nothing(self, world: World) -> None:
        request = RequestFactory().post("/")
        request.session = {}  # type: ignore[assignment]
        request.user = world.owner
        assert confirm_password(request, "") is False
        assert request.session == {}

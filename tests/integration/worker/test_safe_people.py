"""Who may decide: by role, by district, and where two people are asked for, not the one who started it."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.models import Sync
from imports.services.decide_sync import DecisionRefused, approve_sync, reject_sync
from imports.services.rollback import start_rollback
from imports.services.run_sync import run_sync
from imports.states import ACCEPTED, State, SyncKind
from tests.integration.imports_ui.files import first_delivery, second_delivery
from tests.integration.imports_ui.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

MAY = {Role.OWNER, Role.APPROVER}
ALL_NEW: dict[str, Any] = {"schools": {"all_missing_as_new": True, "mapping": {}}}
Act = tuple[str, str]
ACTS: list[Act] = [("approve", "post"), ("reject", "post"), ("rollback", "get"), ("rollback", "post")]


def call(world: World, act: Act, role: Role, sync: Sync) -> Any:
    name, method = act
    sent = {"reason": "Because.", "what": "all"} if method == "post" else {}
    return getattr(world.client(role), method)(reverse(f"imports:{name}", args=[sync.pk]), sent)


def work(sync: Sync) -> Sync:
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.of(sync.district_id).select_related("detail").get(pk=sync.pk)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def done(world: World, tmp_path: Path) -> Sync:
    """An import of the owner that was applied."""
    world.configure(ALL_NEW)
    return world.import_files(first_delivery(), tmp_path)


def subject(act: Act, world: World, done: Sync) -> Sync:
    return done if act[0] == "rollback" else world.sync(State.HELD)


# --- roles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS, ids="-".join)
def test_owners_and_approvers_decide_and_editors_and_viewers_do_not(world: World, done: Sync, act: Act) -> None:
    for role in Role:
        sync = subject(act, world, done)
        before, syncs = sync.state, Sync.objects.of(world.district).count()
        response = call(world, act, role, sync)
        sync.refresh_from_db()
        if role in MAY:
            assert response.status_code == (200 if act[1] == "get" else 302), role
            expected = {"approve": State.QUEUED, "reject": State.REJECTED, "rollback": before}[act[0]]
            assert sync.state == expected
        else:
            assert response.status_code == 403, role
            assert "Only owners and approvers may do this." in response.content.decode()
            assert (sync.state, Sync.objects.of(world.district).count()) == (before, syncs)
    rollbacks = Sync.objects.of(world.district).filter(kind=SyncKind.ROLLBACK)
    assert rollbacks.count() == (act == ("rollback", "post"))  # the second who asks is shown the one that is there


@pytest.mark.parametrize("act", ACTS, ids="-".join)
def test_to_another_district_the_sync_does_not_exist(world: World, done: Sync, act: Act) -> None:
    south, sync = World("south"), subject(act, world, done)
    before = sync.state
    for role in Role:
        response = call(south, act, role, sync)
        assert response.status_code == (404 if role in MAY else 403), role
        assert str(world.district) not in response.content.decode()
    sync.refresh_from_db()
    assert (sync.state, Sync.objects.of(south.district).count()) == (before, 0)
    assert not Sync.objects.of(world.district).filter(kind=SyncKind.ROLLBACK).exists()


# --- two people -------------------------------------------------------------------------------------------------------


def import_of_the_owner(world: World, folder: Path) -> Sync:
    world.configure({**ALL_NEW, "delivery": {"preview": True}})
    return world.import_files(second_delivery(), folder)


def rest_of_the_owner(world: World, folder: Path) -> Sync:
    world.configure({**ALL_NEW, "delivery": {"deletion_threshold": 1, "hold_deletions_only": True}})
    applied = world.import_files(second_delivery(), folder)
    assert applied.state in ACCEPTED
    return work(Sync.objects.of(world.district).get(kind=SyncKind.REST))


def rollback_of_the_owner(world: World, folder: Path) -> Sync:
    first = Sync.objects.of(world.district).earliest("pk")
    return work(start_rollback(sync=first, by=world.owner, wake=False))


STARTS = [import_of_the_owner, rest_of_the_owner, rollback_of_the_owner]


@pytest.fixture
def strict(world: World) -> World:
    """A district that asks for two people."""
    world.district.two_person_approval = True
    world.district.save()
    return world


@pytest.mark.parametrize("second", ["approver", "command line"])
@pytest.mark.parametrize("start", STARTS)
def test_who_started_it_is_refused_and_another_is_not(strict: World, done: Sync, tmp_path: Path, start: Any, second: str) -> None:
    sync = start(strict, tmp_path)
    assert (sync.state, sync.created_by) == (State.HELD, strict.owner), sync.failure
    with pytest.raises(DecisionRefused, match=f"You started sync {sync.pk}, and this district asks for two people"):
        approve_sync(sync=sync, by=strict.owner, wake=False)
    page = strict.client().get(reverse("imports:review", args=[sync.pk])).content.decode()
    assert reverse("imports:approve", args=[sync.pk]) not in page.split("decision-bar")[1]
    assert reverse("imports:reject", args=[sync.pk]) in page
    response = strict.client().post(reverse("imports:approve", args=[sync.pk]), follow=True)
    assert "another owner or approver must approve it" in response.content.decode()
    sync.refresh_from_db()
    assert (sync.state, sync.approved) == (State.HELD, False)
    approve_sync(sync=sync, by=strict.member(Role.APPROVER) if second == "approver" else None, wake=False)
    assert work(sync).state in ACCEPTED


@pytest.mark.parametrize("start", STARTS)
def test_who_started_it_may_reject_it(strict: World, done: Sync, tmp_path: Path, start: Any) -> None:
    sync = start(strict, tmp_path)
    reject_sync(sync=sync, by=strict.owner, reason="A slip")
    sync.refresh_from_db()
    assert sync.state == State.REJECTED


def test_a_rollback_is_approved_by_the_one_whose_import_it_undoes_but_not_by_the_one_who_asked_for_it(strict: World, done: Sync) -> None:
    approver = strict.member(Role.APPROVER)
    rollback = work(start_rollback(sync=done, by=approver, wake=False))
    with pytest.raises(DecisionRefused, match="You started sync"):
        approve_sync(sync=rollback, by=approver, wake=False)
    approve_sync(sync=rollback, by=strict.owner, wake=False)
    assert work(rollback).state in ACCEPTED


def test_asking_again_for_a_rollback_makes_nobody_its_starter(strict: World, done: Sync) -> None:
    approver = strict.member(Role.APPROVER)
    rollback = work(start_rollback(sync=done, by=strict.owner, wake=False))
    assert start_rollback(sync=done, by=approver, wake=False) == rollback
    approve_sync(sync=rollback, by=approver, wake=False)
    assert work(rollback).state in ACCEPTED


def test_where_one_is_enough_the_starter_approves(world: World, done: Sync, tmp_path: Path) -> None:
    for start in (import_of_the_owner, rollback_of_the_owner):
        sync = start(world, tmp_path)
        approve_sync(sync=sync, by=world.owner, wake=False)
        assert work(sync).state in ACCEPTED


# --- a page that was open for long ------------------------------------------------------------------------------------


def test_a_page_that_shows_an_older_difference_approves_nothing(world: World) -> None:
    sync = world.sync(State.HELD, attempt=2)
    review = reverse("imports:review", args=[sync.pk])
    assert '<input type="hidden" name="shown" value="2">' in world.client().get(review).content.decode()
    Sync.unscoped.filter(pk=sync.pk).update(attempt=3)  # worked out anew meanwhile
    response = world.client().post(reverse("imports:approve", args=[sync.pk]), {"shown": "2"}, follow=True)
    assert response.redirect_chain[-1][0] == review
    assert "was worked out anew since you opened the page, so it is not approved" in response.content.decode()
    sync.refresh_from_db()
    assert (sync.state, sync.approved) == (State.HELD, False)
    world.client().post(reverse("imports:approve", args=[sync.pk]), {"shown": "3"})
    sync.refresh_from_db()
    assert (sync.state, sync.approved) == (State.QUEUED, True)

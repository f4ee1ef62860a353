"""Data Sync History: filters that combine and live in the address, syncs that belong together, and many syncs."""

import itertools
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from imports.models import ImportApp, Sync, SyncDetail, Transition
from imports.selectors.history import STATE_GROUPS
from imports.services.activate_app import activate_app
from imports.services.set_state import set_state
from imports.services.start_sync import start_sync
from imports.states import State, SyncKind
from tests.integration.history.kit import text_of
from tests.integration.imports_ui.world import World

HISTORY = "/history/"


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="strong" href="/history/(\d+)/"', page)]


def counted(page: str, words: str) -> int:
    found = re.search(rf'>{words} <span class="(?:chip-count|soft)">([\d,]+)</span>', page)
    assert found, words
    return int(found[1].replace(",", ""))


@pytest.fixture
def many(world: World) -> list[Sync]:
    """Two syncs of every state and app, and some that are no imports."""
    sftp = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=world.owner)
    states = [state for state in State if state not in {State.SIMULATED, State.RUNNING, State.APPLYING}]
    syncs = [world.sync(state) for state in states for _ in range(2)]
    for sync in syncs[1::2]:
        sync.app = sftp
        sync.save(update_fields=["app"])
    kinds = [world.sync(state, kind=kind) for kind in (SyncKind.ROLLBACK, SyncKind.REST) for state in (State.HELD, State.COMPLETED)]
    World("south").sync(State.COMPLETED)
    return [*syncs, *kinds]


def test_every_state_of_an_import_is_in_one_group() -> None:
    grouped = [state for states in STATE_GROUPS.values() for state in states]
    assert sorted(grouped) == sorted(set(State) - {State.SIMULATED})


def test_filters_combine_and_each_number_is_what_its_link_finds(world: World, many: list[Sync]) -> None:
    for app, group, kind in itertools.product(("", "csv_upload", "sftp"), ("", *STATE_GROUPS), ("", *SyncKind.values)):
        query = {name: value for name, value in (("app", app), ("state", group), ("kind", kind)) if value}
        wanted = [
            sync for sync in many
            if (not app or sync.app.kind == app) and (not group or sync.state in STATE_GROUPS[group]) and (not kind or sync.kind == kind)
        ]  # fmt: skip
        page = text_of(world, HISTORY, **query)
        expected = sorted((sync.pk for sync in wanted), reverse=True)
        assert numbers(page) == expected[:20], query
        assert (f"of {len(expected)} syncs" in page) if expected else ("No sync like this" in page)


def test_the_numbers_of_a_filter_heed_the_other_filters(world: World, many: list[Sync]) -> None:
    page = text_of(world, HISTORY, app="sftp", kind="import")
    mine = [sync for sync in many if sync.app.kind == "sftp"]
    assert counted(page, "All") == len(mine)
    assert counted(page, "Waiting for a decision") == 2
    assert counted(page, "Not applied") == 4
    assert counted(page, "Rollbacks") == 0
    assert counted(page, "CSV Upload") == len(many) - len(mine) - 4
    for link in re.findall(r'class="chip[^"]*" href="([^"]+)"', page):
        assert "app=sftp" in link
        assert "page=" not in link


def test_two_apps_can_be_ticked(world: World, many: list[Sync]) -> None:
    page = world.client().get("/history/?app=sftp&app=csv_upload&state=failed").content.decode()
    assert len(numbers(page)) == 2
    assert page.count(" checked") == 2


def test_the_x_clears_the_apps_alone(world: World, many: list[Sync]) -> None:
    page = text_of(world, HISTORY, app="sftp", state="failed", page="1")
    clear = re.search(r'href="([^"]*)"[^>]*title="Clear the filter"', page)
    assert clear
    assert clear[1] == "?state=failed"
    assert '<input type="hidden" name="state" value="failed">' in page
    assert "Clear the filter" not in text_of(world, HISTORY, state="failed")


def test_pages_keep_the_filters(world: World) -> None:
    for _ in range(23):
        world.sync(State.REJECTED)
    world.sync(State.COMPLETED)
    page = text_of(world, HISTORY, state="not_applied", app="csv_upload")
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    rest = world.client().get(HISTORY + following[1].replace("&amp;", "&")).content.decode()
    assert len(numbers(page)) == 20
    assert len(numbers(rest)) == 3
    assert "21–23 of 23 syncs" in rest


@pytest.mark.parametrize(
    "query",
    [
        "?state=nothing&kind=x&app=y", "?state=%00&kind=%00&app=%00&page=%00", "?page=-1", "?page=99999999999999999999", "?page=1e9",
        "?state[]=failed&app[]=1", "?state=waiting'--&kind=import;drop", "?state=__class__", "?app=" + "x" * 4000, "?state=failed&state=",
        "?kind=<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_passed_over(world: World, query: str) -> None:
    sync = world.sync(State.COMPLETED)
    response = world.client().get(HISTORY + query)
    assert response.status_code == 200
    assert numbers(response.content.decode()) == [sync.pk]
    assert "<script>alert" not in response.content.decode()


def test_an_empty_result_says_so_and_leads_back(world: World) -> None:
    world.sync(State.COMPLETED)
    page = text_of(world, HISTORY, state="failed")
    assert "No sync like this" in page
    assert "No syncs yet" not in page
    assert f'href="{HISTORY}">Show all syncs' in page


def test_kinds_are_offered_once_there_is_another_than_imports(world: World) -> None:
    world.sync(State.COMPLETED)
    assert "Filter by kind" not in text_of(world, HISTORY)
    world.sync(State.HELD, kind=SyncKind.ROLLBACK)
    assert "Filter by kind" in text_of(world, HISTORY)


def words_of(world: World, sync: Sync) -> str:
    """What the list says about a sync, and its own page too."""
    page = text_of(world, HISTORY)
    row = next(part for part in page.split("<tbody>") if f'href="/history/{sync.pk}/">Sync #' in part)
    listed = re.findall(r'<span class="sub">([^<]*<a href="/history/\d+/">sync #\d+</a>[^<]*)</span>', row)
    own = text_of(world, reverse("imports:sync", args=[sync.pk]))
    assert all(one in own for one in listed)
    return "; ".join(re.sub("<[^>]+>", "", one) for one in listed)


def test_a_rollback_and_the_sync_it_undoes_name_each_other(world: World) -> None:
    undone = world.sync(State.ROLLED_BACK)
    failed = world.sync(State.FAILED, kind=SyncKind.ROLLBACK, undoes=undone)
    rollback = world.sync(State.COMPLETED, kind=SyncKind.ROLLBACK, undoes=undone)
    assert words_of(world, undone) == f"Rolled back by sync #{rollback.pk}"
    assert words_of(world, rollback) == words_of(world, failed) == f"Rolls back sync #{undone.pk}"
    assert "Rolled back: 60 brought back, 30 set back and 20 removed." in text_of(world, HISTORY)


def test_a_rollback_that_waits_one_of_a_part_and_one_that_was_undone(world: World) -> None:
    sync = world.sync(State.COMPLETED)
    waiting = world.sync(State.HELD, kind=SyncKind.ROLLBACK, undoes=sync)
    part = world.sync(State.COMPLETED, kind=SyncKind.ROLLBACK, undoes=sync, scope={"types": ["student"]})
    world.sync(State.ROLLED_BACK, kind=SyncKind.ROLLBACK, undoes=sync)
    assert words_of(world, sync) == f"Its rollback is sync #{waiting.pk}, held; Partly rolled back by sync #{part.pk}"
    assert words_of(world, part) == f"Rolls back a part of sync #{sync.pk}"


def test_a_rest_and_the_sync_it_was_held_back_from_name_each_other(world: World) -> None:
    whole = world.sync(State.COMPLETED)
    rest = world.sync(State.HELD, kind=SyncKind.REST, rest_of=whole)
    assert words_of(world, rest) == f"Rest of sync #{whole.pk}"
    assert words_of(world, whole) == f"What was held back of it is sync #{rest.pk}, held"


def test_a_superseded_sync_says_by_which(world: World) -> None:
    older = world.sync(State.HELD)
    newer = start_sync(delivery=older.delivery, by=world.owner, wake=False)
    assert words_of(world, older) == f"Superseded by sync #{newer.pk}"


def test_a_superseded_sync_whose_move_tells_nothing_is_listed_all_the_same(world: World) -> None:
    sync = world.sync(State.HELD)
    set_state(sync, State.SUPERSEDED, reason="Put aside.")
    assert words_of(world, sync) == ""


def test_the_exclamation_mark_leads_to_data_quality(world: World) -> None:
    world.sync(State.COMPLETED, error_count=0, issue_count=0)
    assert "sync-mark" not in text_of(world, HISTORY)
    world.sync(State.COMPLETED_WITH_ISSUES, error_count=0, issue_count=2)
    assert re.search(r'<a class="tone tone-info sync-mark" href="/quality/"', text_of(world, HISTORY))


def test_the_mark_of_a_failed_sync_leads_to_its_errors(world: World) -> None:
    sync = world.sync(State.FAILED)
    assert re.search(rf'sync-mark" href="/history/{sync.pk}/errors/"', text_of(world, HISTORY))


def test_details_show_one_number_by_school_and_its_links(world: World) -> None:
    world.school()
    sync = world.sync(State.COMPLETED)
    address = reverse("imports:sync_details", args=[sync.pk])
    part = text_of(world, address, measure="updated")
    assert "North High" in part
    assert f'href="{reverse("imports:rows", args=[sync.pk, "student", "updated"])}?school=S-1"' in part
    assert 'aria-current="true"' in part
    for hostile in ("live", "x", "\0", "<b>"):
        assert 'id="number-' in text_of(world, address, measure=hostile)


def test_two_can_be_ticked_only_where_there_are_two(world: World) -> None:
    world.sync(State.COMPLETED)
    assert 'name="sync"' not in text_of(world, HISTORY)
    world.sync(State.COMPLETED)
    assert text_of(world, HISTORY).count('name="sync"') == 2


def queries(world: World, query: str) -> int:
    client = world.client()
    client.get(HISTORY + query)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(HISTORY + query).status_code == 200
    return len(caught)


def test_two_thousand_syncs_take_as_many_queries_as_twenty(world: World) -> None:
    first = world.sync(State.COMPLETED)
    ended = [State.COMPLETED, State.FAILED, State.SUPERSEDED, State.REJECTED, State.ROLLED_BACK]

    def add(count: int) -> None:
        new = [
            Sync(district=world.district, app=world.app, delivery=first.delivery, config=world.app.config, state=ended[at % 5],
                 kind=SyncKind.ROLLBACK if at % 3 else SyncKind.IMPORT, undoes=first if at % 3 else None, created_by=world.owner)
            for at in range(count)
        ]  # fmt: skip
        Sync.unscoped.bulk_create(new)
        SyncDetail.objects.bulk_create([SyncDetail(sync=sync, counts=first.detail.counts) for sync in new])
        Transition.objects.bulk_create(
            [Transition(sync=sync, to_state=sync.state, reason=f"Superseded by sync {first.pk}.") for sync in new]
        )
        Sync.unscoped.filter(pk__in=[sync.pk for sync in new]).update(created_at=timezone.now() - timedelta(minutes=1))

    add(24)
    few = {query: queries(world, query) for query in ("", "?page=2", "?state=applied&kind=rollback")}
    add(1_980)
    assert {query: queries(world, query) for query in few} == few
    assert max(few.values()) <= 16

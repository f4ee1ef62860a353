"""Simulate from the wizard: the page of a simulation, and the pages that do not know of it."""

from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.models import Sync
from imports.services.run_sync import run_sync
from imports.states import State
from tests.integration.imports_ui.files import first_delivery
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World

pytestmark = pytest.mark.django_db

SIMULATE = reverse("imports:simulate", args=["csv_upload"])
PAGES = ("sync", "sync_details", "errors", "errors_csv")


def simulations(world: World) -> list[Sync]:
    return list(Sync.objects.all_of(world.district).filter(is_simulation=True).order_by("pk"))


def simulated(world: World, wizard: Wizard, step: str, changes: dict[str, object]) -> Sync:
    """Press Simulate on a step, and let a worker take the simulation."""
    response = wizard.post(step, changes, go="simulate")
    (sync,) = simulations(world)
    assert response.url == reverse("imports:sync", args=[sync.pk])
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    return sync


@pytest.fixture
def wizard(imported: tuple[World, Sync, Sync]) -> Wizard:
    return Wizard(imported[0].client(Role.EDITOR))


def page_of(wizard: Wizard, sync: Sync) -> str:
    return wizard.client.get(reverse("imports:sync", args=[sync.pk])).content.decode()


def test_a_draft_is_simulated_and_its_page_speaks_in_the_conditional(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    world = imported[0]
    sync = simulated(world, wizard, "requirements", {"skip:student:gender": "on", "report:student:gender": "on"})
    assert (sync.state, sync.created_by, sync.delivery_id) == (State.SIMULATED, world.member(Role.EDITOR), imported[2].delivery_id)
    page = page_of(wizard, sync)
    assert "<title>Simulated · Simulation of CSV Upload" in page
    for words in (
        "Simulation of CSV Upload", "Would be completed with issues", "Nothing was imported.", "rows would be accepted", "A draft: 1 setting differs from",
        "Student: Gender", "Skip if Missing", "What would become of every row", "Back to the configuration", "Version 2", "By school",
    ):  # fmt: skip
        assert words in page, words
    assert reverse("imports:configure", args=["csv_upload", "requirements"]) in page  # the step of the change
    assert "imports/" not in page
    assert reverse("imports:approve", args=[sync.pk]) not in page
    assert reverse("imports:reject", args=[sync.pk]) not in page
    skipped = sync.detail.counts["student"]["skipped"]
    assert skipped > imported[2].detail.counts["student"]["skipped"]
    rows = wizard.client.get(reverse("imports:rows", args=[sync.pk, "student", "skipped"]))
    assert rows.context["page"].paginator.count == skipped
    assert "Would be skipped:" in rows.content.decode()
    for name in PAGES:
        assert wizard.client.get(reverse(f"imports:{name}", args=[sync.pk])).status_code == 200, name


def test_the_count_on_the_step_is_that_of_the_simulation(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    change = {"skip:student:gender": "on", "report:student:gender": "on"}
    counted = wizard.counts("requirements", change)
    sync = simulated(imported[0], wizard, "requirements", {})
    counts = sync.detail.counts["student"]
    assert number_of(counted, "accepted-student") == counts["created"] + counts["updated"] + counts["unchanged"]
    assert text_of(counted, "accepted-student")


def test_nothing_else_of_the_portal_knows_of_it(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    world, client = imported[0], wizard.client
    addresses = [
        reverse("home"),
        reverse("history"),
        *(reverse("imports:app_tab", args=["csv_upload", tab]) for tab in ("overview", "history")),
    ]
    before = [client.get(address).content.count(b"/history/") for address in addresses]
    sync = simulated(world, wizard, "delivery", {"preview": "on"})
    assert sync.would_end == State.HELD
    for address, count in zip(addresses, before, strict=True):
        page = client.get(address).content
        assert f"/history/{sync.pk}/".encode() not in page
        assert page.count(b"/history/") == count, address
    settings = client.get(reverse("imports:app_tab", args=["csv_upload", "settings"])).content.decode()
    assert f"Simulation #{sync.pk}" in settings
    assert "Would be held" in settings
    world.app.refresh_from_db()
    assert world.app.config is not None
    assert world.app.config.document["delivery"]["preview"] is False
    page = page_of(wizard, sync)
    assert "Would be held: preview" in page
    assert "The import would wait until somebody approves or rejects it." in page
    answer = world.client().post(reverse("imports:approve", args=[sync.pk]), follow=True)
    assert "changes nothing, so there is nothing to be approved" in answer.content.decode()


def test_schools_that_would_be_asked_for_are_listed(world: World, data_dir: Path, tmp_path: Path) -> None:
    waiting = world.import_files(first_delivery(), tmp_path)
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING
    client = world.client()
    client.post(SIMULATE)
    (sync,) = simulations(world)
    assert sync.trial_document is None
    run_sync(sync.pk, wakes_next=False)
    page = client.get(reverse("imports:sync", args=[sync.pk])).content.decode()
    for words in ("Would need school mapping", "2 schools would have to be mapped first", "North High", "as it is saved"):
        assert words in page, words
    asked = client.get(reverse("imports:map_schools", args=[sync.pk]), follow=True).content.decode()
    assert "does not wait for schools to be mapped" in asked
    waiting.refresh_from_db()
    assert waiting.state == State.NEEDS_SCHOOL_MAPPING


def test_a_fault_of_the_draft_is_said_where_it_can_be_mended(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    answer = wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": "900"}, go="simulate")
    assert answer.status_code == 422
    draft = imported[0].client(Role.EDITOR)
    wizard.page("delivery")
    from imports.models import ConfigDraft

    stored = ConfigDraft.objects.of(imported[0].district).get()
    stored.document = {**stored.document, "requirements": {"student": {"shoe_size": "skip"}}}
    stored.save()
    response = draft.post(SIMULATE, follow=True)
    assert response.redirect_chain[-1][0] == wizard.url("requirements")
    assert "Not simulated. Data Requirements:" in response.content.decode()
    assert simulations(imported[0]) == []


def test_without_a_delivery_there_is_nothing_to_simulate_on(world: World) -> None:
    response = world.client().post(SIMULATE, follow=True)
    assert "there is no delivery yet" in response.content.decode()
    assert simulations(world) == []
    assert world.client().get(SIMULATE).status_code == 405


def test_pressing_twice_is_one_simulation(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    first, second = (wizard.client.post(SIMULATE).url for _ in range(2))
    assert first == second
    page = wizard.client.get(first).content.decode()
    assert "Nothing is imported." in page
    assert "Cancel" in page
    (sync,) = simulations(imported[0])
    assert reverse("imports:sync_status", args=[sync.pk]) in page
    wizard.client.post(reverse("imports:cancel", args=[sync.pk]))
    sync.refresh_from_db()
    assert sync.state == State.CANCELLED
    assert "It was cancelled. Nothing was changed." in page_of(wizard, sync)


def test_members_of_another_district_do_not_see_it(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    sync = simulated(imported[0], wizard, "delivery", {"preview": "on"})
    stranger = World("south").client()
    for name in PAGES:
        assert stranger.get(reverse(f"imports:{name}", args=[sync.pk])).status_code == 404, name


def test_a_viewer_reads_it(imported: tuple[World, Sync, Sync], wizard: Wizard) -> None:
    sync = simulated(imported[0], wizard, "delivery", {"preview": "on"})
    page = imported[0].client(Role.VIEWER).get(reverse("imports:sync", args=[sync.pk])).content.decode()
    assert "Back to the settings" in page
    assert "/configure/" not in page

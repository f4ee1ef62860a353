"""SFTP on Home and in the gallery: its steps, its tile, and what asks for a person."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from imports.models import ImportApp, LandingZone
from imports.services.activate_app import activate_app
from imports.services.save_config import save_config
from imports.states import State
from imports.views.wizard.steps import steps_of
from tests.integration.accounts.people import signed_in
from tests.integration.imports_ui.sftp import SftpWorld, whole_set

SFTP = reverse("imports:app", args=["sftp"])
STEPS = [
    "Delivery Configuration", "Schools Mapping", "Attributes Mapping", "Data Requirements", "Filter Rules", "Domains of Uniqueness", "Master Fields",
    "Schedule",
]  # fmt: skip


@pytest.fixture
def world(db: None, data_dir: Path, settings) -> SftpWorld:
    """A district with both apps; CSV Upload has imported something, so Home shows its tiles."""
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0
    world = SftpWorld()
    world.sync(State.COMPLETED)
    return world


def home(world: SftpWorld, role: Role = Role.OWNER):
    return world.client(role).get(reverse("home"))


@pytest.mark.usefixtures("data_dir")
def test_activating_sftp_leads_into_its_wizard_with_all_its_steps(district, members):
    client = signed_in(members[Role.EDITOR])
    first = reverse("imports:configure", args=["sftp", "delivery"])
    assert client.post(reverse("activate", args=["sftp"])).url == first
    app = ImportApp.objects.of(district).get()
    assert [step.title for step in steps_of(app)] == STEPS
    assert LandingZone.objects.of(district).get().app == app
    page = client.get(first)
    assert page.status_code == 200
    assert client.post(first, {"go": "finish", "seen": page.context["seen"]}).url == SFTP
    assert "Run Import" in client.get(SFTP).content.decode()


@pytest.mark.usefixtures("data_dir")
def test_on_the_first_visit_either_app_may_be_chosen_and_the_next_step_fits_it(district, members):
    client = signed_in(members[Role.OWNER])
    page = client.get("/").content.decode()
    for kind in ("csv_upload", "sftp"):
        assert f'action="{reverse("activate", args=[kind])}"' in page
    activate_app(district=district, kind="sftp", by=members[Role.OWNER].user)
    page = client.get("/").content.decode()
    assert "Put the eight files into the landing zone" in page
    assert "Upload files" not in page
    assert "Upload OneRoster.zip" not in page
    assert f'href="{SFTP}"' in page


def test_the_tile_says_what_waits_and_when_the_next_run_is(world):
    assert "No file waits" in home(world).content.decode()
    world.put({name: whole_set()[name] for name in ("users.csv", "orgs.csv")})
    world.begin("classes.csv")
    page = home(world).content.decode()
    assert "2 files wait for the next run, 1 still arriving" in page
    assert "No schedule" in page
    save_config(app=world.sftp, document={"schedule": {"when": "hourly"}}, by=world.owner)
    assert "Next run" in home(world).content.decode()


def test_a_tile_without_a_sync_speaks_of_imports_not_of_uploads(world):
    (tile,) = [tile for tile in home(world).context["tiles"] if tile.app == world.sftp]
    assert tile.sentence == "Nothing has been imported yet."


def strips(world: SftpWorld) -> list[tuple[str, str]]:
    return [(strip.tone, strip.text) for strip in home(world).context["attention"]]


def test_a_refused_run_asks_for_a_person_until_another_one_goes_well(world):
    world.let_in()
    world.ran(is_refused=True, outcome="orgs.csv is missing.", minutes_ago=9)
    assert ("bad", "SFTP: the last run took nothing. orgs.csv is missing.") in strips(world)
    world.ran(outcome="", minutes_ago=1)
    assert strips(world) == []


def test_an_app_that_nobody_can_sign_in_to_is_named_once_it_is_set_up(world):
    ImportApp.objects.of(world.district).update(configured_at=None)
    assert strips(world) == []  # the set-up is not finished: the wizard asks for it
    ImportApp.objects.of(world.district).update(configured_at=timezone.now())
    ((tone, text),) = strips(world)
    assert (tone, "set a password or a key first" in text) == ("wait", True)
    world.let_in()
    assert strips(world) == []


def test_a_schedule_that_has_ended_is_named(world):
    world.let_in()
    yesterday = (timezone.now() - timedelta(days=2)).date().isoformat()
    save_config(app=world.sftp, document={"schedule": {"when": "daily", "end_date": yesterday}}, by=world.owner)
    ((tone, text),) = strips(world)
    assert tone == "wait"
    assert "ended" in text


def test_viewers_see_the_tile_of_their_district_alone(world):
    world.put({"users.csv": whole_set()["users.csv"]})
    assert "1 file waits" in home(world, Role.VIEWER).content.decode()
    assert "1 file waits" not in home(SftpWorld("east")).content.decode()

"""What belongs to another district does not exist."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from imports.states import State
from tests.integration.imports_ui.files import first_delivery, zipped
from tests.integration.imports_ui.world import World

SYNC_PAGES = ("sync", "sync_status", "sync_details", "errors", "errors_csv", "map_schools")
SYNC_ACTS = ("cancel", "approve", "reject", "map_schools")


@pytest.mark.parametrize("state", [State.HELD, State.NEEDS_SCHOOL_MAPPING])
@pytest.mark.parametrize("role", list(Role))
def test_syncs_of_another_district_do_not_exist(world: World, state: State, role: Role) -> None:
    sync = World("south").sync(state)
    client = world.client(role)
    for name in SYNC_PAGES:
        assert client.get(reverse(f"imports:{name}", args=[sync.pk])).status_code == 404, name
    assert client.get(reverse("imports:rows", args=[sync.pk, "student", "created"])).status_code == 404
    for name in SYNC_ACTS:
        assert client.post(reverse(f"imports:{name}", args=[sync.pk])).status_code in (403, 404), name
    sync.refresh_from_db()
    assert sync.state == state
    assert not sync.cancel_requested


def test_lists_show_nothing_of_another_district(world: World) -> None:
    south = World("south")
    sync = south.sync(State.COMPLETED)
    south.roster()
    south.issue(1, record_name="Secret Person")
    client = world.client()
    for address in (
        reverse("history"),
        *(reverse("imports:app_tab", args=["csv_upload", tab]) for tab in ("overview", "history", "quality", "settings")),
    ):
        page = client.get(address).content.decode()
        assert f"Sync #{sync.pk}<" not in page
        assert "North High" not in page
        assert "Required value missing" not in page


@pytest.mark.usefixtures("data_dir")
def test_an_upload_goes_to_ones_own_app(world: World) -> None:
    south = World("south")
    address = reverse("imports:upload", args=["csv_upload"])
    assert world.client().post(address, {"files": [SimpleUploadedFile("OneRoster.zip", zipped(first_delivery()))]}).status_code == 302
    assert world.app.syncs.count() == 1
    assert not south.app.syncs.exists()


def test_strangers_are_sent_to_sign_in(world: World) -> None:
    sync = world.sync(State.COMPLETED)
    for address in (reverse("history"), reverse("imports:sync", args=[sync.pk]), reverse("imports:app", args=["csv_upload"])):
        response = Client().get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")


def test_numbers_too_large_for_the_database_do_not_exist(world: World) -> None:
    assert world.client().get(f"/history/{2**64}/").status_code == 404

"""The app page of SFTP: what waits, what is missing, Run Import, and the part that follows by itself."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Role
from imports.models import Arrival, LandingZone, Sync
from imports.states import State
from tests.integration.imports_ui.files import zipped
from tests.integration.imports_ui.sftp import SftpWorld, whole_set
from tests.integration.imports_ui.world import World

MOST_QUERIES = 30
PAGE = reverse("imports:app", args=["sftp"])
RUN = reverse("imports:run_import", args=["sftp"])
PART = reverse("imports:landing_now", args=["sftp"])
TABS = ("overview", "history", "quality", "landing", "settings")


@pytest.fixture
def world(db: None, data_dir: Path, settings: Any) -> SftpWorld:
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0
    return SftpWorld()


# --- what the page says ---------------------------------------------------------------------------------------------


def test_before_anything_came_the_page_says_how_to_begin(world: SftpWorld, settings: Any) -> None:
    settings.PORTAL_SFTP_ADDRESS, settings.PORTAL_SFTP_PORT = "sftp.example.org", 2222
    page = world.read(PAGE)
    assert "Set a password or a key first" in page
    assert "sftp.example.org" in page
    assert '<span class="code">2222</span>' in page
    assert world.row.username in page
    for name in whole_set():
        assert f"<span>{name}</span>" in page
    assert "missing" not in page


def test_once_somebody_can_sign_in_the_page_says_so(world: SftpWorld) -> None:
    world.let_in()
    page = world.read(PAGE)
    assert "A password is set." in page
    assert "Set a password or a key first" not in page


def test_a_key_opens_the_door_only_where_keys_are_asked_for(world: SftpWorld) -> None:
    world.let_in()
    LandingZone.objects.of(world.district).update(sign_in="key")
    assert "Set a password or a key first" in world.read(PAGE)
    world.row.keys.create(district=world.district, line="ssh-ed25519 AAAA", fingerprint="SHA256:x")
    assert "1 key is set." in world.read(PAGE)


def test_files_that_wait_are_listed_and_those_missing_for_the_first_run_named_in_words(world: SftpWorld) -> None:
    files = whole_set()
    world.put({name: files[name] for name in ("users.csv", "orgs.csv")})
    page = world.read(PAGE)
    assert "2 files wait for the next run" in page
    assert "The first run needs all eight files: 6 are missing." in page
    chips = page.split('aria-label="Files of the first run"')[1].split("</ul>")[0]
    assert chips.count("missing") == 6
    for name in ("courses.csv", "classes.csv", "enrollments.csv", "academicSessions.csv", "demographics.csv", "manifest.csv"):
        assert f"<span>{name}</span><span>missing</span>" in chips


def test_a_zip_stands_for_the_whole_set(world: SftpWorld) -> None:
    world.put({"OneRoster.zip": zipped(whole_set())})
    page = world.read(PAGE)
    assert "1 file waits for the next run" in page
    assert "missing" not in page


def test_what_still_arrives_is_told_apart(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    world.begin("classes.csv")
    page = world.read(PAGE)
    assert "Arriving" in page
    assert "1 is still arriving; a run leaves it for the next." in page
    assert "1 file waits" in page


def test_after_a_first_run_nothing_is_missing_any_more(world: SftpWorld) -> None:
    world.imported()
    world.put({"users.csv": whole_set()["users.csv"] + "\n"})
    page = world.read(PAGE)
    assert "1 file waits for the next run" in page
    assert "missing" not in page
    assert "first run needs" not in page


def test_the_last_run_is_named_with_who_started_it_and_its_sync(world: SftpWorld) -> None:
    sync = world.imported()
    page = world.read(PAGE)
    assert f"Run Import by {world.owner}" in page
    assert f'href="{reverse("imports:sync", args=[sync.pk])}"' in page


def test_a_refused_run_says_why_and_that_nothing_was_changed(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    world.ran(is_refused=True, outcome="Seven files are missing <here>.")
    page = world.read(PAGE)
    assert "The last run took nothing" in page
    assert "Seven files are missing &lt;here&gt;." in page
    assert "Nothing was changed." in page


def test_a_refusal_that_something_has_changed_since_is_not_said_as_if_it_still_held(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    world.run()
    page = world.read(PAGE)
    assert 'tone-bad" role="alert"' in page
    assert "Something has changed since" not in page
    world.put({"orgs.csv": whole_set()["orgs.csv"]})
    page = world.read(PAGE)
    assert "The last run took nothing" in page
    assert "Something has changed since" in page
    assert 'role="alert"' not in page


def test_the_part_that_is_polled_cries_out_once(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    world.run()
    assert 'role="alert"' not in world.client().get(PART).content.decode()


def test_files_that_no_run_takes_are_named_with_the_reason(world: SftpWorld) -> None:
    world.put({"OneRoster.zip": b"PK is all that came", "notes.txt": "x"})
    page = world.read(PAGE)
    assert "1 file in the landing zone is taken by no run." in page
    assert "OneRoster.zip is damaged" in page
    assert "notes.txt" not in page
    (world.zone.root / "OneRoster.zip").unlink()
    assert "taken by no run" not in world.read(PAGE)
    world.put({f"students {number}.csv": "x" for number in range(5)})
    page = world.read(PAGE)
    assert "5 files in the landing zone are taken by no run." in page
    assert "2 more have their reason in the receipts." in page


def test_with_a_server_of_their_own_nothing_is_said_of_a_run_that_fetches_first(world: SftpWorld) -> None:
    world.imported()
    assert "A run now would end as No changes." in world.read(PAGE)
    LandingZone.objects.of(world.district).update(server="custom")
    page = world.read(PAGE)
    assert "A run now would end as No changes." not in page
    assert "A run first fetches what is new on your server." in page


def test_names_from_the_client_are_escaped(world: SftpWorld) -> None:
    Arrival.objects.create(district=world.district, app=world.sftp, path="<b>x</b>.csv", size=1, sha256="a" * 64, stamp="")
    for address in (PAGE, reverse("imports:app_tab", args=["sftp", "landing"])):
        page = world.read(address)
        assert "<b>x</b>.csv" not in page
        assert escape("<b>x</b>.csv") in page


@pytest.mark.parametrize(("tab", "state"), [*product(("overview",), [None, *State]), *product(TABS[1:], (None, State.HELD))])
def test_the_page_renders_after_a_sync_of_every_state_and_never_speaks_of_uploads_here(
    world: SftpWorld, tab: str, state: State | None
) -> None:
    if state:
        csv, world.app = world.app, world.sftp
        world.sync(state)
        world.app = csv
    page = world.read(reverse("imports:app_tab", args=["sftp", tab]))
    assert (state.label if state else "Nothing has been imported yet.") in page
    assert "Run Import" in page
    for words in ("Upload files", "Nothing has been uploaded", "new upload", "seven files"):
        assert words not in page


@pytest.mark.parametrize("tab", TABS)
def test_a_busy_landing_zone_stays_within_its_queries(world: SftpWorld, tab: str, django_assert_max_num_queries: Any) -> None:
    world.imported()
    for number in range(40):
        Arrival.objects.create(district=world.district, app=world.sftp, path=f"{number}.csv", size=1, sha256="a" * 64, stamp="")
        world.ran(minutes_ago=number)
    client = world.client()
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("imports:app_tab", args=["sftp", tab])).content.decode()
    if tab == "overview":
        assert "10 more wait" in page


def test_csv_upload_has_no_landing_zone(world: SftpWorld) -> None:
    client = world.client()
    assert client.get(reverse("imports:app_tab", args=["csv_upload", "landing"])).status_code == 404
    assert client.get(reverse("imports:landing_now", args=["csv_upload"])).status_code == 404
    assert client.post(reverse("imports:run_import", args=["csv_upload"])).status_code == 404
    page = client.get(reverse("imports:app", args=["csv_upload"])).content.decode()
    assert "Run Import" not in page
    assert "Connection details" not in page


# --- Run Import ----------------------------------------------------------------------------------------------------


def test_run_import_takes_the_set_and_leads_to_its_sync(world: SftpWorld) -> None:
    world.put(whole_set())
    response = world.client(Role.EDITOR).post(RUN)
    sync = Sync.objects.of(world.district).get(app=world.sftp)
    assert response.status_code == 302
    assert response["Location"] == reverse("imports:sync", args=[sync.pk])
    assert "Nothing waits." in world.read(PAGE)


def test_an_incomplete_first_set_is_refused_on_the_page_with_what_is_missing(world: SftpWorld) -> None:
    files = whole_set()
    world.put({name: text for name, text in files.items() if name != "orgs.csv"})
    response = world.client().post(RUN)
    page = response.content.decode()
    assert response.status_code == 422
    assert "The last run took nothing" in page
    assert "orgs.csv" in page.split("The last run took nothing")[1].split("</div>")[0]
    assert not Sync.objects.of(world.district).exists()
    assert "7 files wait" in page


def test_a_run_without_new_files_ends_as_no_changes(world: SftpWorld) -> None:
    world.imported()
    response = world.client().post(RUN, follow=True)
    newest = Sync.objects.of(world.district).order_by("-pk")[0]
    assert newest.state == State.NO_CHANGES
    assert response.redirect_chain[-1][0] == reverse("imports:sync", args=[newest.pk])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_who_may_only_look_sees_no_button_and_may_not_run(world: SftpWorld, role: Role) -> None:
    world.put(whole_set())
    page = world.read(PAGE, role)
    assert RUN not in page
    assert "Delivery Configuration</a>" not in page
    assert world.client(role).post(RUN).status_code == 403
    assert not Sync.objects.of(world.district).exists()


def test_run_import_takes_a_post_with_a_token(world: SftpWorld) -> None:
    assert world.client().get(RUN).status_code == 405
    assert world.client(enforce_csrf_checks=True).post(RUN).status_code == 403


# --- the part that follows -----------------------------------------------------------------------------------------


def test_nothing_is_redrawn_while_nothing_has_changed(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    client = world.client()
    seen = client.get(PAGE).context["now"].digest
    assert client.get(PART, {"seen": seen}).status_code == 204
    world.put({"orgs.csv": whole_set()["orgs.csv"]})
    response = client.get(PART, {"seen": seen})
    assert response.status_code == 200
    part = response.content.decode()
    assert "2 files wait" in part
    assert 'hx-trigger="every 3s, seen-again"' in part
    assert client.get(PART, {"seen": response.context["now"].digest}).status_code == 204


def test_it_looks_seldom_while_nothing_moves(world: SftpWorld) -> None:
    assert 'hx-trigger="every 15s, seen-again"' in world.read(PAGE)


def test_a_file_that_grows_is_seen_to_grow(world: SftpWorld) -> None:
    world.begin("users.csv", b"1")
    client = world.client()
    seen = client.get(PART).context["now"].digest
    (world.zone.root / "users.csv").write_bytes(b"12")
    assert client.get(PART, {"seen": seen}).status_code == 200


def test_everything_that_can_have_the_focus_keeps_it(world: SftpWorld) -> None:
    world.put({"users.csv": whole_set()["users.csv"]})
    world.ran(is_refused=True, outcome="Refused.")
    part = world.client().get(PART).content.decode()
    for tag in part.split("<")[1:]:
        if tag.split(" ")[0].split(">")[0] in {"a", "button", "input", "summary"}:
            assert ' id="' in tag.split(">")[0], tag


# --- other districts -----------------------------------------------------------------------------------------------


def test_another_districts_landing_zone_is_not_to_be_seen_or_run(world: SftpWorld) -> None:
    world.put({"secret.csv": "x", **whole_set()})
    south = World("south")
    client = south.client()
    for address in (PAGE, PART, reverse("imports:app_tab", args=["sftp", "landing"])):
        assert client.get(address).status_code == 404
    assert client.post(RUN).status_code == 404
    other = SftpWorld("east")
    for address in (PAGE, PART, reverse("imports:app_tab", args=["sftp", "landing"])):
        assert "secret.csv" not in other.read(address)
    other.client().post(RUN)
    assert Arrival.objects.of(world.district).filter(state=Arrival.State.WAITING).count() == 8
    assert not Sync.objects.of(world.district).exists()

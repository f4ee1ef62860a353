"""The tab Landing zone: receipts, runs, archive, space, and replaying a set."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from imports.models import Arrival, Delivery, LandingRun, Sync
from imports.states import State
from tests.integration.imports_ui.files import zipped
from tests.integration.imports_ui.sftp import SftpWorld, whole_set

TAB = reverse("imports:app_tab", args=["sftp", "landing"])
RUNS, ARCHIVE = f"{TAB}?show=runs", f"{TAB}?show=archive"


@pytest.fixture
def world(db: None, data_dir: Path, settings: Any) -> SftpWorld:
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0
    return SftpWorld()


def arrival(world: SftpWorld, path: str, state: str = "waiting", **values: Any) -> Arrival:
    usual = {"size": 2_000, "sha256": "ab" * 32, "stamp": "", "state": state}
    return Arrival.objects.create(district=world.district, app=world.sftp, path=path, **{**usual, **values})


def lines(page: str) -> str:
    """The list below the three choices."""
    return page.split('aria-label="What to list"')[1]


# --- receipts ------------------------------------------------------------------------------------------------------


def test_every_file_has_a_receipt_with_hash_state_and_reason(world: SftpWorld) -> None:
    arrival(world, "notes.txt", "ignored", reason="notes.txt is no roster file.")
    for state in ("replaced", "removed"):
        arrival(world, f"{state}.csv", state)
    page = lines(world.read(TAB))
    assert page.count("ab" * 32) == 3
    assert "abababababab…" in page
    assert "notes.txt is no roster file." in page
    for words in ("Ignored", "Replaced", "Removed", "before a run"):
        assert words in page


def test_a_taken_file_leads_to_its_sync(world: SftpWorld) -> None:
    sync = world.imported()
    page = lines(world.read(f"{TAB}?state=taken"))
    assert page.count(f'href="{reverse("imports:sync", args=[sync.pk])}">#{sync.pk}</a>') == 8


def test_receipts_are_narrowed_by_state_and_paged(world: SftpWorld) -> None:
    for number in range(30):
        arrival(world, f"gone-{number}.csv", "removed")
    arrival(world, "users.csv")
    first = lines(world.read(TAB))
    assert "1–25 of 31 receipts" in first
    assert "state=removed" in first
    waiting = lines(world.read(f"{TAB}?state=waiting"))
    assert "users.csv" in waiting
    assert "gone-" not in waiting
    last = lines(world.read(f"{TAB}?state=removed&page=2"))
    assert "26–30 of 30 receipts" in last
    assert "31 receipts" in lines(world.read(f"{TAB}?state=nonsense&show=nonsense"))


def test_without_receipts_the_page_says_what_they_are(world: SftpWorld) -> None:
    assert "No receipts yet" in world.read(TAB)
    assert "No runs yet" in world.read(RUNS)
    assert "Nothing is archived yet" in world.read(ARCHIVE)
    assert "No such receipts" in world.read(f"{TAB}?state=taken")


# --- runs ----------------------------------------------------------------------------------------------------------


def test_runs_say_what_started_them_and_what_came_of_it(world: SftpWorld) -> None:
    sync = world.imported()
    world.ran(reason=LandingRun.Reason.SCHEDULE, by=None, due_at=timezone.now(), outcome="No new files.")
    world.ran(reason=LandingRun.Reason.ARRIVAL, by=None, is_refused=True, outcome="orgs.csv is missing.")
    page = lines(world.read(RUNS))
    assert f"Run Import by {world.owner}" in page
    assert "Schedule, due" in page
    assert "Arrival of a complete set" in page
    assert "Refused" in page
    assert "orgs.csv is missing." in page
    assert "Nothing taken" in page
    assert f"Sync #{sync.pk}" in page


# --- archive and replay --------------------------------------------------------------------------------------------


def archived(world: SftpWorld) -> tuple[Sync, Delivery]:
    sync = world.imported()
    sync.delivery.refresh_from_db()
    assert sync.delivery.archived_as
    return sync, sync.delivery


def test_the_archive_names_folder_sync_and_files_and_warns_before_a_replay(world: SftpWorld) -> None:
    sync, delivery = archived(world)
    page = lines(world.read(ARCHIVE))
    assert f"archive/{delivery.archived_as}" in page
    assert f">#{sync.pk}</a>" in page
    for name in whole_set():
        assert name in page
    assert reverse("imports:replay", args=["sftp", delivery.pk]) in page
    assert "records of the same kind that they leave out are deleted" in page


def test_a_replay_imports_the_set_again_and_says_whose_it_is(world: SftpWorld) -> None:
    sync, delivery = archived(world)
    world.put({"users.csv": whole_set()["users.csv"].replace("Ana", "Anna")})
    world.work(world.run())
    response = world.client(Role.EDITOR).post(reverse("imports:replay", args=["sftp", delivery.pk]))
    newest = Sync.objects.of(world.district).order_by("-pk")[0]
    assert response["Location"] == reverse("imports:sync", args=[newest.pk])
    run = LandingRun.objects.of(world.district).get(sync=newest)
    assert run.reason == LandingRun.Reason.REPLAY
    world.work(run)
    for address in (reverse("imports:sync", args=[newest.pk]), RUNS):
        page = world.read(address)
        assert (
            f'Replay of <a class="underlined" href="{reverse("imports:sync", args=[sync.pk])}" id="replayed-{run.pk}">sync #{sync.pk}</a>'
            in page
        )


def test_only_archived_sets_of_this_district_and_app_are_replayed_by_editors(world: SftpWorld) -> None:
    _, delivery = archived(world)
    replay = reverse("imports:replay", args=["sftp", delivery.pk])
    assert replay not in world.read(ARCHIVE, Role.VIEWER)
    for role in (Role.VIEWER, Role.APPROVER):
        assert world.client(role).post(replay).status_code == 403
    client = world.client()
    assert client.get(replay).status_code == 405
    uploaded = world.delivery()
    for number in (uploaded.pk, 2**64, 999_999):
        assert client.post(reverse("imports:replay", args=["sftp", number])).status_code == 404
    assert client.post(reverse("imports:replay", args=["csv_upload", delivery.pk])).status_code == 404
    assert SftpWorld("east").client().post(replay).status_code == 404
    assert Sync.objects.of(world.district).count() == 1


# --- space ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("megabytes", "words"), [(1, ""), (90, "Nearly full"), (100, "New files are refused")])
def test_the_space_is_told_in_words_and_as_a_bar(world: SftpWorld, settings: Any, megabytes: int, words: str) -> None:
    settings.PORTAL_SFTP_QUOTA_MB = 100
    with (world.zone.root / "big.bin").open("wb") as file:
        file.truncate(megabytes << 20)
    page = world.read(TAB)
    assert "of 105 MB used" in page
    assert f"<strong>{megabytes}.0 %</strong>" in page
    assert '<meter class="tone-' in page
    assert words in page
    assert ("New files are refused" in page) == (megabytes == 100)


# --- the page of a sync, and the history ---------------------------------------------------------------------------


def test_a_sync_says_how_it_was_started_what_was_not_sent_and_where_the_files_lie(world: SftpWorld) -> None:
    world.imported()
    world.put({"users.csv": whole_set()["users.csv"].replace("Ana", "Anna")})
    sync = world.work(world.run(reason=LandingRun.Reason.SCHEDULE, by=None, due_at=timezone.now()))
    sync.delivery.refresh_from_db()
    page = world.read(reverse("imports:sync", args=[sync.pk]))
    names = "orgs.csv, courses.csv, classes.csv, enrollments.csv, academicSessions.csv, demographics.csv"
    left = page.split("Not sent, left as they are: ")[1].split(".</div>")[0]
    assert sorted(left.split(", ")) == sorted(names.split(", "))
    assert "Schedule, due" in page
    assert f"archive/{sync.delivery.archived_as}" in page
    assert "Schedule" in world.read(reverse("history"))


def test_a_zip_wins_and_the_ignored_files_are_named(world: SftpWorld) -> None:
    world.put({"OneRoster.zip": zipped(whole_set()), "users.csv": "sourcedId\n"})
    sync = world.work(world.run())
    page = world.read(reverse("imports:sync", args=[sync.pk]))
    assert "users.csv came along and was not used" in page
    assert "Not sent" not in page
    receipts = lines(world.read(f"{TAB}?state=ignored"))
    assert "users.csv" in receipts


def test_a_sync_of_csv_upload_says_nothing_of_it(world: SftpWorld) -> None:
    sync = world.sync(State.COMPLETED)
    page = world.read(reverse("imports:sync", args=[sync.pk]))
    assert "Not sent" not in page
    assert "Started by" not in page

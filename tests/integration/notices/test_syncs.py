"""What real syncs tell: numbers and links, and nothing of the people in their files."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from django.db import transaction

from accounts.models import Role
from imports.models import Sync, Transition
from imports.services import tell
from imports.services.daily_notices import send_digest
from imports.services.remind import remind_held
from imports.states import HoldKind, State, SyncKind
from notices.models import DigestTurn, Event, NoticeSettings
from tests.integration.imports_ui.world import World as Desk
from tests.integration.notices.kit import forbidden_words, later, settle, texts, whole
from tests.integration.worker.world import ALL_NEW, World, edit, make_archive, pack

LIMITS = {**ALL_NEW, "delivery": {"update_threshold": 35, "deletion_threshold": 10}, "requirements": {"student": {"email": "skip"}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


def read_users(archive: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as opened:
        return list(csv.DictReader(io.StringIO(opened.read("users.csv").decode("utf-8-sig"))))


def halve(archive: Path, folder: Path) -> Path:
    """The same files, but every other student and every enrollment of theirs is gone."""
    made = folder / "half"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(made)
    gone: set[str] = set()

    def person(number: int, row: dict[str, str]) -> dict[str, str] | None:
        if row["role"] == "student" and number % 2:
            gone.add(row["sourcedId"])
            return None
        return row

    edit(made / "users.csv", person)
    edit(made / "enrollments.csv", lambda _, row: None if row["userSourcedId"] in gone else row)
    edit(made / "demographics.csv", lambda _, row: None if row["sourcedId"] in gone else row)
    return pack(made, folder / "half.zip")


def events(district, kind: str) -> list[Event]:
    return list(Event.objects.of(district).filter(kind=kind).order_by("pk"))


def told(sync: Sync, act) -> None:
    """Call one of the functions, as the services do, in a transaction."""
    with transaction.atomic():
        act(Sync.unscoped.select_related("district", "app").get(pk=sync.pk))


@pytest.mark.django_db
def test_no_mail_and_no_fact_about_a_real_sync_names_a_person(folder, data_dir, mail_server, db):
    world = World(data_dir, document=LIMITS)
    archive = make_archive(folder, students=60)
    half = halve(archive, folder)
    completed = world.run(archive)
    told(completed, tell.tell_completed)
    held = world.run(half)
    assert held.state == State.HELD
    told(held, tell.tell_held)
    remind_held(later(hours=25))
    told(held, tell.tell_expired)
    told(held, tell.tell_failed)
    DigestTurn.objects.create(district=world.district, day="2000-01-01")
    assert send_digest(world.district, NoticeSettings(district=world.district))
    (written,) = events(world.district, "sync.held")
    assert written.facts["deleted"] > 30
    assert re.search(r"Students: \d\d\.\d % would be deleted \(\d+ of \d+\); the limit is 10 %\.", written.facts["why"])
    for event in Event.objects.of(world.district):
        settle(event)
    assert len(mail_server.mails) >= 5
    forbidden = forbidden_words(read_users(archive))
    assert len(forbidden) > 200
    said = [whole(mail) for mail in mail_server.mails] + [repr(event.facts) for event in Event.objects.of(world.district)]
    found = {word for text in said for word in forbidden if re.search(rf"(?<![\w.@-]){re.escape(word)}(?![\w@-])", text)}
    assert found == set()


@pytest.mark.django_db
def test_the_scan_would_find_a_name(folder):
    words = forbidden_words(read_users(make_archive(folder, students=60)))
    word = sorted(words)[0]
    assert re.search(rf"(?<![\w.@-]){re.escape(word)}(?![\w@-])", f"Held because of {word}.")


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def hold(desk: Desk, **values) -> Sync:
    return desk.sync(State.HELD, **values)


def test_a_sync_is_told_once_each_time_it_is_held(desk):
    sync = hold(desk)
    told(sync, tell.tell_held)
    told(sync, tell.tell_held)
    assert len(events(desk.district, "sync.held")) == 1
    assert events(desk.district, "sync.held")[0].subject_url == f"/history/{sync.pk}/review/"


def move(sync: Sync, *states: tuple[State, State]) -> None:
    for come_from, to in states:
        Transition.objects.create(sync=sync, from_state=come_from, to_state=to)


def test_one_that_is_shown_anew_because_the_roster_moved_is_told_again(desk):
    sync = hold(desk)
    told(sync, tell.tell_held)
    move(sync, (State.HELD, State.QUEUED), (State.QUEUED, State.RUNNING), (State.RUNNING, State.QUEUED), (State.QUEUED, State.RUNNING))
    move(sync, (State.RUNNING, State.HELD))
    told(sync, tell.tell_held)
    assert len(events(desk.district, "sync.held")) == 2


def test_one_that_somebody_limits_at_the_screen_is_not_told_again(desk):
    sync = hold(desk)
    told(sync, tell.tell_held)
    move(sync, (State.HELD, State.QUEUED), (State.QUEUED, State.RUNNING), (State.RUNNING, State.HELD))
    told(sync, tell.tell_held)
    assert len(events(desk.district, "sync.held")) == 1


def test_a_simulation_tells_nobody(desk):
    sync = hold(desk, is_simulation=True)
    for act in (tell.tell_held, tell.tell_failed, tell.tell_expired, tell.tell_completed):
        told(sync, act)
    assert not Event.objects.of(desk.district).exists()


def test_why_it_is_held_comes_from_counts_and_never_from_what_somebody_typed(desk):
    sync = hold(desk, hold_detail="Limited to Nora Quinn's school. because Nora left")
    detail = sync.detail
    detail.excesses = [
        {"scope": "school", "name": "KEY-7", "record_type": "student", "what": "deleted", "rows": 412, "live_before": 412, "limit": 50, "unit": "records"},
        {"scope": "file", "name": "users", "record_type": "", "what": "delivered", "rows": 10, "live_before": 100, "limit": 50, "unit": "percent"},
    ]  # fmt: skip
    detail.save()
    told(sync, tell.tell_held)
    why = events(desk.district, "sync.held")[0].facts["why"]
    assert "One school, Students: 100.0 % would be deleted (412 of 412); the limit is 50 records." in why
    assert "users.csv has 10 rows, 10.0 % of the 100 it had last; the least is 50 %." in why
    assert "Nora" not in why and "KEY-7" not in why


@pytest.mark.parametrize(
    ("values", "subject", "why"),
    [
        ({"hold_kind": HoldKind.PREVIEW}, "CSV Upload sync", "Preview Mode is enabled"),
        ({"hold_kind": HoldKind.EMPTY_FILE}, "CSV Upload sync", "A file came without rows"),
        ({"hold_kind": HoldKind.PREVIEW, "kind": SyncKind.ROLLBACK}, "CSV Upload rollback", "A rollback is looked at"),
        ({"hold_kind": HoldKind.THRESHOLD, "kind": SyncKind.REST}, "CSV Upload sync", "This was held back when sync"),
    ],
)
def test_each_kind_of_hold_says_what_it_is(desk, mail_server, values, subject, why):
    sync = hold(desk, **values)
    told(sync, tell.tell_held)
    settle(events(desk.district, "sync.held")[0])
    assert mail_server.mails[0]["Subject"] == f"Held: {subject} #{sync.pk} of North Valley Schools waits for a decision"
    assert why in texts(mail_server.mails[0])[0]


def test_a_failure_is_told_without_its_reason_which_may_quote_the_file(desk, mail_server):
    desk.member(Role.EDITOR)
    sync = desk.sync(State.FAILED, failure="users.csv has no header sourcedId, but “Nora Quinn”.", error_count=2)
    told(sync, tell.tell_failed)
    told(sync, tell.tell_failed)
    (event,) = events(desk.district, "sync.failed")
    settle(event)
    assert len(mail_server.mails) == 2
    assert "Nora" not in whole(mail_server.mails[0])
    assert f"/history/{sync.pk}/" in texts(mail_server.mails[0])[0]


def test_the_rollovers_end_is_told_once(desk):
    ends = later(days=1)
    for _ in range(2):
        tell.tell_rollover_ends(desk.district, what="Suspend data import", ends_at=ends, url="/administration/")
    assert len(events(desk.district, "rollover.ends")) == 1

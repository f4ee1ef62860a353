"""What the clock tells: the daily digest, reminders, deliveries that did not come."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dataquality.models import Issue
from imports.models import Rollover, Sync, Transition
from imports.services.daily_notices import daily_notices
from imports.services.remind import remind_held
from imports.states import State
from notices.models import DigestTurn, Event, ExpectedDelivery, NoticeSettings
from notices.steps.digest_day import last_due_day
from tests.integration.imports_ui.world import World
from tests.integration.notices.kit import settle, texts, whole

DAY = timedelta(days=1)
SEVEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # 7:00 in New York


@pytest.fixture
def world(db) -> World:
    made = World()
    made.school()
    return made


def digests(world) -> list[Event]:
    return list(Event.objects.of(world.district).filter(kind="digest.excluded").order_by("pk"))


def begin(world) -> None:
    """The district had a digest on the day before, and nothing was open."""
    DigestTurn.objects.create(district=world.district, day=date(2026, 3, 1), until=SEVEN - DAY)


# --- the digest -------------------------------------------------------------------------------------------------------


def test_it_comes_at_the_hour_of_the_district_once_a_day_and_only_when_something_changed(world):
    begin(world)
    world.issue(1, opened_at=SEVEN - timedelta(hours=3))
    daily_notices(SEVEN - timedelta(minutes=1))
    assert digests(world) == []
    for minutes in (0, 5, 600):
        daily_notices(SEVEN + timedelta(minutes=minutes))
    (event,) = digests(world)
    assert (event.facts["opened"], event.facts["resolved"], event.facts["open"]) == (1, 0, 1)
    daily_notices(SEVEN + DAY)  # nothing changed since
    assert len(digests(world)) == 1
    Issue.objects.of(world.district).update(resolved_at=SEVEN + DAY + timedelta(hours=1), resolved_sync=2)
    daily_notices(SEVEN + 2 * DAY)
    assert [(one.facts["opened"], one.facts["resolved"]) for one in digests(world)] == [(1, 0), (0, 1)]


def test_what_opened_and_was_settled_in_between_is_no_change(world):
    begin(world)
    world.issue(1, opened_at=SEVEN - timedelta(hours=3), resolved_at=SEVEN - timedelta(hours=1))
    daily_notices(SEVEN)
    assert digests(world) == []


def test_it_counts_by_requirement_and_school_and_other_rules_not_at_all(world):
    begin(world)
    at = SEVEN - timedelta(hours=1)
    for number in (1, 2):
        world.issue(number, opened_at=at)
    world.issue(3, opened_at=at, code="attribute-missing", outcome="reported", attribute="email", school="unknown-key")
    world.issue(4, opened_at=at, code="uniqueness-shared", outcome="duplicate", attribute="email")
    daily_notices(SEVEN)
    (event,) = digests(world)
    assert event.facts["opened"] == 3
    assert event.facts["requirements"] == [
        {"name": "Students without Grades, left out", "opened": 2, "resolved": 0},
        {"name": "Students without Email Address, reported", "opened": 1, "resolved": 0},
    ]
    assert event.facts["schools"] == [{"name": "North High", "opened": 2, "resolved": 0}, {"name": "No school", "opened": 1, "resolved": 0}]


def test_its_mail_says_counts_and_no_record(world, mail_server):
    begin(world)
    world.issue(1, opened_at=SEVEN - timedelta(hours=1), value="secret value", record_name="Nora Quinn", record_key="KEY-77")
    daily_notices(SEVEN)
    settle(digests(world)[0])
    (mail,) = mail_server.mails
    assert mail["Subject"] == "Daily digest of North Valley Schools: 1 new, 0 settled"
    assert "- Students without Grades, left out: 1 new, 0 settled" in texts(mail)[0]
    assert "/quality/" in texts(mail)[0]
    assert not any(word in whole(mail) for word in ("Nora", "Quinn", "KEY-77", "secret value"))


def test_after_downtime_it_is_made_up_for_once(world):
    begin(world)
    world.issue(1, opened_at=SEVEN - timedelta(hours=1))
    daily_notices(SEVEN + 3 * DAY + timedelta(hours=2))
    daily_notices(SEVEN + 3 * DAY + timedelta(hours=3))
    assert len(digests(world)) == 1
    world.issue(2, opened_at=SEVEN + 3 * DAY + timedelta(hours=4))
    daily_notices(SEVEN + 4 * DAY)
    assert [one.facts["opened"] for one in digests(world)] == [1, 1]


def test_a_new_district_waits_for_the_hour_to_strike(world):
    world.issue(1, opened_at=SEVEN)
    daily_notices(SEVEN + timedelta(hours=4))
    assert digests(world) == []
    daily_notices(SEVEN + DAY)
    assert [one.facts["opened"] for one in digests(world)] == [1]


def test_another_hour_on_the_same_day_brings_no_second_one_and_off_is_off(world):
    begin(world)
    world.issue(1, opened_at=SEVEN - timedelta(hours=1))
    daily_notices(SEVEN)
    saved = NoticeSettings.objects.create(district=world.district, digest_hour=9)
    world.issue(2, opened_at=SEVEN + timedelta(hours=1))
    daily_notices(SEVEN + timedelta(hours=3))
    assert len(digests(world)) == 1
    saved.digest_on = False
    saved.save()
    daily_notices(SEVEN + DAY + timedelta(hours=3))
    assert len(digests(world)) == 1


def test_each_district_has_its_own_clock_and_its_own_issues(world):
    south = World("south")
    south.district.time_zone = "Asia/Tokyo"
    south.district.save()
    begin(world), begin(south)
    world.issue(1, opened_at=SEVEN - timedelta(hours=20))
    south.issue(1, opened_at=SEVEN - timedelta(hours=20))
    daily_notices(SEVEN - timedelta(hours=12))  # 9:00 on March 2 in Tokyo, the evening before in New York
    assert (len(digests(world)), len(digests(south))) == (0, 1)
    daily_notices(SEVEN)
    assert (len(digests(world)), len(digests(south))) == (1, 1)


def test_an_unknown_time_zone_stops_no_other_district(world):
    south = World("south")
    south.district.time_zone = "Mars/Olympus"
    south.district.save()
    begin(world), begin(south)
    world.issue(1, opened_at=SEVEN - timedelta(hours=1))
    daily_notices(SEVEN)
    assert len(digests(world)) == 1


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("now", "hour", "zone", "day"),
    [
        ("2026-03-08T06:59:00+00:00", 2, "America/New_York", date(2026, 3, 7)),  # 1:59 EST; 2:00 is skipped that night
        ("2026-03-08T07:00:00+00:00", 2, "America/New_York", date(2026, 3, 8)),  # 3:00 EDT
        ("2026-11-01T05:00:00+00:00", 1, "America/New_York", date(2026, 11, 1)),  # 1:00 EDT, the first time
        ("2026-11-01T06:30:00+00:00", 1, "America/New_York", date(2026, 11, 1)),  # 1:30 EST, the second time
        ("2026-03-02T00:00:00+00:00", 0, "UTC", date(2026, 3, 2)),
        ("2026-03-01T23:59:59+00:00", 0, "UTC", date(2026, 3, 1)),
        ("2026-03-01T10:00:00+00:00", 23, "Pacific/Kiritimati", date(2026, 3, 1)),
    ],
)
def test_the_day_of_a_digest_follows_the_clock_on_the_wall(now, hour, zone, day):
    assert last_due_day(datetime.fromisoformat(now), hour, ZoneInfo(zone)) == day


# --- reminders --------------------------------------------------------------------------------------------------------


def held(world, *, hours_ago: float, **values) -> Sync:
    sync = world.sync(State.HELD, **values)
    Transition.objects.filter(sync=sync).update(at=timezone.now() - timedelta(hours=hours_ago))
    return sync


def reminders(world) -> list[int]:
    return [one.facts["sync"] for one in Event.objects.of(world.district).filter(kind="sync.reminder").order_by("pk")]


def test_a_sync_held_for_a_day_is_told_again_once(world, mail_server):
    sync = held(world, hours_ago=24.1)
    held(world, hours_ago=23.9)
    assert (remind_held(), remind_held()) == (1, 0)
    assert reminders(world) == [sync.pk]
    settle(Event.objects.of(world.district).get())
    (mail,) = mail_server.mails
    assert mail["Subject"] == f"Still held: CSV Upload sync #{sync.pk} of North Valley Schools waits for a decision"
    assert f"/history/{sync.pk}/review/" in texts(mail)[0]
    assert "In 13 days it expires" in texts(mail)[0]


def test_the_hours_are_the_districts_and_none_is_never(world):
    sync = held(world, hours_ago=3)
    saved = NoticeSettings.objects.create(district=world.district, reminder_hours=None)
    assert remind_held() == 0
    saved.reminder_hours = 2
    saved.save()
    assert remind_held() == 1
    assert reminders(world) == [sync.pk]


def test_decided_and_simulated_syncs_are_nobodys_reminder(world):
    held(world, hours_ago=30, is_simulation=True)
    rejected = held(world, hours_ago=30)
    Sync.unscoped.filter(pk=rejected.pk).update(state=State.REJECTED)
    assert remind_held() == 0


def test_a_sync_that_was_held_anew_is_counted_from_then(world):
    sync = held(world, hours_ago=30)
    Transition.objects.create(sync=sync, from_state=State.RUNNING, to_state=State.HELD)
    assert remind_held() == 0


# --- deliveries that did not come -------------------------------------------------------------------------------------


def missing(world) -> list[Event]:
    return list(Event.objects.of(world.district).filter(kind="delivery.missing").order_by("pk"))


def test_an_overdue_delivery_is_told_once_for_each_lapse(world, mail_server):
    now = timezone.now()
    ExpectedDelivery.objects.create(district=world.district, app="csv_upload", hours=24, since=now - 9 * DAY)
    delivery = world.delivery()
    daily_notices(now + timedelta(hours=23))
    assert missing(world) == []
    daily_notices(now + timedelta(hours=25))
    daily_notices(now + timedelta(hours=80))
    (event,) = missing(world)
    assert event.facts == {"app": "CSV Upload", "hours": 24, "last_at": delivery.received_at.isoformat()}
    settle(event)
    assert mail_server.mails[0]["Subject"] == "Missing: no CSV Upload delivery for North Valley Schools"
    world.delivery()
    daily_notices(now + timedelta(hours=50))
    assert len(missing(world)) == 2


def test_it_counts_from_when_it_was_set_and_is_off_by_default(world):
    now = timezone.now()
    daily_notices(now + 30 * DAY)
    assert missing(world) == []
    ExpectedDelivery.objects.create(district=world.district, app="csv_upload", hours=24, since=now)
    daily_notices(now + timedelta(hours=23))
    assert missing(world) == []
    daily_notices(now + timedelta(hours=25))
    (event,) = missing(world)
    assert event.facts["last_at"] is None


def test_the_files_of_a_rehearsal_are_no_delivery(world):
    now = timezone.now()
    ExpectedDelivery.objects.create(district=world.district, app="csv_upload", hours=24, since=now - 9 * DAY)
    world.sync(State.SIMULATED, is_simulation=True, is_rehearsal=True)
    daily_notices(now + timedelta(hours=1))
    assert len(missing(world)) == 1


def test_nothing_is_expected_while_imports_are_suspended_and_the_hours_begin_anew_after_that(world):
    now = timezone.now()
    ExpectedDelivery.objects.create(district=world.district, app="csv_upload", hours=24, since=now - 9 * DAY)
    Rollover.objects.create(district=world.district, suspends_from=now - DAY, suspends_until=now + DAY)
    for moment in (now, now + DAY, now + DAY + timedelta(hours=23)):
        daily_notices(moment)
    assert missing(world) == []
    daily_notices(now + DAY + timedelta(hours=25))
    assert len(missing(world)) == 1


def test_one_district_is_not_told_of_another(world):
    south = World("south")
    ExpectedDelivery.objects.create(district=south.district, app="csv_upload", hours=1, since=timezone.now() - DAY)
    world.delivery()
    daily_notices()
    assert (len(missing(world)), len(missing(south))) == (0, 1)

"""What people are told of runs that began by themselves and took nothing, and of files that did not come."""

from datetime import timedelta

import pytest

from imports.models import LandingRun
from imports.selectors.schedule import ended_words, has_ended, last_scheduled_runs, next_run, schedule_words
from imports.services import run_schedule
from imports.services.daily_notices import tell_missing
from imports.services.run_landing import run_landing
from imports.services.run_sync import run_sync
from imports.services.tell import tell_refused
from notices.models import Event, ExpectedDelivery
from tests.integration.schedule.kit import Clock, Scheduled

pytestmark = pytest.mark.django_db
HOURLY = {"when": "hourly", "minute": 0}
INCOMPLETE = "The first import needs all eight files together, and some are missing."


def told(one: Scheduled, kind: str = "delivery.refused") -> list[Event]:
    return list(Event.objects.of(one.district).filter(kind=kind).order_by("pk"))


@pytest.fixture
def hourly(clock: Clock) -> Scheduled:
    clock.set("2027-06-01T12:30")
    return Scheduled(HOURLY)


def test_a_refused_run_is_told_once_until_its_cause_changes(clock, hourly, monkeypatch):
    hourly.put("users.csv")
    clock.beat("2027-06-01T13:00")
    hourly.put("orgs.csv")  # other files are missing now, for the same cause
    clock.beat("2027-06-01T14:00")
    (event,) = told(hourly)
    assert event.facts == {"app": "SFTP", "why": INCOMPLETE}
    assert event.subject_url == "/apps/sftp/"
    assert [run.is_refused for run in hourly.runs()] == [True, True]

    def broken(**options: object) -> None:
        raise RuntimeError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(run_schedule, "run_landing", broken)
        clock.beat("2027-06-01T15:00")
        clock.beat("2027-06-01T16:00")
    clock.beat("2027-06-01T17:00")
    whys = [event.facts["why"] for event in told(hourly)]
    assert whys == [INCOMPLETE, "Reason: The portal could not run the import.", INCOMPLETE]


def test_after_a_run_that_took_something_the_same_cause_is_told_again(clock, hourly):
    hourly.put("users.csv")
    clock.beat("2027-06-01T13:00")
    hourly.put()
    (run,) = clock.beat("2027-06-01T14:00")
    assert not run.is_refused
    hourly.put("users.csv")  # nothing is imported yet, so it takes all eight again
    clock.beat("2027-06-01T15:00")
    assert [event.facts["why"] for event in told(hourly)] == [INCOMPLETE, INCOMPLETE]


def test_nobody_is_told_of_what_a_person_ran_nor_of_a_suspension_nor_of_nothing_new(clock, hourly):
    clock.beat("2027-06-01T13:00")
    hourly.put("users.csv")
    run = run_landing(app=hourly.app, reason=LandingRun.Reason.MANUAL, wake=False)
    tell_refused(run, {"file-missing": "File missing"})
    suspended = LandingRun.objects.create(district=hourly.district, app=hourly.app, reason="arrival", is_refused=True)
    tell_refused(suspended, {"import-suspended": "Data import is suspended"})
    assert told(hourly) == []
    tell_refused(suspended)
    assert told(hourly)[0].facts["why"] == "The reason stands in the portal."


def test_a_fault_in_one_district_keeps_no_other_from_its_run(clock, hourly, monkeypatch):
    other, attempt = Scheduled(HOURLY), run_schedule.run_landing

    def failing(**options: object) -> object:
        if options["app"] == hourly.app:
            raise OSError("no space left on device")
        return attempt(**options)

    monkeypatch.setattr(run_schedule, "run_landing", failing)
    first, second = clock.beat("2027-06-01T13:00")
    assert (first.is_refused, first.outcome.startswith("The portal could not run the import"), second.is_refused) == (True, True, False)
    assert (hourly.due(), other.due()) == (["06-01 13:00"], ["06-01 13:00"])
    assert len(clock.beat("2027-06-01T14:00")) == 2


def test_a_database_that_is_busy_is_tried_again(clock, hourly, monkeypatch):
    from django.db import OperationalError

    def busy(**options: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(run_schedule, "run_landing", busy)
        assert clock.beat("2027-06-01T13:00") == []
    assert len(clock.beat("2027-06-01T13:00:20")) == 1
    assert hourly.due() == ["06-01 13:00"]


# --- files that did not come ------------------------------------------------------------------------------------------


def test_runs_that_find_nothing_are_no_arrival_and_files_that_wait_are(clock, hourly):
    ExpectedDelivery.objects.create(district=hourly.district, app="sftp", hours=24, since=clock.now)
    for hour in range(13, 24):
        clock.beat(f"2027-06-01T{hour}:00")
    assert tell_missing(hourly.district, clock.now + timedelta(hours=14)) == 1
    assert told(hourly, "delivery.missing")[0].facts == {"app": "SFTP", "hours": 24, "last_at": None}
    hourly.put()
    (run,) = clock.beat("2027-06-03T13:00")
    run_sync(run.sync_id, wakes_next=False)
    hourly.schedule({"when": "monthly", "day": 1})
    clock.set("2027-06-04T12:00")
    hourly.put("users.csv", users={"S1": {"phone": "7"}})
    run_schedule.run_due()
    from imports.services.arrivals import note_arrivals

    note_arrivals(hourly.app)  # it waits for a run that is weeks away, but it has come
    assert tell_missing(hourly.district, clock.now + timedelta(hours=23)) == 0
    assert tell_missing(hourly.district, clock.now + timedelta(hours=25)) == 1
    assert tell_missing(hourly.district, clock.now + timedelta(hours=30)) == 0


# --- what the screens are told ----------------------------------------------------------------------------------------


def test_the_next_run_and_the_words_of_the_schedule(clock):
    clock.set("2027-06-01T12:00")
    part = {"when": "weekly", "days": ["mon", "thu"], "hour": 2, "minute": 30, "end_date": "2027-06-30"}
    one, off = Scheduled(part), Scheduled(None)
    upcoming = next_run(one.app)
    assert upcoming
    assert upcoming.isoformat() == "2027-06-03T07:30:00+00:00"
    assert schedule_words(one.app) == "Weekly on Monday and Thursday at 2:30 AM, Chicago time, until June 30, 2027"
    assert (next_run(off.app), schedule_words(off.app), has_ended(off.app), ended_words(off.app)) == (None, "", False, "")
    clock.beat("2027-06-03T07:30")
    clock.beat("2027-06-07T07:30")
    assert [f"{run.due_at:%d}" for run in last_scheduled_runs(one.app)] == ["07", "03"]
    assert ended_words(one.app) == ""
    clock.set("2027-06-28T07:30")
    assert has_ended(one.app)
    assert ended_words(one.app) == "The schedule ends on June 30, 2027, and no run is left before that. Nothing runs by itself any more."
    clock.set("2027-07-01T05:00")
    assert ended_words(one.app) == "The schedule ended on June 30, 2027. Nothing runs by itself any more."


def test_a_schedule_that_has_ended_does_not_hide_that_files_are_imported_on_arrival(clock):
    clock.set("2027-07-02T12:00")
    one = Scheduled({"when": "daily", "hour": 2, "end_date": "2027-06-30"})
    document = {**one.app.config.document}
    document["delivery"] = {**document["delivery"], "run_on_arrival": True}
    one.app.config.document = document
    assert ended_words(one.app) == "The schedule ended on June 30, 2027. A complete set is still imported as soon as it has arrived."

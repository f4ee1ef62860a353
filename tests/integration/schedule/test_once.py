"""Whoever looks at the same time, and whoever is killed where: a slot is run exactly once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from imports.models import Delivery, ImportApp, LandingRun, LandingZone, Sync
from imports.services import run_schedule
from imports.services.arrivals import note_arrivals
from imports.services.run_schedule import run_due
from imports.services.save_config import save_config
from tests.integration.schedule.kit import ALL_NEW, SCHEDULE, Scheduled
from tests.integration.schedule.scheduler import POINTS, WAIT
from tests.integration.worker.moments import at_once
from tests.integration.worker.test_safe_kills import wait_until_quiet

pytestmark = pytest.mark.django_db(transaction=True)
COMMAND = [sys.executable, "-m", "tests.integration.schedule.scheduler"]
NIGHTLY = {"when": "daily", "hour": 2, "minute": 30}


@pytest.fixture
def env(process_env: dict[str, str]) -> dict[str, str]:
    own = {"PORTAL_LANDING_DIR": str(django_settings.PORTAL_LANDING_DIR), "PORTAL_SFTP_SETTLE_SECONDS": "0"}
    return process_env | own


@pytest.fixture
def nightly(transactional_db: None, broker_url: str) -> Iterator[Scheduled]:
    """A district with a whole set in its zone, whose schedule nobody has looked at for five days."""
    one = Scheduled(NIGHTLY)
    LandingZone.objects.of(one.district).update(schedule_settled=timezone.now() - timedelta(days=5))
    one.put()
    yield one
    connection.close()


def begin(env: dict[str, str], moment: datetime, point: str = "") -> subprocess.Popen[str]:
    """A scheduler that waits for the word."""
    process = subprocess.Popen(
        [*COMMAND, moment.isoformat(), *([point] if point else [])], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def check_ran_once(one: Scheduled) -> LandingRun:
    """One run, one delivery with all eight files, one sync, and nothing left in the zone."""
    (run,) = [run for run in one.runs() if run.reason == SCHEDULE]
    deliveries = Delivery.objects.of(one.district).filter(is_empty=False)
    assert (run.is_refused, deliveries.count(), Sync.objects.of(one.district).count()) == (False, 1, 1)
    assert deliveries.get().files.count() == 8
    assert one.row.schedule_due is None
    assert not list(one.zone.taking.iterdir())
    assert len(list(one.zone.archive.iterdir())) == 1
    return run


def test_two_beats_in_threads_start_it_once(nightly):
    moment = timezone.now()
    raised = at_once(*[lambda: run_due(moment)] * 6)
    assert raised == [None] * 6
    check_ran_once(nightly)


def test_two_beats_of_two_processes_start_it_once(nightly, env):
    moment = timezone.now()
    processes = [begin(env, moment, WAIT), begin(env, moment, WAIT)]
    for process in processes:
        go(process)
    answers = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert answers == ["0", "1"]
    check_ran_once(nightly)


@pytest.mark.parametrize("point", list(POINTS))
def test_a_scheduler_that_is_killed_loses_no_run_and_makes_none_twice(nightly, env, point):
    moment = timezone.now()
    process = begin(env, moment, point)
    go(process)
    assert process.wait(60) == -9
    wait_until_quiet()
    stood = [run.pk for run in nightly.runs()]
    assert len(stood) == (point in {"recorded", "run"})
    runs = run_due(moment + timedelta(seconds=20))
    assert len(runs) == 1 - len(stood)
    run_due(moment + timedelta(seconds=40))
    if point == "recorded":  # the archive is put in order by whoever comes next
        note_arrivals(nightly.app)
    check_ran_once(nightly)


def test_a_run_that_was_lost_and_another_that_is_due_are_one(nightly, env):
    now = timezone.now()
    process = begin(env, now - timedelta(days=2), "taken")
    go(process)
    assert process.wait(60) == -9
    assert len(run_due(now)) == 1
    due = check_ran_once(nightly).due_at
    assert due
    assert due > now - timedelta(days=1)


def test_a_slot_that_was_lost_is_dropped_with_its_schedule(nightly, env):
    moment = timezone.now()
    process = begin(env, moment, "taken")
    go(process)
    assert process.wait(60) == -9
    save_config(app=nightly.app, document={**ALL_NEW, "schedule": None}, by=None)
    assert run_due(moment + timedelta(seconds=20)) == []
    assert nightly.runs() == []


def test_a_schedule_that_is_saved_while_a_run_is_in_hand_lets_it_end_and_starts_nothing_twice(nightly, monkeypatch):
    attempt, moment = run_schedule.run_landing, timezone.now()

    def saving(**options: Any) -> Any:
        thread = threading.Thread(target=lambda: (save(nightly.app), connection.close()))
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
        return attempt(**options)

    monkeypatch.setattr(run_schedule, "run_landing", saving)
    assert len(run_due(moment)) == 1
    monkeypatch.setattr(run_schedule, "run_landing", attempt)
    assert run_due(moment + timedelta(seconds=20)) == []
    check_ran_once(nightly)


def save(app: ImportApp) -> None:
    save_config(app=app, document={**ALL_NEW, "schedule": {**NIGHTLY, "hour": 4}}, by=None)

"""On SQLite one process writes at a time: those who find the database busy wait or come again, and nobody's sync fails for it."""

import sqlite3
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from imports.models import Sync
from imports.services.run_sync import run_sync
from imports.services.sweep import sweep
from imports.states import ACCEPTED, State
from tests.integration.worker.moments import before_the_end

pytestmark = [pytest.mark.redis, pytest.mark.no_database]


@pytest.fixture
def impatient(world):
    """This process would give up at once, if the worker did not ask for more patience."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {before}")


def write_lock() -> sqlite3.Connection:
    """Another process in the middle of its apply."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_worker_waits_for_the_apply_of_another_district(world, today, monkeypatch, impatient):
    sync = world.queue(today)

    def other_applies() -> None:
        other = write_lock()
        threading.Timer(1.5, other.close).start()

    before_the_end(monkeypatch, other_applies)
    run_sync(sync.pk)
    sync.refresh_from_db()
    assert (sync.state in ACCEPTED, sync.attempt) == (True, 1)
    world.check_whole()


def test_a_sweep_that_finds_the_database_busy_leaves_it_to_the_next(world, today, impatient):
    sync = world.queue(today)
    Sync.unscoped.filter(pk=sync.pk).update(state=State.RUNNING, attempt=1, lease_until=timezone.now() - timedelta(seconds=1))
    other = write_lock()
    sweep()
    sync.refresh_from_db()
    assert sync.state == State.RUNNING
    other.close()
    sweep()
    sync.refresh_from_db()
    assert sync.state == State.QUEUED

"""Without a broker nothing is lost: the database knows what is to be done, and the sweeper says it again."""

import os
import signal
import time

import pytest

from imports.models import Sync
from imports.progress import Progress, current_progress
from imports.services.sweep import sweep
from imports.states import ACCEPTED, State
from portal.celery import app
from tests.integration.worker.processes import running_worker, wait_for_end

pytestmark = pytest.mark.redis


def use_broker(url: str, settings) -> None:
    """Point this process to a broker; its pools are made anew at the next use."""
    settings.CELERY_BROKER_URL = url
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = url
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture
def no_broker(broker_url, settings, tmp_path):
    """Nobody listens where the broker should be."""
    use_broker(f"redis+socket://{tmp_path}/nobody.sock", settings)
    yield
    use_broker(broker_url, settings)


def test_a_sync_queued_without_a_broker_is_worked_once_the_sweeper_reaches_one(world, today, no_broker, broker_url, process_env, settings,
                                                                              tmp_path):  # fmt: skip
    started = time.monotonic()
    sync = world.queue(today, wake=True)
    assert time.monotonic() - started < 10  # a page does not hang
    assert sync.state == State.QUEUED
    sweep()  # the broker is still down
    use_broker(broker_url, settings)
    with running_worker(process_env, tmp_path / "worker.log"):
        time.sleep(0.5)
        sync.refresh_from_db()
        assert sync.state == State.QUEUED  # nobody was told
        sweep()
        assert wait_for_end(sync).state in ACCEPTED
    world.check_whole()


def test_a_sync_is_worked_without_a_broker_too(world, today, no_broker):
    """The command line needs no portal that runs."""
    sync = world.run(today)
    assert sync.state in ACCEPTED
    assert current_progress(sync)["rows_per_second"] is None


def test_two_workers_who_are_told_thrice_apply_once(world, today, tomorrow, process_env, tmp_path):
    with running_worker(process_env, tmp_path / "one.log"), running_worker(process_env, tmp_path / "two.log"):
        first, second = world.queue(today, wake=True), world.queue(tomorrow, wake=True)
        for _ in range(2):
            app.send_task("imports.tasks.run_sync_task", [first.pk])
            app.send_task("imports.tasks.run_sync_task", [second.pk])
        assert wait_for_end(first).state in ACCEPTED
        assert wait_for_end(second).state in ACCEPTED
    assert (first.attempt, second.attempt, world.version) == (1, 1, 2)
    assert first.finished_at <= second.started_at
    world.check_whole()


def test_a_worker_silent_for_longer_than_its_lease_loses_its_sync(world, today, process_env, settings, tmp_path):
    """No time is moved here: the lease is short, and the pool child is killed."""
    settings.PORTAL_LEASE_SECONDS = 2
    env = process_env | {"PORTAL_LEASE_SECONDS": "2"}
    with running_worker(env, tmp_path / "worker.log"):
        sync = world.queue(today, wake=True)
        deadline = time.monotonic() + 60
        while Sync.unscoped.get(pk=sync.pk).state == State.QUEUED and time.monotonic() < deadline:
            time.sleep(0.001)
        os.kill(int(Sync.unscoped.get(pk=sync.pk).worker.rsplit(":", 1)[1]), signal.SIGKILL)
        sweep()
        while Sync.unscoped.get(pk=sync.pk).losses == 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            sweep()
        assert wait_for_end(sync).state in ACCEPTED
    assert (sync.attempt, sync.losses, world.version) == (2, 1, 1)


def test_progress_is_what_the_present_worker_told(world, today, broker_url):
    sync = world.queue(today)
    Progress(sync, rows_total=100).tell("comparing", 50)
    assert current_progress(sync)["stage"] == ""  # queued: what an earlier attempt told is over
    sync.state = State.RUNNING
    assert (current_progress(sync)["stage"], current_progress(sync)["rows_done"]) == ("comparing", 50)

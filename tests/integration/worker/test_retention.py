"""What killed processes left behind goes away, what is named or in use stays; deleted records are purged when their time is over."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import AuditEvent
from imports.files import delivered_name, local_copy, remove_abandoned_scratch, scratch_folder, sha256_of, store
from imports.models import Sync
from imports.services.decide_sync import approve_sync
from imports.services.run_sync import run_sync
from imports.services.tidy import tidy
from imports.states import ACCEPTED, State
from imports.tasks import purge_task, sweep_task, tidy_task
from portal.celery import app
from records.attributes import RecordType
from roster.models import LIVE
from tests.integration.worker.world import ALL_NEW, World

pytestmark = pytest.mark.redis

HOLD_SCRATCH = """
import django, sys, time
django.setup()
from imports.files import scratch_folder
with scratch_folder() as folder:
    (folder / "users.csv").write_text("x")
    print(folder, flush=True)
    time.sleep(600)
"""


def age(path: Path, *, days: float) -> None:
    """As if the folder or file had been written days ago."""
    when = time.time() - days * 86_400
    for one in [path, *(path.rglob("*") if path.is_dir() else [])]:
        os.utime(one, (when, when))


def leave_behind(world: World, name: str, *, days: float) -> Path:
    """A folder of change sets that no sync names."""
    folder = world.folder / "files" / "syncs" / str(world.district.pk) / name
    folder.mkdir(parents=True)
    (folder / "findings.parquet").write_bytes(b"half")
    age(folder, days=days)
    return folder


# --- change sets ------------------------------------------------------------------------------------------------------


def test_change_sets_that_no_sync_names_go_after_a_day(world, today, tomorrow):
    first, second = world.run(today), world.run(tomorrow)
    young, old, failed = (
        leave_behind(world, name, days=days) for name, days in (("901-1", 0.9), ("901-2", 1.1), (f"{first.pk}-7-failed", 30))
    )
    for sync in (first, second):
        age(world.folder / "files" / sync.artifacts, days=400)
    assert tidy() == sorted(f"syncs/{world.district.pk}/{folder.name}" for folder in (old, failed))
    assert (young.exists(), old.exists(), failed.exists()) == (True, False, False)
    assert tidy() == []
    world.check_whole()


def test_a_district_that_is_gone_leaves_nothing(world, today):
    sync = world.run(today)
    folder = world.folder / "files" / sync.artifacts
    Sync.unscoped.filter(pk=sync.pk).update(artifacts="")
    age(folder, days=2)
    tidy_task()
    assert not folder.exists()


# --- deliveries -------------------------------------------------------------------------------------------------------


def test_files_that_no_delivery_names_go_after_a_day(world, today, tmp_path):
    world.run(today)
    (delivered,) = (path for path in (world.folder / "files" / "deliveries").rglob("*") if path.is_file())
    age(delivered, days=400)
    stray = tmp_path / "stray"
    stray.write_bytes(b"received, but the web process was killed")
    name = delivered_name(world.district.pk, sha256_of(stray))
    store(stray, name)
    assert tidy() == []
    age(world.folder / "files" / name, days=2)
    half = delivered.parent / ".part-killed"
    half.write_bytes(b"half")
    age(half, days=2)
    assert sorted(tidy()) == sorted([name, str(half.relative_to(world.folder / "files"))])
    assert delivered.exists()


def test_a_stored_file_is_whole_or_not_there(world, tmp_path, monkeypatch):
    """The process ends in the middle of the copy: the name is free, and the next one who comes with the same content stores it whole."""
    file = tmp_path / "users.csv"
    file.write_bytes(os.urandom(3 << 20))
    name = delivered_name(world.district.pk, sha256_of(file))
    script = f"""
import django, os, shutil
django.setup()
from pathlib import Path
import imports.files as files
def half(source, target, size):
    target.write(source.read(size)); target.flush()
    os.kill(os.getpid(), 9)
files.shutil.copyfileobj = half
files.store(Path({str(file)!r}), {name!r})
"""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_ENV": "test", "PORTAL_DATA_DIR": str(world.folder)}
    assert subprocess.run([sys.executable, "-c", script], env=env).returncode == -signal.SIGKILL
    stored = world.folder / "files" / name
    assert [path.name.startswith(".part-") for path in stored.parent.iterdir()] == [True]
    assert store(file, name) == name
    assert sha256_of(local_copy(name, tmp_path / "copy")) == sha256_of(file)
    assert stored.stat().st_mode & 0o777 == 0o600


# --- scratch ----------------------------------------------------------------------------------------------------------


def test_scratch_of_a_killed_process_goes_and_that_of_a_living_one_stays(world, process_env):
    env = process_env | {"PORTAL_DATA_DIR": str(world.folder)}
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen([sys.executable, "-c", HOLD_SCRATCH], env=env, stdout=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        assert process.stdout is not None
        other = Path(process.stdout.readline().strip())
        with scratch_folder() as mine:
            age(other, days=0.1)
            age(mine, days=0.1)
            sweep_task()
            assert other.exists()
            assert mine.exists()
            process.kill()
            process.wait(30)
            age(other, days=0)
            remove_abandoned_scratch()
            assert other.exists()  # so young that its process may be about to lock it
            age(other, days=0.1)
            sweep_task()
            assert not other.exists()
            assert mine.exists()
    assert not mine.exists()


def test_halves_of_uploads_go_after_a_day(world):
    young, old = world.folder / "tmp" / "a.upload", world.folder / "tmp" / "b.upload"
    for path, days in ((young, 0.9), (old, 1.1)):
        path.write_bytes(b"half")
        age(path, days=days)
    sweep_task()
    assert (young.exists(), old.exists()) == (True, False)


# --- deleted records --------------------------------------------------------------------------------------------------


def deleted(world: World) -> int:
    return sum(LIVE[kind].objects.of(world.district).exclude(deleted_at=None).count() for kind in RecordType)


def grow_old(world: World, days: float) -> None:
    """As if what is deleted had been deleted days ago."""
    for kind in RecordType:
        gone = LIVE[kind].objects.of(world.district).exclude(deleted_at=None)
        gone.update(deleted_at=timezone.now() - timedelta(days=days))


def test_deleted_records_are_purged_when_their_days_are_over(world, make_world, today, tomorrow):
    south = make_world("south")
    for one in (world, south):
        assert one.run(today).state in ACCEPTED
        assert one.run(tomorrow).state in ACCEPTED
    rows, live, version = deleted(world), world.live(), world.version
    assert rows > 10
    grow_old(world, settings.PORTAL_PURGE_DAYS - 1)
    purge_task()
    assert deleted(world) == rows
    grow_old(world, settings.PORTAL_PURGE_DAYS + 1)
    purge_task()
    assert (deleted(world), deleted(south)) == (0, rows)
    assert (world.live(), world.version) == (live, version)
    event = AuditEvent.objects.of(world.district).get(action="records.purged")
    assert (event.actor, event.detail["rows"]) == (None, rows)
    assert not AuditEvent.objects.of(south.district).filter(action="records.purged").exists()
    purge_task()
    assert AuditEvent.objects.of(world.district).filter(action="records.purged").count() == 1
    world.check_whole()


def test_after_a_purge_the_short_cut_and_the_next_import_are_right(world, today, tomorrow):
    """Purged records come back as new ones; the version has not moved, so files that are the same are still no work."""
    world.run(today)
    second = world.run(tomorrow)
    grow_old(world, settings.PORTAL_PURGE_DAYS + 1)
    purge_task()
    assert world.run(tomorrow).state == State.NO_CHANGES
    back = world.run(today)
    assert back.detail.counts["enrollment"]["created"] == second.detail.counts["enrollment"]["deleted"] > 0
    world.check_whole()


def test_a_held_sync_is_applied_as_shown_although_records_were_purged(world, today, tomorrow):
    world.run(today)
    world.run(tomorrow)
    world.configure({**ALL_NEW, "delivery": {"preview": True}})
    held = world.run(today)
    grow_old(world, settings.PORTAL_PURGE_DAYS + 1)
    purge_task()
    approve_sync(sync=held, by=None, wake=False)
    run_sync(held.pk, wakes_next=False)
    held.refresh_from_db()
    assert held.state in ACCEPTED
    world.check_whole()


# --- the schedule -----------------------------------------------------------------------------------------------------


@pytest.mark.no_database
def test_beat_knows_every_task_it_is_to_start():
    app.loader.import_default_modules()
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert names == {"imports.tasks.sweep_task", "imports.tasks.tidy_task", "imports.tasks.purge_task", "imports.tasks.clock_task"} | {
        "notices.tasks.sweep_task",
        "notices.tasks.forget_task",
        "imports.tasks.schedule_task",
        "imports.tasks.scan_zones_task",
    }
    assert names <= set(app.tasks)

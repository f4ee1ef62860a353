"""Real worker processes, watched through the database, and killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from imports.models import Sync
from imports.services.sweep import sweep
from imports.states import CLAIMED, WORKING, State

PATIENCE_SECONDS = 60
STAGES = ("reading", "checking", "mapping", "judging", "comparing", "storing", "applying")
COMMAND = [sys.executable, "-m", "celery", "-A", "portal", "--quiet", "worker", "--loglevel", "WARNING", "--without-gossip",
           "--without-mingle"]  # fmt: skip


class Worker:
    """One worker with its pool, in a process group of its own."""

    def __init__(self, env: dict[str, str], log: Path, concurrency: int) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [*COMMAND, "--concurrency", str(concurrency)], env=env, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def kill(self) -> None:
        """Kill -9 the whole process group, and wait until nothing of it is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)
        wait_for(lambda: not group_lives(self.process.pid), "the worker's processes to be gone")
        self._log.close()


def lives(pid: int) -> bool:
    """True while the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def group_lives(group: int) -> bool:
    """True while a process of the group is there and no zombie."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, in_group = stat.read_text().rsplit(") ", 1)[1].split()[:3]
            if int(in_group) == group and state != "Z":
                return True
    return False


@contextmanager
def running_worker(env: dict[str, str], log: Path, *, concurrency: int = 1) -> Iterator[Worker]:
    """A worker while the block runs; afterwards nothing of it is left."""
    worker = Worker(env, log, concurrency)
    try:
        yield worker
    finally:
        worker.kill()


def wait_for(there: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS, pause: float = 0.01) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, f"Waited {seconds} seconds in vain for {what}."
        time.sleep(pause)


def wait_for_end(sync: Sync) -> Sync:
    """Wait until no worker has anything to do with the sync any more."""
    wait_for(lambda: Sync.unscoped.get(pk=sync.pk).state not in WORKING, f"sync {sync.pk} to end", pause=0.05)
    sync.refresh_from_db()
    return sync


def wait_for_stage(sync: Sync, stage: str) -> str:
    """Wait until the sync is in the stage, or past it; returns where it is."""
    wanted, found = STAGES.index(stage), ""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = stage_of(sync)
        if found == "ended" or (found and STAGES.index(found) >= wanted):
            return found
        time.sleep(0.001)
    raise AssertionError(f"Sync {sync.pk} did not reach {stage}; it is {found or 'not begun'}.")


def stage_of(sync: Sync) -> str:
    """The stage a worker has the sync in; "ended" when it is over, "" before it begins."""
    state, stage = Sync.unscoped.values_list("state", "stage").get(pk=sync.pk)
    if state == State.APPLYING:
        return "applying"
    if state not in WORKING:
        return "ended"
    return stage if state == State.RUNNING else ""


def pool_child(sync: Sync) -> int:
    """The process that works the sync."""
    return int(Sync.unscoped.get(pk=sync.pk).worker.rsplit(":", 1)[1])


def kill_process(pid: int) -> None:
    """Send one process the signal that cannot be caught, if it is there, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not lives(pid), f"process {pid} to be gone", pause=0.001)


def let_lease_lapse(sync: Sync) -> None:
    """As if the seconds of the lease had passed since the last heartbeat; then the sweeper comes."""
    # Without a transaction that waits: on PostgreSQL the server may need a moment to see that the killed worker is gone.
    lapsed = timezone.now() - timedelta(seconds=1)
    Sync.unscoped.filter(pk=sync.pk, state__in=CLAIMED).update(lease_until=lapsed)
    sweep()

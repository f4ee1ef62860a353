"""kill -9 at random moments of an apply, of working a rollback out and of applying it: the roster is the one before or the one after, never another."""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from imports.models import Sync
from imports.services.decide_sync import approve_sync
from imports.services.rollback import start_rollback
from imports.states import ACCEPTED, CLAIMED, State
from tests.integration.worker.exact import as_seen, check_applied_once, exactly, version_of
from tests.integration.worker.nursery import Nursery, open_nursery
from tests.integration.worker.processes import kill_process, let_lease_lapse, running_worker, wait_for, wait_for_end, wait_for_stage
from tests.integration.worker.world import ALL_NEW, World

pytestmark = [pytest.mark.redis, pytest.mark.slow]

APPLY, WORK, UNDO = "applying an import", "working a rollback out", "applying a rollback"
IS_LONG_RUN = bool(os.environ.get("PORTAL_TEST_LONG"))
KILLS = {"sqlite": 4, "postgresql": 6}  # of each: ten over both engines
CYCLES = 30  # at the most: a kill may come a moment too late to hit anything
Disturb = Callable[[Sync, str, str], None]


class Cycles:
    """The next day is imported, rolled back, imported again …: the roster is in turn that of today and that of the next day."""

    def __init__(self, world: World, tomorrow: Path, nursery: Nursery, dice: random.Random) -> None:
        self.world, self.tomorrow, self.nursery, self.dice = world, tomorrow, nursery, dice
        self.today, self.next_day = as_seen(world.district), ""
        self.took: dict[str, float] = {}
        self.hits: Counter[str] = Counter()
        self.kills = sum(KILLS.values()) if IS_LONG_RUN else KILLS[connection.vendor]

    def undisturbed(self) -> None:
        """One cycle that nobody disturbs, to know how long each act takes and what the next day looks like."""
        self._cycle(lambda sync, act, before: None)

    def disturbed(self) -> None:
        """One cycle in which a process is killed in each act that was not hit often enough yet."""
        self._cycle(lambda sync, act, before: self._kill(sync, act, before) if self.hits[act] < self.kills else None)

    def _cycle(self, disturb: Disturb) -> None:
        held = self.world.run(self.tomorrow)
        assert held.state == State.HELD
        approve_sync(sync=held, by=None, wake=False)
        self._act(held, APPLY, disturb)
        self.next_day = self.next_day or as_seen(self.world.district)
        assert as_seen(self.world.district) == self.next_day != self.today
        rollback = start_rollback(sync=held, by=None, wake=False)
        self._act(rollback, WORK, disturb)
        approve_sync(sync=rollback, by=None, wake=False)
        self._act(rollback, UNDO, disturb)
        assert as_seen(self.world.district) == self.today
        held.refresh_from_db()
        assert held.state == State.ROLLED_BACK
        check_applied_once(self.world.district)

    def _act(self, sync: Sync, act: str, disturb: Disturb) -> None:
        """Disturb the act, and see that it ends as it must: worked out and held, or applied once."""
        before, version = exactly(self.world.district), version_of(self.world.district)
        disturb(sync, act, before)
        if state_of(sync) == State.QUEUED:
            self.nursery.work(sync.pk)
        wait_for_end(sync)
        assert sync.state in ({State.HELD} if act == WORK else ACCEPTED), sync.failure
        assert version_of(self.world.district) == version + (act != WORK)
        if act == WORK:
            assert exactly(self.world.district) == before
        begun, ended = sync.transitions.filter(to_state=State.RUNNING).last(), sync.transitions.last()
        self.took[act] = (ended.at - begun.at).total_seconds()

    def _kill(self, sync: Sync, act: str, before: str) -> None:
        """Kill at a random moment, look at once; then the sweeper comes."""
        pid = self.nursery.work(sync.pk)
        wait_for(lambda: state_of(sync) != State.QUEUED, "the sync to be taken", pause=0.001)
        time.sleep(self.dice.uniform(0, self.took[act]))
        kill_process(pid)
        if self._was_caught(sync, before):
            self.hits[act] += 1
            let_lease_lapse(sync)
            assert state_of(sync) == State.QUEUED

    def _was_caught(self, sync: Sync, before: str) -> bool:
        """Right after the kill nothing is there by halves. Returns whether the process was in the midst of it."""
        wait_until_quiet()
        check_applied_once(self.world.district)
        if state_of(sync) not in CLAIMED:
            return False  # it had come to the end: the caller looks at what is there
        assert exactly(self.world.district) == before
        return True


def wait_until_quiet() -> None:
    """On PostgreSQL the server process of the one that was killed ends a moment later, with or without its commit."""
    if connection.vendor == "postgresql":
        wait_for(lambda: not busy_backends(), "the server to notice")


def busy_backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND state <> 'idle'"
        )
        return int(cursor.fetchone()[0])


def state_of(sync: Sync) -> State:
    return State(Sync.unscoped.values_list("state", flat=True).get(pk=sync.pk))


@pytest.fixture
def previewed(world, today) -> World:
    """A district with a roster in which everything waits for approval."""
    assert world.run(today).state in ACCEPTED
    world.configure({**ALL_NEW, "delivery": {"preview": True}})
    return world


def test_killed_at_random_moments_the_roster_is_as_before_or_as_after(previewed, tomorrow, process_env, tmp_path):
    seed = random.randrange(1_000_000)
    sys.stdout.write(f"Random moments of seed {seed}\n")  # shown when the test fails
    env = process_env | {"PORTAL_LEASE_SECONDS": "300"}  # here the test says when the lease has lapsed
    with open_nursery(env, tmp_path / "nursery.log") as nursery:
        cycles = Cycles(previewed, tomorrow, nursery, random.Random(seed))
        cycles.undisturbed()
        for _ in range(CYCLES):
            cycles.disturbed()
            if min(cycles.hits[act] for act in (APPLY, WORK, UNDO)) == cycles.kills:
                break
    assert cycles.hits == dict.fromkeys((APPLY, WORK, UNDO), cycles.kills), cycles.took


def test_a_whole_worker_is_killed_while_it_applies_a_rollback(previewed, tomorrow, process_env, tmp_path):
    """The real worker with its pool; the sweeper and the broker bring the rollback to the next one."""
    world, today = previewed, as_seen(previewed.district)
    done = world.run(tomorrow)
    approve_sync(sync=done, by=None, wake=False)
    env, log = process_env | {"PORTAL_LEASE_SECONDS": "300"}, tmp_path / "worker.log"
    with running_worker(env, log) as worker:
        let_lease_lapse(done)  # nobody was told of it; the sweeper says it
        assert wait_for_end(done).state in ACCEPTED
        rollback = start_rollback(sync=done, by=None)
        assert wait_for_end(rollback).state == State.HELD
        before = exactly(world.district)
        approve_sync(sync=rollback, by=None)
        wait_for_stage(rollback, "applying")
        worker.kill()
    wait_until_quiet()
    was_caught = state_of(rollback) in CLAIMED
    assert (exactly(world.district) == before) == was_caught
    with running_worker(env, log):
        let_lease_lapse(rollback)
        assert wait_for_end(rollback).state in ACCEPTED
    assert (as_seen(world.district), rollback.losses) == (today, int(was_caught))
    check_applied_once(world.district)

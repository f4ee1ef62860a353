"""kill -9 at every stage: afterwards the live roster is exactly as before or exactly as after, and the sync comes to an end."""

import os
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from imports.models import Sync
from imports.states import ACCEPTED, State
from records.attributes import RecordType
from roster.models import LIVE
from tests.integration.worker.processes import (
    STAGES,
    Worker,
    kill_process,
    let_lease_lapse,
    pool_child,
    running_worker,
    stage_of,
    wait_for_end,
    wait_for_stage,
)
from tests.integration.worker.world import World, make_archive

pytestmark = [pytest.mark.redis, pytest.mark.slow]

STUDENTS = 2_000
TRIES = 4  # a stage may be over before the test sees it
RANDOM_KILLS = 3
# A whole worker takes seconds to start again. Over both engines that makes more than ten kills of either kind, and each stage of both.
STAGES_OF_WHOLE_WORKERS = {"postgresql": STAGES, "sqlite": STAGES if os.environ.get("PORTAL_TEST_LONG") else ("comparing", "applying")}


def indexes() -> set[str]:
    """The indexes of the live tables, which a first import takes away and builds again."""
    found = set()
    with connection.cursor() as cursor:
        for record_type in RecordType:
            table = LIVE[record_type]._meta.db_table
            found |= set(connection.introspection.get_constraints(cursor, table))
    return found


class Rounds:
    """Imports two versions of a district in turn; the worker is killed in each, and the outcome compared with an undisturbed import's."""

    def __init__(self, world: World, archives: Path, start: Callable[[], Worker]) -> None:
        self.world, self.start, self.worker = world, start, start()
        self.archives = [make_archive(archives, students=STUDENTS), make_archive(archives, students=STUDENTS, change_share=0.2, faulty=30)]
        self.number = 0
        self.known: dict[int, tuple[str, set[int]]] = {}
        self.caught: set[str] = set()
        self.indexes = indexes()

    def undisturbed(self) -> None:
        """Import both versions once each way, to know what a whole roster looks like."""
        for _ in range(3):
            assert wait_for_end(self._queue()).state in ACCEPTED
            self._learn()

    def _queue(self) -> Sync:
        archive = self.archives[self.number % 2]
        self.number += 1
        return self.world.queue(archive, wake=True)

    def _learn(self) -> None:
        self.known[(self.number - 1) % 2] = (self.world.roster(), self.world.open_issues())

    def disturbed(self, stage: str, *, child_only: bool, delay: float = 0.0) -> None:
        """Import, kill in that stage, look, let another worker take over, look again."""
        before = self.world.snapshot()
        sync = self._queue()
        wait_for_stage(sync, stage)
        time.sleep(delay)
        if child_only:
            kill_process(pool_child(sync))
        else:
            self.worker.kill()
        hit = stage_of(sync)
        self._check_moment(sync, before)
        if not child_only:
            self.worker = self.start()
        let_lease_lapse(sync)
        wait_for_end(sync)
        self._check_end(sync, before)
        assert sync.losses == (hit != "ended")
        self.caught.add(hit)

    def _check_moment(self, sync: Sync, before: tuple[str, frozenset[int], int]) -> None:
        """Right after the kill: as before, or as after."""
        if self.world.version == before[2]:
            assert self.world.snapshot() == before
        self.world.check_whole()

    def _check_end(self, sync: Sync, before: tuple[str, frozenset[int], int]) -> None:
        assert sync.state in ACCEPTED, sync.failure
        assert self.world.version == before[2] + 1
        self.world.check_whole()
        expected = self.known.get((self.number - 1) % 2)
        if expected is not None:
            assert (self.world.roster(), self.world.open_issues()) == expected
        assert indexes() == self.indexes
        assert sync.issue_count > 0
        states = list(sync.transitions.values_list("to_state", flat=True))
        assert states.count(State.QUEUED) == 1 + sync.losses


@pytest.fixture
def rounds(world, process_env, archives, tmp_path):
    # The lease is long: here the test says when it has lapsed.
    with ExitStack() as stack:
        env = process_env | {"PORTAL_LEASE_SECONDS": "300"}
        yield Rounds(world, archives, lambda: stack.enter_context(running_worker(env, tmp_path / "worker.log")))


def test_the_first_import_is_killed_while_it_is_applied(rounds):
    """The tables are empty, so their indexes are down while they are loaded."""
    rounds.disturbed("applying", child_only=False, delay=0.1)
    assert sum(rounds.world.live().values()) > STUDENTS
    first = rounds.world.roster(), rounds.world.open_issues()
    other = rounds.world.__class__(rounds.world.folder, "south")
    assert other.run(rounds.archives[0]).state in ACCEPTED
    assert (other.roster(), other.open_issues()) == first


def test_the_worker_is_killed_in_each_stage_and_at_random_moments(rounds):
    rounds.undisturbed()
    for child_only, stages in ((True, STAGES), (False, STAGES_OF_WHOLE_WORKERS[connection.vendor])):
        rounds.caught.clear()
        for stage in stages:
            for _ in range(TRIES):
                rounds.disturbed(stage, child_only=child_only)
                if stage in rounds.caught:
                    break
        assert rounds.caught >= set(stages)
    dice = random.Random(4)
    for _ in range(RANDOM_KILLS):
        rounds.disturbed("applying", child_only=True, delay=dice.uniform(0, 0.2))

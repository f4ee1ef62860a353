"""A simulation says what an import would do, to the last row, and changes nothing."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dataquality.models import Issue
from imports.config import ConfigRefused
from imports.files import local_artifacts
from imports.models import Delivery, SchoolList, StoredFile, Sync
from imports.selectors.report import sync_report
from imports.services import simulate as simulating
from imports.services.decide_sync import DecisionRefused, approve_sync, cancel_sync, reject_sync
from imports.services.run_sync import run_sync
from imports.services.simulate import start_simulation
from imports.services.tidy import KEEP_SIMULATIONS, tidy
from imports.states import State
from imports.trial import last_delivery, open_trial
from records.attributes import RecordType
from roster.models import LIVE, Organization, RosterState
from tests.integration.worker.moments import during
from tests.integration.worker.processes import kill_process, let_lease_lapse, pool_child, running_worker, wait_for_end, wait_for_stage
from tests.integration.worker.test_refused import damage
from tests.integration.worker.world import ALL_NEW, World, make_archive

pytestmark = pytest.mark.redis

NEEDS_PHONE = {**ALL_NEW, "requirements": {"student": {"phone": "skip"}}}
FOURTH_GRADE = {**ALL_NEW, "filters": [{"record_type": "student", "match": "all", "conditions": [
    {"attribute": "grades", "operator": "equals_any", "values": ["04"]}]}]}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "as it is": ALL_NEW,
    "filtered": FOURTH_GRADE,
    "other requirements": NEEDS_PHONE,
    "held by preview": {**ALL_NEW, "delivery": {"preview": True}},
    "held by a limit": {**FOURTH_GRADE, "delivery": {"deletion_threshold": 1}},
}


def facts(world: World) -> dict[str, Any]:
    """All of the district that an import may change, row by row."""
    district = world.district
    tables = {kind.value: list(LIVE[kind].objects.of(district).order_by("pk").values()) for kind in RecordType}
    others = {
        model.__name__: list(model.objects.of(district).order_by("pk").values())
        for model in (Issue, Organization, RosterState, SchoolList, Sync)
    }
    world.app.refresh_from_db()
    return {**tables, **others, "config": world.app.config_id, "configured": world.app.configured_at, "last": last_delivery(world.app)}


def work(sync: Sync) -> Sync:
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.all_of(sync.district_id).select_related("app", "district", "detail", "config").get(pk=sync.pk)


def simulate(world: World, document: dict[str, Any] | None = None, *, delivery: Delivery | None = None) -> Sync:
    found = last_delivery(world.app)
    target = delivery or (found[0] if found else None)
    assert target is not None
    return work(start_simulation(app=world.app, delivery=target, document=document, by=world.owner, wake=False))


def report(sync: Sync) -> dict[str, Any]:
    """The report without what differs between two runs of the same."""
    whole = sync_report(sync)
    return {
        name: value
        for name, value in whole.items()
        if name not in {"id", "simulated", "duration_seconds", "rows_per_second", "peak_memory_mb"}
    }


@pytest.mark.parametrize("name", CASES)
def test_the_report_is_that_of_the_import_that_follows_and_nothing_is_changed(world, today, tomorrow, name: str) -> None:
    document = CASES[name]
    world.run(today)
    delivery = world.receive(tomorrow)
    before = facts(world)
    simulation = simulate(world, document, delivery=delivery)
    assert facts(world) == before
    assert simulation.state == State.SIMULATED
    assert sync_report(simulation)["simulated"] is True
    world.configure(document)
    real = world.run(tomorrow)
    real = Sync.objects.of(world.district).select_related("app", "district", "detail").get(pk=real.pk)
    assert report(simulation) == report(real)
    assert "simulated" not in sync_report(real)
    assert (simulation.would_end, simulation.hold_kind, simulation.hold_detail) == (real.state, real.hold_kind, real.hold_detail)
    folders = [local_artifacts(one.artifacts) for one in (simulation, real)]
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1]
    assert all((folders[0] / name).read_bytes() == (folders[1] / name).read_bytes() for name in names[0])


def test_the_files_and_settings_of_the_last_sync_would_change_nothing(world, today) -> None:
    world.run(today)
    before = facts(world)
    same = simulate(world)
    assert (same.would_end, same.trial_document, same.repeats) == (State.NO_CHANGES, None, None)
    again = Sync.objects.of(world.district).select_related("app", "district", "detail").get(pk=world.run(today).pk)
    assert again.state == State.NO_CHANGES
    assert sync_report(same)["records"] == sync_report(again)["records"]
    assert facts(world)["student"] == before["student"]


def test_before_the_first_import_nothing_is_there_and_nothing_is_made(make_world, today) -> None:
    world = make_world("first", document={})
    delivery = world.receive(today)
    before = facts(world)
    asked = simulate(world, delivery=delivery)
    assert (asked.state, asked.would_end) == (State.SIMULATED, State.NEEDS_SCHOOL_MAPPING)
    assert asked.detail.unmapped
    taken = simulate(world, ALL_NEW, delivery=delivery)
    assert taken.would_end == State.COMPLETED_WITH_ISSUES
    assert taken.detail.counts["student"]["created"] > 0
    assert facts(world) == before
    assert not RosterState.objects.of(world.district).exists()


def test_a_refused_document_starts_nothing(world, today) -> None:
    world.run(today)
    before = Sync.unscoped.count()
    with pytest.raises(ConfigRefused):
        simulate(world, {"delivery": {"preview": "yes"}})
    assert Sync.unscoped.count() == before


def test_asking_twice_for_the_same_waits_for_the_same(world, today) -> None:
    sync = world.run(today)

    def start(document: dict[str, Any]) -> Sync:
        return start_simulation(app=world.app, delivery=sync.delivery, document=document, by=world.owner, wake=False)

    first = start(NEEDS_PHONE)
    assert start(NEEDS_PHONE) == first
    assert start(FOURTH_GRADE) != first
    assert work(first).state == State.SIMULATED
    assert start(NEEDS_PHONE) != first


def test_it_waits_its_turn_and_supersedes_nothing(world, today, tomorrow) -> None:
    world.run(today)
    world.configure({**ALL_NEW, "delivery": {"preview": True}})
    held = world.run(tomorrow)
    simulation = start_simulation(app=world.app, delivery=held.delivery, document=ALL_NEW, by=world.owner, wake=False)
    later = world.queue(today)
    assert work(later).state == State.QUEUED  # the simulation is first
    held.refresh_from_db()
    assert held.state == State.SUPERSEDED  # by the upload, as ever
    assert work(simulation).state == State.SIMULATED
    assert work(later).state == State.HELD
    again = simulate(world, ALL_NEW)
    assert again.state == State.SIMULATED
    later.refresh_from_db()
    assert later.state == State.HELD


def test_nobody_can_decide_it_but_it_can_be_cancelled(world, today, tomorrow, monkeypatch) -> None:
    world.run(today)
    delivery = world.receive(tomorrow)
    simulation = simulate(world, {**ALL_NEW, "delivery": {"preview": True}}, delivery=delivery)
    for decide in (approve_sync, reject_sync):
        with pytest.raises(DecisionRefused, match="changes nothing, so there is nothing to be"):
            decide(sync=simulation, by=world.owner)
    with pytest.raises(DecisionRefused, match="Simulation .* cannot be cancelled any more"):
        cancel_sync(sync=simulation, by=world.owner)
    queued = start_simulation(app=world.app, delivery=delivery, document=None, by=world.owner, wake=False)
    cancel_sync(sync=queued, by=world.owner)
    assert work(queued).state == State.CANCELLED
    running = start_simulation(app=world.app, delivery=delivery, document=None, by=world.owner, wake=False)
    during(monkeypatch, "comparing", lambda: cancel_sync(sync=running, by=world.owner))
    assert work(running).state == State.CANCELLED
    assert running.artifacts == ""


def test_what_ends_between_storing_and_the_verdict_leaves_no_verdict(world, today, monkeypatch) -> None:
    """A cancellation in the last moment: the claim is lost, so nothing is written down and the artifacts are gone."""
    sync = world.run(today)
    simulation = start_simulation(app=world.app, delivery=sync.delivery, document=NEEDS_PHONE, by=world.owner, wake=False)
    hold_for = simulating.hold_for

    def deciding(*args: Any) -> Any:
        cancel_sync(sync=simulation, by=world.owner)
        return hold_for(*args)

    monkeypatch.setattr(simulating, "hold_for", deciding)
    ended = work(simulation)
    assert (ended.state, ended.would_end, ended.artifacts) == (State.CANCELLED, "", "")


@pytest.mark.slow
def test_a_killed_worker_leaves_it_to_the_next_one(world, process_env, archives, tmp_path) -> None:
    first = world.run(make_archive(archives, students=2_000))
    before = facts(world)
    log = tmp_path / "worker.log"
    with running_worker(process_env | {"PORTAL_LEASE_SECONDS": "300"}, log) as worker:
        for _ in range(4):  # it may be over before the test sees it
            simulation = start_simulation(app=world.app, delivery=first.delivery, document=NEEDS_PHONE, by=world.owner)
            wait_for_stage(simulation, "checking")
            kill_process(pool_child(simulation))
            assert facts(world) == before
            let_lease_lapse(simulation)
            wait_for_end(simulation)
            if simulation.losses:
                break
        assert worker.process.poll() is None
    assert (simulation.state, simulation.losses, simulation.attempt) == (State.SIMULATED, 1, 2)
    assert simulation.would_end == State.COMPLETED_WITH_ISSUES
    assert facts(world) == before


# --- files ------------------------------------------------------------------------------------------------------------


def stored(world: World) -> set[Path]:
    return {path for path in (world.folder / "files" / "deliveries").rglob("*") if path.is_file()}


def test_files_that_a_sync_uses_stay_although_a_simulation_refused_them(world, today, monkeypatch) -> None:
    sync = world.run(today)
    monkeypatch.setattr("imports.services.run_sync.read_inputs", _refusing)
    failed = simulate(world, NEEDS_PHONE)
    assert failed.state == State.FAILED
    assert len(stored(world)) == 1
    monkeypatch.undo()
    assert simulate(world, NEEDS_PHONE, delivery=sync.delivery).state == State.SIMULATED


def _refusing(*_: Any) -> None:
    from formats.problems import refuse

    raise refuse("zip-damaged", "OneRoster.zip")


def test_files_that_came_for_a_simulation_alone_go_when_they_are_refused(world, today, tmp_path) -> None:
    delivery = world.receive(damage(today, tmp_path / "bad.zip"))
    assert simulate(world, delivery=delivery).state == State.FAILED
    assert stored(world) == set()


def grow_old(sync: Sync, days: float) -> None:
    Sync.unscoped.filter(pk=sync.pk).update(finished_at=timezone.now() - timedelta(days=days))


def test_after_its_days_it_goes_with_its_results_and_with_files_nobody_else_has(world, today, tomorrow) -> None:
    real = world.run(today)
    mine = simulate(world, delivery=real.delivery)
    theirs = simulate(world, delivery=world.receive(tomorrow))
    waiting = start_simulation(app=world.app, delivery=real.delivery, document=NEEDS_PHONE, by=world.owner, wake=False)
    for path in stored(world):
        os.utime(path, (time.time() - 30 * 86_400,) * 2)
    for one in (mine, theirs):
        grow_old(one, KEEP_SIMULATIONS.days - 0.1)
    assert tidy() == []
    for one in (mine, theirs):
        grow_old(one, KEEP_SIMULATIONS.days + 0.1)
    removed = tidy()
    assert {mine.artifacts, theirs.artifacts} <= set(removed)
    assert len(removed) == 3
    assert set(Sync.unscoped.filter(app=world.app)) == {real, waiting}
    assert set(Delivery.objects.of(world.district)) == {real.delivery}
    assert StoredFile.objects.of(world.district).count() == len(stored(world)) == 1
    assert not any((world.folder / "files" / one.artifacts).exists() for one in (mine, theirs))
    assert (world.folder / "files" / real.artifacts).exists()
    world.check_whole()


def test_a_file_that_is_delivered_again_is_young_again(world, today) -> None:
    world.run(today)
    (path,) = stored(world)
    os.utime(path, (1, 1))
    world.receive(today)
    assert path.stat().st_mtime > time.time() - 3600


def test_what_live_counts_kept_goes_after_a_day_without_use(world, today) -> None:
    world.run(today)
    trial = open_trial(world.app)
    assert trial is not None
    shutil.copytree(trial.folder, trial.folder.parent / "1-old")
    used = trial.folder.parent / "1-old" / "used"
    os.utime(used, (time.time() - 2 * 86_400,) * 2)
    assert tidy() == [f"trials/{world.district.pk}-{world.app.pk}/1-old"]
    assert trial.folder.exists()
    os.utime(trial.folder / "used", (time.time() - 2 * 86_400,) * 2)
    assert len(tidy()) == 1
    assert open_trial(world.app) is not None

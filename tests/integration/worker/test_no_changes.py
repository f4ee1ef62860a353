"""The short cut for what was accepted already: taken when nothing could come out differently, and never else."""

import zipfile
from pathlib import Path

import pytest

from imports.models import ImportApp, Sync
from imports.services.activate_app import activate_app
from imports.services.save_config import save_config
from imports.states import ACCEPTED, State
from tests.integration.worker.world import ALL_NEW

pytestmark = pytest.mark.redis


def repack(archive: Path, to: Path) -> Path:
    """The same files in another zip: other order, not compressed."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as target:
        for name in reversed(source.namelist()):
            target.writestr(name, source.read(name))
    return to


def assert_repeats(sync: Sync, earlier: Sync) -> None:
    assert (sync.state, sync.repeats_id) == (State.NO_CHANGES, earlier.pk)
    assert (sync.artifacts, sync.software, sync.digest) == (earlier.artifacts, earlier.software, earlier.digest)
    for kind, counts in earlier.detail.counts.items():
        repeated = sync.detail.counts[kind]
        assert repeated["unchanged"] == counts["created"] + counts["updated"] + counts["unchanged"]
        assert repeated["created"] == repeated["updated"] == repeated["deleted"] == 0
        assert {name: repeated[name] for name in ("skipped", "excluded", "duplicate", "invalid")} == {
            name: counts[name] for name in ("skipped", "excluded", "duplicate", "invalid")
        }


def test_the_same_zip_again_ends_without_changes(world, today):
    first = world.run(today)
    assert first.state == State.COMPLETED_WITH_ISSUES
    before = world.snapshot()
    assert_repeats(world.run(today), first)
    assert_repeats(world.run(today), first)
    assert world.snapshot() == before
    world.check_whole()


def test_the_same_content_in_another_zip_ends_without_changes(world, today, tmp_path):
    first = world.run(today)
    assert_repeats(world.run(repack(today, tmp_path / "again.zip")), first)


def test_another_configuration_is_worked_anew(world, today):
    first = world.run(today)
    world.configure({**ALL_NEW, "filters": [{"record_type": "student", "match": "all", "conditions": [
        {"attribute": "grades", "operator": "equals_any", "values": ["03"]}]}]})  # fmt: skip
    second = world.run(today)
    assert second.state in ACCEPTED
    assert second.repeats is None
    assert second.detail.counts["student"]["deleted"] > 0
    assert second.digest != first.digest


def test_what_another_app_applied_meanwhile_is_undone_and_not_overlooked(world, today, tomorrow):
    world.run(today)
    roster = world.roster()
    sftp = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=world.owner)
    save_config(app=sftp, document=ALL_NEW, by=world.owner)
    sftp.refresh_from_db()
    assert world.run(tomorrow, app=sftp).state in ACCEPTED
    third = world.run(today)
    assert third.state in ACCEPTED
    assert third.detail.counts["student"]["updated"] > 0
    live_before, live_now = roster, world.roster()
    assert live_before != live_now  # the other app's additions are marked deleted
    assert world.run(today).state == State.NO_CHANGES
    world.check_whole()


def test_after_a_failed_sync_the_last_accepted_one_still_counts(world, today, tomorrow):
    first = world.run(today)
    lost = world.queue(tomorrow)
    Sync.unscoped.filter(pk=lost.pk).update(state=State.FAILED)
    assert_repeats(world.run(today), first)

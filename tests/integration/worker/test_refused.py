"""Deliveries that only unpacking shows to be bad: the sync fails in words, and the bytes are gone."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from imports.files import local_artifacts
from imports.models import StoredFile, Sync
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from imports.states import ACCEPTED, State
from records import changeset
from tests.integration.worker.processes import running_worker, wait_for_end
from tests.integration.worker.world import World

pytestmark = pytest.mark.redis


def damage(archive: Path, to: Path) -> Path:
    """One flipped byte in the packed users.csv: the directory of the zip is sound, the content is not."""
    with zipfile.ZipFile(archive) as source:
        entry = source.getinfo("users.csv")
    data = bytearray(archive.read_bytes())
    middle = entry.header_offset + 60 + entry.compress_size // 2
    data[middle] ^= 0xFF
    to.write_bytes(data)
    return to


def nest(archive: Path, to: Path) -> Path:
    """A zip under the name of a CSV file: only its first bytes give it away."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as inside:
        inside.writestr("more.csv", "sourcedId\n1\n")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            target.writestr(name, inner.getvalue() if name == "courses.csv" else source.read(name))
    return to


def without_headers(archive: Path, to: Path) -> Path:
    """Required headers are missing from two files."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            target.writestr(name, text.replace(b"sourcedId", b"number", 1) if name in {"orgs.csv", "users.csv"} else text)
    return to


def stored(world: World) -> list[Path]:
    return [path for path in (world.folder / "files" / "deliveries").rglob("*") if path.is_file()]


def work(world: World, archive: Path) -> Sync:
    """Work a sync over a delivery that the reception took, as it looks into the directory of the zip only."""
    sync = world.queue(archive)
    assert len(stored(world)) >= 1
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    return sync


@pytest.mark.parametrize(("spoil", "says"), [(damage, "OneRoster.zip is damaged"), (nest, "courses.csv")])
def test_a_refused_zip_fails_in_words_and_its_bytes_are_gone(world, today, tmp_path, spoil: Callable[[Path, Path], Path], says):
    sync = work(world, spoil(today, tmp_path / "bad.zip"))
    assert sync.state == State.FAILED
    assert says in sync.failure
    assert sync.error_count == 1
    found = changeset.read_findings(local_artifacts(sync.artifacts))
    assert list(found["outcome"]) == ["error"]
    assert stored(world) == []
    assert StoredFile.objects.of(world.district).count() == 1  # what it was called and its hash stay on record
    assert (world.version, list((world.folder / "tmp").iterdir())) == (0, [])
    assert world.run(today).state in ACCEPTED
    world.check_whole()


def test_missing_headers_of_all_files_are_named_and_the_files_are_kept(world, today, tmp_path):
    sync = work(world, without_headers(today, tmp_path / "bad.zip"))
    assert sync.state == State.FAILED
    assert "orgs.csv" in sync.failure
    assert "users.csv" in sync.failure
    assert len(stored(world)) == 1
    assert len(changeset.read_findings(local_artifacts(sync.artifacts))) == sync.error_count == 2
    assert world.version == 0


def test_bytes_that_another_delivery_still_needs_stay(world, today, tmp_path):
    """Loose files: one of them is bad, the other six are those of a delivery that waits its turn."""
    loose = tmp_path / "loose"
    with zipfile.ZipFile(nest(today, tmp_path / "nested.zip")) as source:
        source.extractall(loose)
    good = tmp_path / "good"
    with zipfile.ZipFile(today) as source:
        source.extractall(good)

    def queue(folder: Path) -> Sync:
        uploads = [Upload(path.name, path) for path in sorted(folder.glob("*.csv"))]
        return start_sync(delivery=receive_delivery(app=world.app, uploads=uploads, source="browser", by=None), by=None, wake=False)

    bad_sync, good_sync = queue(loose), queue(good)
    for sync in (bad_sync, good_sync):
        run_sync(sync.pk, wakes_next=False)
        sync.refresh_from_db()
    assert (bad_sync.state, good_sync.state in ACCEPTED) == (State.FAILED, True)


def test_a_mistake_of_the_portal_is_said_to_be_one(world, today, monkeypatch, caplog):
    monkeypatch.setattr("imports.services.decide_changes.run_pipeline", lambda *_: 1 / 0)
    sync = world.queue(today)
    run_sync(sync.pk, wakes_next=False)
    sync.refresh_from_db()
    assert sync.state == State.FAILED
    assert sync.failure.startswith("The portal made a mistake while it worked on this sync. Nothing was changed.")
    assert f"sync {sync.pk}" in sync.failure
    assert "ZeroDivisionError" in caplog.text
    assert len(stored(world)) == 1
    monkeypatch.undo()
    assert world.run(today).state in ACCEPTED


def test_a_worker_outlives_a_refused_zip(world, today, process_env, tmp_path):
    with running_worker(process_env, tmp_path / "worker.log"):
        bad = wait_for_end(world.queue(damage(today, tmp_path / "bad.zip"), wake=True))
        good = wait_for_end(world.queue(today, wake=True))
    assert (bad.state, good.state in ACCEPTED) == (State.FAILED, True)
    assert bad.attempt == good.attempt == 1

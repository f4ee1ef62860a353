"""A run that fails or is killed at any step: whoever comes next puts it right, no byte is lost or doubled, and the next run takes what is left."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from imports.models import Arrival, Delivery, ImportApp, Sync
from imports.services import batches, receive_delivery
from imports.services import run_landing as module
from imports.services.batches import Batch
from tests.integration.landing.forks import STEPS
from tests.integration.landing.ground import Ground, eight, seven, zip_of

CHANGED = {"S1": {"givenName": "Changed"}}


class Fault(Exception):
    """What was injected."""


def failing(real, calls=0, error=Fault):
    """Fail at the call after so many."""
    count = [0]

    def call(*args, **options):
        count[0] += 1
        if count[0] > calls:
            raise error("injected")
        return real(*args, **options)

    return call


FAULTS = [
    (Batch, "take", 0), (Batch, "take", 4), (Batch, "take", 7), (module, "keep_files", 0), (receive_delivery, "store", 3), (module, "_record", 0),
    (module, "record_delivery", 0), (module, "start_sync", 0), (module, "_settle", 0), (module, "say_arriving", 0),
]  # fmt: skip


@pytest.mark.parametrize(("place", "name", "calls"), FAULTS)
def test_what_fails_before_the_commit_leaves_everything_waiting(ground, monkeypatch, place, name, calls):
    ground.put_all(eight())
    with monkeypatch.context() as patch:
        patch.setattr(place, name, failing(getattr(place, name), calls))
        with pytest.raises(Fault):
            ground.run()
    assert ground.scan() == []
    ground.check_law()
    assert ground.lying() == sorted(eight()) and {state for _, state in ground.states()} == {"waiting"}
    assert not Delivery.objects.of(ground.district).exists() and list(ground.zone.taking.iterdir()) == []
    assert ground.run().outcome.startswith("Took")
    ground.check_law()
    assert len(ground.states()) == 8


@pytest.mark.parametrize("name", ["write_receipt", "_free_name"])
@pytest.mark.parametrize("error", [Fault, OSError])
def test_what_fails_after_the_commit_is_finished(ground, monkeypatch, name, error):
    ground.put_all(eight())
    with monkeypatch.context() as patch:
        patch.setattr(batches, name, failing(getattr(batches, name), error=error))
        if error is Fault:
            with pytest.raises(Fault):
                ground.run()
        else:
            ground.run()
    ground.scan()
    sync = Sync.objects.of(ground.district).get()
    assert ground.lying() == [] and len(ground.archived()) == 8 and list(ground.zone.taking.iterdir()) == []
    assert {state for _, state in ground.states()} == {"taken"}
    assert f"Taken by sync {sync.pk}" in ground.receipt(ground.arrival("users.csv"))
    ground.check_law()


def test_what_a_client_uploads_anew_meanwhile_wins_and_the_older_is_kept(imported, monkeypatch):
    older = seven(users=CHANGED)["users.csv"]
    newer = seven(users={"S2": None})["users.csv"]
    imported.put("users.csv", older)
    imported.put("orgs.csv", seven(orgs={"O2": {"name": "South"}})["orgs.csv"])

    def upload(*args):
        imported.put("users.csv", newer)
        raise Fault

    with monkeypatch.context() as patch:
        patch.setattr(module, "keep_files", upload)
        with pytest.raises(Fault):
            imported.run()
    assert (imported.zone.root / "users.csv").read_bytes() == newer
    (aside,) = [path for path in imported.archived() if path.startswith("replaced-")]
    assert (imported.zone.archive / aside).read_bytes() == older
    replaced = Arrival.objects.of(imported.district).get(path="users.csv", state="replaced")
    assert f"archive/{aside.partition('/')[0]}/" in replaced.reason and replaced.reason in imported.receipt(replaced)
    imported.scan()
    assert imported.lying() == ["orgs.csv", "users.csv"]
    assert imported.run().outcome.startswith("Took")
    imported.check_law()


def test_what_is_being_written_anew_meanwhile_is_not_overwritten(imported, monkeypatch):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])

    def begin(*args):
        imported.zone.mark("users.csv")  # before its first byte: the file is not even there
        raise Fault

    with monkeypatch.context() as patch:
        patch.setattr(module, "keep_files", begin)
        with pytest.raises(Fault):
            imported.run()
    assert imported.lying() == []
    assert [path.partition("/")[2] for path in imported.archived() if path.startswith("replaced-")] == ["users.csv"]
    imported.check_law()


def test_the_batch_of_a_living_run_is_left_alone(imported, monkeypatch):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    real = module.keep_files

    def scans(*args):
        imported.scan()
        assert imported.lying() == [] and imported.states()[-1] == ("users.csv", "waiting")
        return real(*args)

    monkeypatch.setattr(module, "keep_files", scans)
    assert imported.run().outcome == "Took users.csv."
    imported.check_law()


def test_what_lies_among_the_batches_and_is_none_is_put_back_or_removed(ground):
    for name in ("x" * 32, "odd"):
        folder = ground.zone.taking / name
        (folder / "ignored").mkdir(parents=True)
    (ground.zone.taking / "odd" / "users.csv").write_bytes(b"a")
    (ground.zone.taking / "odd" / "ignored" / "orgs.csv").write_bytes(b"b")
    ground.scan()
    assert ground.lying() == ["orgs.csv", "users.csv"] and list(ground.zone.taking.iterdir()) == []


def test_another_district_s_delivery_finishes_no_batch(ground):
    other = Ground()
    Delivery.objects.create(district=other.district, app=other.app, source="sftp", batch="x" * 32, archived_as="2026-01-01-1")
    (ground.zone.taking / ("x" * 32)).mkdir()
    (ground.zone.taking / ("x" * 32) / "users.csv").write_bytes(b"a")
    ground.scan()
    assert ground.lying() == ["users.csv"] and ground.archived() == []


def test_a_name_that_the_archive_has_already_gets_a_number(imported, monkeypatch):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    monkeypatch.setattr(module, "day_in", lambda app: "2026-01-01")
    taken = Sync.objects.of(imported.district).get().pk + 1
    for number in range(taken, taken + 3):
        (imported.zone.archive / f"2026-01-01-{number}").mkdir()
    sync = imported.run().sync
    sync.delivery.refresh_from_db()
    assert sync.delivery.archived_as == f"2026-01-01-{sync.pk}-2"
    imported.check_law()


# --- kill -9 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def nursery(shared: Ground, process_env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The program that forks runs and has them killed."""
    env = process_env | {"PORTAL_SFTP_SETTLE_SECONDS": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.landing.forks"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def test_a_run_that_is_killed_at_any_step_loses_and_doubles_nothing(shared, nursery):
    assert nursery.stdin is not None and nursery.stdout is not None
    for number, step in enumerate(STEPS):
        ground = shared if number == 0 else Ground()
        files = eight() if number % 2 else {**seven(), "OneRoster.zip": zip_of(eight())}
        ground.put_all(files)
        nursery.stdin.write(f"{ground.app.pk} {step}\n")
        nursery.stdin.flush()
        assert nursery.stdout.readline() == "9\n", step
        is_committed = Delivery.objects.of(ground.district).exists()
        assert is_committed == (step in {"committed", "between two receipts", "archived"}), step
        ground.scan()
        assert list(ground.zone.taking.iterdir()) == [], step
        ground.check_law()
        assert {state for _, state in ground.states()} <= ({"taken", "ignored"} if is_committed else {"waiting"}), step
        assert ground.lying() == ([] if is_committed else sorted(files)), step
        run = ground.run()
        assert run.outcome.startswith("No new files" if is_committed else "Took"), step
        ground.check_law()
        assert len(ground.states()) == len(files) == len(ground.receipts()), step
        assert not any("Waiting" in text for text in ground.receipts().values()), step
        assert Delivery.objects.of(ground.district).filter(is_empty=False).count() == 1
    assert ImportApp.unscoped.filter(kind="sftp").count() == len(STEPS)

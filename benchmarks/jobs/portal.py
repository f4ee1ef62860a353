"""An import as the portal does it: delivery received, sync started and worked, with history, outcomes and issues."""

from pathlib import Path

from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from formats.oneroster.tables import FILES, MANIFEST
from imports.models import ImportApp, Sync
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from imports.states import ACCEPTED, State
from records.outcomes import OUTCOMES


def import_files(files: Path) -> Measurement:
    """Import the loose files of a folder.

    Raises:
        RuntimeError: the sync ended otherwise than a benchmark's may.
    """
    app = ImportApp.unscoped.get()
    with Stopwatch() as watch:
        sync = deliver(app, files)
    sync = Sync.unscoped.select_related("detail").get(pk=sync.pk)
    if sync.state not in {*ACCEPTED, State.NO_CHANGES}:
        raise RuntimeError(f"The sync ended as {sync.state}: {sync.failure or sync.hold_detail}")
    counts = sync.detail.counts.values()
    facts = {name: sum(count[name] for count in counts) for name in (*OUTCOMES, "deleted", "live")}
    return Measurement(sync.rows_in_files, watch.seconds, watch.cpu_seconds, {"state": str(sync.state), **facts})


def deliver(app: ImportApp, files: Path) -> Sync:
    """One delivery of the loose files of a folder, from its receipt to the end of its sync or to its hold."""
    uploads = [Upload(name, files / name) for name in (*(f"{file}.csv" for file in FILES), MANIFEST)]
    delivery = receive_delivery(app=app, uploads=uploads, source="command", by=None)
    sync = start_sync(delivery=delivery, by=None, wake=False)
    run_sync(sync.pk, wakes_next=False)
    return sync

"""Import an archived delivery again: the same files, from storage, under the configuration as it is now."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from formats.problems import Refused
from imports.files import local_copy, scratch_folder
from imports.models import Delivery, ImportApp, LandingRun, Sync
from imports.selectors.landing import required_files
from imports.sentences import say_file_problem
from imports.services.receive_delivery import Kept, choose, record_delivery
from imports.services.start_sync import ImportSuspended, check_not_suspended, start_sync


def replay(*, app: ImportApp, delivery: Delivery, by: User | None, wake: bool = True) -> LandingRun:
    """Queue a sync over the files of a delivery of the app, as a delivery of its own. What waits in the landing zone stays there.

    Never raises for the files: where they cannot be imported any more, the run is refused and its outcome says why. The caller has made sure that `by`
    may start imports, and that the delivery is the app's.
    """
    if delivery.app_id != app.pk:
        raise ValueError(f"{delivery} is none of {app}")
    files = [Kept(one.name, one.size, one.sha256, one.stored_as) for one in delivery.files.order_by("pk")]
    name = _called(delivery)
    try:
        check_not_suspended(app.district)
        if why := _why_not(app, name, files):
            return _write(app, delivery, by, outcome=why)
        with transaction.atomic():
            again = record_delivery(app=app, files=files, source=delivery.source, by=by)
            sync = start_sync(delivery=again, by=by, wake=wake)
            return _write(
                app, delivery, by, outcome=f"Took the files of {name} again: {', '.join(file.name for file in files)}.", sync=sync
            )
    except ImportSuspended as suspended:
        return _write(app, delivery, by, outcome=" ".join(f"{problem.message} Replay them after that." for problem in suspended.problems))


def _called(delivery: Delivery) -> str:
    """What a person knows the delivery as."""
    if delivery.archived_as:
        return f"archive/{delivery.archived_as}"
    sync_id = Sync.objects.of(delivery.district_id).filter(delivery=delivery).order_by("pk").values_list("pk", flat=True).first()
    return f"sync {sync_id}" if sync_id else str(delivery)


def _why_not(app: ImportApp, name: str, files: list[Kept]) -> str:
    """Why the files cannot be imported again, in sentences; empty where they can."""
    if not files:
        return f"{name} has no files, so there is nothing to import again."
    gone = [file.name for file in files if not default_storage.exists(file.stored_as)]
    if gone:
        are = "is" if len(gone) == 1 else "are"
        return f"{', '.join(gone)} of {name} {are} not kept any more, so it cannot be imported again. Upload the files once more."
    try:
        with scratch_folder() as folder:
            choose([_fetched(file, folder) for file in files], required_files(app))
    except Refused as refusal:
        problems = [say_file_problem(problem) for problem in refusal.problems]
        return f"{name} cannot be imported again: {' '.join(problem.message for problem in problems)}"
    return ""


def _fetched(file: Kept, folder: Path) -> Path:
    """The file where its inside must be looked at, otherwise an empty one of its name: a CSV file is judged by its name alone."""
    path = folder / file.name
    if path.suffix.lower() == ".zip":
        return local_copy(file.stored_as, path)
    path.touch()
    return path


def _write(app: ImportApp, delivery: Delivery, by: User | None, *, outcome: str, sync: Sync | None = None) -> LandingRun:
    return LandingRun.objects.create(
        district=app.district, app=app, reason=LandingRun.Reason.REPLAY, by=by, replays=delivery, sync=sync, is_refused=sync is None,
        outcome=outcome,
    )  # fmt: skip

"""Find the files of an app's last deliveries and make them ready to be counted."""

import shutil
from pathlib import Path

from django.conf import settings

from imports.models import Delivery, ImportApp
from imports.selectors.other_apps import other_apps
from imports.selectors.rollover import deletion_is_disabled
from imports.selectors.sync_inputs import has_imported, today_in
from imports.trial.copies import Copies, find_copies, newest_read
from imports.trial.live import KeptLive
from imports.trial.store import PRIVATE, locked
from imports.trial.texts import Texts, build_texts, load_texts
from imports.trial.trial import Trial
from imports.version import VERSION
from roster.models import RosterState


def last_delivery(app: ImportApp) -> tuple[Delivery, int] | None:
    """The newest delivery that was read, with the number of its sync; None before there is one."""
    sync = newest_read(app)
    return (sync.delivery, sync.pk) if sync else None


def open_trial(app: ImportApp) -> Trial | None:
    """The app's last delivery, with the last copies of the files that it lacks, ready to be counted; None where nothing was delivered yet.

    The first time it reads the files, which takes some seconds per million rows.

    Raises:
        Refused: they cannot be read after all.
    """
    copies = find_copies(app)
    if copies is None:
        return None
    state = RosterState.objects.of(app.district_id).first()
    version = state.version if state else 0
    folder = trial_folder(app, copies)
    live = KeptLive(app.district_id, folder / f"roster-{version}")
    return Trial(
        _texts(copies, folder), folder, live, version, today_in(app.district), not has_imported(app), copies.newest.pk, copies.sync_id,
        other_apps(app),
        deletion_is_disabled(app.district_id),
    )  # fmt: skip


def trials_folder() -> Path:
    """Where trials are kept, on this machine's own disk."""
    return settings.PATHS.root / "cache" / "trials"


def trial_folder(app: ImportApp, copies: Copies) -> Path:
    """Where what was made of these files is kept, by this version of the software; it may not be there."""
    return trials_folder() / f"{app.district_id}-{app.pk}" / f"{copies.key}-{VERSION}"


def forget_trials(app: ImportApp) -> None:
    """Throw away all that is kept of an app's deliveries; it is made anew when it is needed."""
    shutil.rmtree(trials_folder() / f"{app.district_id}-{app.pk}", ignore_errors=True)


def _texts(copies: Copies, folder: Path) -> Texts:
    texts = load_texts(folder)
    if texts is None:
        folder.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        with locked(folder.parent):
            texts = load_texts(folder)
            if texts is None:
                for older in folder.parent.iterdir():
                    if older.is_dir() and older != folder:
                        shutil.rmtree(older, ignore_errors=True)
                folder.mkdir(mode=PRIVATE, exist_ok=True)
                build_texts(copies, folder)
                texts = load_texts(folder)
                assert texts is not None  # noqa: S101 - it was just written
    (folder / "used").touch()
    return texts

"""Find an app's last delivery and make it ready to be counted."""

import shutil
from pathlib import Path

from django.conf import settings

from imports.models import Delivery, ImportApp, Sync
from imports.selectors.other_apps import other_apps
from imports.selectors.rollover import deletion_is_disabled
from imports.selectors.sync_inputs import has_imported, today_in
from imports.states import State
from imports.trial.live import KeptLive
from imports.trial.store import PRIVATE, locked
from imports.trial.texts import Texts, build_texts, load_texts
from imports.trial.trial import Trial
from imports.version import VERSION
from roster.models import RosterState


def last_delivery(app: ImportApp) -> tuple[Delivery, int] | None:
    """The newest delivery that was read, with the number of its sync; None before there is one."""
    readable = Sync.objects.of(app.district_id).filter(app=app).exclude(state__in=[State.FAILED, State.CANCELLED])
    sync = readable.exclude(detail__files=[], state__in=[State.QUEUED, State.RUNNING]).select_related("delivery").order_by("-pk").first()
    return (sync.delivery, sync.pk) if sync else None


def open_trial(app: ImportApp) -> Trial | None:
    """The app's last delivery, ready to be counted; None where nothing was delivered yet.

    The first time it reads the delivery, which takes some seconds per million rows.

    Raises:
        Refused: the delivery cannot be read after all.
    """
    found = last_delivery(app)
    if found is None:
        return None
    delivery, sync_id = found
    state = RosterState.objects.of(app.district_id).first()
    version = state.version if state else 0
    folder = trial_folder(app, delivery)
    live = KeptLive(app.district_id, folder / f"roster-{version}")
    return Trial(
        _texts(delivery, folder), folder, live, version, today_in(app.district), not has_imported(app), delivery.pk, sync_id, other_apps(app),
        deletion_is_disabled(app.district_id),
    )  # fmt: skip


def trials_folder() -> Path:
    """Where trials are kept, on this machine's own disk."""
    return settings.PATHS.root / "cache" / "trials"


def trial_folder(app: ImportApp, delivery: Delivery) -> Path:
    """Where what was made of a delivery is kept, by this version of the software; it may not be there."""
    return trials_folder() / f"{app.district_id}-{app.pk}" / f"{delivery.pk}-{VERSION}"


def forget_trials(app: ImportApp) -> None:
    """Throw away all that is kept of an app's deliveries; it is made anew when it is needed."""
    shutil.rmtree(trials_folder() / f"{app.district_id}-{app.pk}", ignore_errors=True)


def _texts(delivery: Delivery, folder: Path) -> Texts:
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
                build_texts(delivery, folder)
                texts = load_texts(folder)
                assert texts is not None  # noqa: S101 - it was just written
    (folder / "used").touch()
    return texts

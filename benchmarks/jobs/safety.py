"""What keeps a district safe: the review of a held delivery with 30 % of its records changed, its approval, and the rollback of the first import."""

import time
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import Membership
from benchmarks.jobs.portal import deliver
from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from imports.models import ImportApp, Sync
from imports.services.decide_sync import approve_sync
from imports.services.rollback import start_rollback
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.states import ACCEPTED, State
from roster.models import RosterState

_ROUNDS = 5


def review_and_undo(files: Path) -> Measurement:
    """Seconds of the rollback of the first import; facts: seconds of the rest.

    Raises:
        RuntimeError: a sync ended otherwise than it should.
    """
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    app = ImportApp.unscoped.select_related("config").get()
    first = Sync.unscoped.filter(state__in=ACCEPTED).order_by("pk")[0]
    document = app.config.document if app.config else {}
    save_config(app=app, document={**document, "delivery": {**document["delivery"], "preview": True}}, by=None)
    app.refresh_from_db()
    facts: dict[str, object] = {}
    with Stopwatch() as watch:
        held = deliver(app, files)
    _check(held, State.HELD)
    facts["working out a delivery with 30 % changed"] = watch.seconds
    with override_settings(STORAGES=plain, ALLOWED_HOSTS=["*"]):
        facts["the review"] = _review(held)
    approve_sync(sync=held, by=None, wake=False)
    with Stopwatch() as watch:
        run_sync(held.pk, wakes_next=False)
    _check(held, *ACCEPTED)
    facts["applying it once approved"] = watch.seconds
    facts["rolling it back"] = _roll_back(held)
    facts["rolling the first import back"] = seconds = _roll_back(first)
    left = RosterState.objects.of(app.district_id).get().counts
    if any(left.values()):
        raise RuntimeError(f"The rollback of the first import left {left}.")
    return Measurement(first.rows_in_files, seconds, watch.cpu_seconds, facts)


def _review(held: Sync) -> float:
    """The median of some rounds; the first one, which loads templates, is not among them."""
    client = Client()
    client.force_login(
        Membership.objects.of(held.district_id).select_related("user")[0].user, backend="django.contrib.auth.backends.ModelBackend"
    )
    times = []
    for _ in range(_ROUNDS + 1):
        started = time.perf_counter()
        page = client.get(reverse("imports:review", args=[held.pk]))
        times.append(time.perf_counter() - started)
        if page.status_code != 200 or "Approve" not in page.content.decode():
            raise RuntimeError(f"The review was not shown: {page.status_code}")
    return sorted(times[1:])[_ROUNDS // 2]


def _roll_back(sync: Sync) -> float:
    """Seconds of working the rollback out and applying it."""
    with Stopwatch() as watch:
        rollback = start_rollback(sync=sync, by=None, wake=False)
        run_sync(rollback.pk, wakes_next=False)
        _check(rollback, State.HELD)
        approve_sync(sync=rollback, by=None, wake=False)
        run_sync(rollback.pk, wakes_next=False)
    _check(rollback, *ACCEPTED)
    return watch.seconds


def _check(sync: Sync, *states: State) -> None:
    sync.refresh_from_db()
    if sync.state not in states:
        raise RuntimeError(f"Sync {sync.pk} ended as {sync.state}: {sync.failure or sync.hold_detail}")

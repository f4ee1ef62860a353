"""What the clock does with landing zones: look through all of them, and run where a set is complete and the app is to run on arrival."""

import logging

from formats.oneroster.tables import FILE_NAMES
from formats.problems import Refused
from imports.models import Arrival, ImportApp, LandingRun, LandingZone
from imports.selectors.landing import arriving_now, required_files
from imports.selectors.rollover import suspended_until
from imports.services.arrivals import note_arrivals
from imports.services.receive_delivery import choose
from imports.services.run_landing import run_landing
from imports.zone import Zone

log = logging.getLogger(__name__)


def scan_zones() -> None:
    """Note what arrived in every zone; what goes wrong in one keeps no other from being looked at. Costs a listing of each where nothing is new."""
    zones = LandingZone.unscoped.select_related("app__district", "app__config").order_by("pk")
    for row in zones:
        try:
            note_arrivals(row.app)
            run_if_complete(row.app)
        except Exception:  # a fault in one district's zone must not stop the others; the next scan tries again
            log.exception("Landing zone %s could not be looked through.", row.pk)


def run_if_complete(app: ImportApp) -> LandingRun | None:
    """Import what waits if the app is to run on arrival, the set is whole and nothing of it is still arriving; the same set is refused only once."""
    document = app.config.document if app.config else {}
    if not document.get("delivery", {}).get("run_on_arrival"):
        return None
    waiting = list(Arrival.objects.of(app.district_id).filter(app=app, state=Arrival.State.WAITING))
    if not waiting or suspended_until(app.district_id) or _was_refused(app, waiting):
        return None
    zone = Zone(LandingZone.objects.of(app.district_id).values_list("pk", flat=True).get(app=app))
    if arriving_now(zone) or not _is_whole_set(zone, app, waiting):
        return None
    return run_landing(app=app, reason=LandingRun.Reason.ARRIVAL)


def _was_refused(app: ImportApp, waiting: list[Arrival]) -> bool:
    """Whether the last run on arrival saw just what waits now, and took nothing.

    What was refused otherwise, for imports were suspended or the set was not whole yet, says nothing about what waits now.
    """
    runs = LandingRun.objects.of(app.district_id).filter(app=app, reason=LandingRun.Reason.ARRIVAL)
    last = runs.order_by("-ran_at", "-pk").first()
    if last is None or not last.is_refused or last.ran_at < max(arrival.seen_at for arrival in waiting):
        return False
    return not Arrival.objects.of(app.district_id).filter(app=app, settled_at__gt=last.ran_at).exists()  # it may have been what was wrong


def _is_whole_set(zone: Zone, app: ImportApp, waiting: list[Arrival]) -> bool:
    """A zip with all seven roster files, or all of them loose; the first time with the manifest. Several zips are a fault that a run shall name."""
    paths = [zone.root / arrival.path for arrival in waiting if (zone.root / arrival.path).is_file()]
    try:
        choose(paths, required_files(app) or FILE_NAMES)
    except Refused as refusal:
        return any(problem.code == "several-zips" for problem in refusal.problems)
    except OSError:  # moved or removed a moment ago
        return False
    return True

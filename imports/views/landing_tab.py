"""The tab Landing zone: receipts of what arrived, the runs, and the archive."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.urls import reverse

from accounts.current import DistrictRequest
from imports.models import Arrival, Delivery, ImportApp, LandingRun, StoredFile, Sync
from imports.selectors.landing import bytes_used
from imports.states import SyncKind
from imports.views.history import Choice
from imports.views.landing_now import landing_now
from imports.views.landing_started import started_by

PER_PAGE = 25
SHOWS = {"receipts": "Receipts", "runs": "Runs", "archive": "Archive"}
LOOKS = {  # state -> (colour class, icon, what is said where the receipt gives no reason)
    Arrival.State.WAITING: ("held", "queued", "It waits for the next run."),
    Arrival.State.TAKEN: ("completed", "completed", "A run took it."),
    Arrival.State.IGNORED: ("muted", "skipped", "It was passed over."),
    Arrival.State.REPLACED: ("muted", "updated", "Another content came to the same place before a run."),
    Arrival.State.REMOVED: ("muted", "trash", "The client removed it before a run."),
}
TIGHT, FULL = 85, 100  # per cent of the quota


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file that arrived, with how its state is shown and the sync that took it."""

    arrival: Arrival
    sync_id: int | None

    @property
    def words(self) -> str:
        """Its state."""
        return self.arrival.get_state_display()

    @property
    def look(self) -> str:
        """The colour of its state."""
        return LOOKS[Arrival.State(self.arrival.state)][0]

    @property
    def icon(self) -> str:
        """The icon of its state."""
        return LOOKS[Arrival.State(self.arrival.state)][1]

    @property
    def usual(self) -> str:
        """What is said where the receipt gives no reason."""
        return LOOKS[Arrival.State(self.arrival.state)][2]


@dataclass(frozen=True, slots=True)
class Archived:
    """A folder of the archive: what a run took, the syncs over it, and whether it is what was taken last."""

    delivery: Delivery
    files: list[StoredFile]
    syncs: list[Sync]
    is_newest: bool


@dataclass(frozen=True, slots=True)
class Space:
    """How full a landing zone is, in bytes."""

    used: int
    quota: int

    @property
    def percent(self) -> float:
        """The share that is used, never more than 100."""
        return min(100.0, 100 * self.used / self.quota) if self.quota else 100.0

    @property
    def is_tight(self) -> bool:
        """Whether little is left."""
        return self.percent >= TIGHT

    @property
    def is_full(self) -> bool:
        """Whether nothing is left."""
        return self.percent >= FULL

    @property
    def kept_days(self) -> int:
        """For how long archive and receipts are kept."""
        return settings.PORTAL_ARCHIVE_DAYS


def landing_context(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    """What the tab shows: `?show=` chooses the list, `?state=` narrows the receipts."""
    asked = request.GET.get("show", "")
    show = asked if asked in SHOWS else "receipts"
    now = landing_now(app)
    url = reverse("imports:app_tab", args=[app.kind, "landing"])
    return {
        "now": now,
        "on": "landing",
        "space": space_of(app, now.connection.zone.pk),
        "show": show,
        "show_words": SHOWS[show],
        "shows": [{"name": name, "words": words, "url": f"{url}?show={name}", "is_chosen": name == show} for name, words in SHOWS.items()],
        **_LISTS[show](request, app),
    }


def space_of(app: ImportApp, zone_id: int | None = None) -> Space:
    """How full the app's landing zone is."""
    return Space(bytes_used(app, zone_id), settings.PORTAL_SFTP_QUOTA_MB << 20)


def _receipts(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    arrivals = Arrival.objects.of(app.district_id).filter(app=app)
    tally = dict(arrivals.order_by().values_list("state").annotate(found=Count("pk")))
    asked = request.GET.get("state", "")
    wanted = asked if asked in Arrival.State.values else ""
    page = _page(request, arrivals.filter(state=wanted) if wanted else arrivals, "-seen_at", "-pk")
    syncs = _first_syncs(app, {one.delivery_id for one in page if one.delivery_id})
    lines = [Receipt(one, syncs.get(one.delivery_id or 0)) for one in page]
    return {"page": page, "lines": lines, "wanted": wanted, "states": _states(tally, wanted)}


def _states(tally: dict[str, int], wanted: str) -> list[Choice]:
    """The states there are, with all of them first; none where there is nothing to choose."""
    there = [state for state in Arrival.State if tally.get(state) or state == wanted]
    if len(there) < 2:
        return []
    every = Choice("", "All", sum(tally.values()), not wanted)
    return [every, *(Choice(state, state.label, tally.get(state, 0), state == wanted, LOOKS[state][0]) for state in there)]


def _runs(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    runs = LandingRun.objects.of(app.district_id).filter(app=app).select_related("sync", "by")
    page = _page(request, runs, "-ran_at", "-pk")
    return {"page": page, "lines": started_by(list(page))}


def _archive(request: DistrictRequest, app: ImportApp) -> dict[str, Any]:
    deliveries = Delivery.objects.of(app.district_id).filter(app=app).exclude(archived_as="").prefetch_related("files")
    newest = deliveries.order_by("-pk").values_list("pk", flat=True).first()
    page = _page(request, deliveries, "-received_at", "-pk")
    syncs: dict[int, list[Sync]] = {}
    for sync in _syncs(app, [one.pk for one in page]):
        syncs.setdefault(sync.delivery_id, []).append(sync)
    return {
        "page": page,
        "lines": [
            Archived(one, sorted(one.files.all(), key=lambda file: file.name), syncs.get(one.pk, []), one.pk == newest) for one in page
        ],
    }


def _page(request: DistrictRequest, found: Any, *order: str) -> Page[Any]:
    return Paginator(found.order_by(*order), PER_PAGE).get_page(request.GET.get("page"))


def _syncs(app: ImportApp, deliveries: Iterable[int]) -> list[Sync]:
    """The imports over these deliveries, oldest first."""
    wanted = Sync.objects.of(app.district_id).filter(app=app, delivery__in=list(deliveries), kind=SyncKind.IMPORT)
    return list(wanted.order_by("pk").only("pk", "state", "delivery_id"))


def _first_syncs(app: ImportApp, deliveries: Iterable[int]) -> dict[int, int]:
    """Of each delivery the sync that it came for."""
    found: dict[int, int] = {}
    for sync in _syncs(app, deliveries):
        found.setdefault(sync.delivery_id, sync.pk)
    return found


_LISTS = {"receipts": _receipts, "runs": _runs, "archive": _archive}

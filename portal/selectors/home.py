"""What Home shows: each activated app with its last sync, and the size of the live roster."""

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import District
from imports.models import ImportApp, Sync, SyncDetail
from imports.states import State
from imports.views.landing_now import LandingNow, landing_now
from imports.views.sync_list import ListedSync, list_syncs
from imports.views.words import describe
from records.attributes import RecordType
from records.outcomes import NOT_ACCEPTED
from roster.models import RosterState

RECENT = 5  # syncs
APP_ICONS = {ImportApp.Kind.CSV_UPLOAD: "upload", ImportApp.Kind.SFTP: "server"}
SHOWN = (
    (RecordType.SCHOOL, "Schools"),
    (RecordType.STUDENT, "Students"),
    (RecordType.TEACHER, "Teachers"),
    (RecordType.CLASS, "Classes"),
    (RecordType.ENROLLMENT, "Enrollments"),
)


@dataclass(frozen=True, slots=True)
class Attention:
    """A strip above the tiles: what waits or went wrong, and the page that mends it."""

    tone: str
    text: str
    url: str
    action: str


@dataclass(frozen=True, slots=True)
class AppTile:
    """One activated app."""

    app: ImportApp
    icon: str
    url: str
    last: Sync | None
    sentence: str
    outcomes: list[tuple[str, int]]  # title, records of the last sync
    attention: list[Attention]
    landing: LandingNow | None = None  # of an SFTP app


@dataclass(frozen=True, slots=True)
class Figure:
    """How many live records there are of one type."""

    title: str
    count: int
    url: str


def tiles_of(district: District) -> list[AppTile]:
    """Return a tile per activated app, in the order of activation."""
    return [_tile(app) for app in ImportApp.objects.of(district).order_by("activated_at", "pk")]


def recent_syncs(district: District) -> list[ListedSync]:
    """Return the last few syncs of all apps, newest first."""
    return list_syncs(Sync.objects.of(district).select_related("app", "created_by", "delivery").order_by("-created_at", "-pk")[:RECENT])


def figures_of(district: District) -> list[Figure]:
    """Return the counts of the live roster that matter; empty while nothing was ever applied."""
    state = RosterState.objects.of(district).first()
    if state is None or not state.version:
        return []
    return [Figure(title, state.counts.get(kind, 0), reverse("browse_type", args=[kind])) for kind, title in SHOWN]


def _tile(app: ImportApp) -> AppTile:
    last = Sync.objects.of(app.district_id).filter(app=app).order_by("-created_at", "-pk").first()
    detail = SyncDetail.objects.filter(sync=last).first() if last else None
    counts = detail.counts if detail else {}
    landing = landing_now(app) if app.kind == ImportApp.Kind.SFTP else None
    sentence = describe(last, counts) if last else "Nothing has been imported yet." if landing else "No files have been uploaded yet."
    attention = [*_attention(app, last, sentence), *(_landing_attention(app, landing) if landing else ())]
    url = reverse("imports:app", args=[app.kind])
    return AppTile(app, APP_ICONS[ImportApp.Kind(app.kind)], url, last, sentence, _outcomes(counts), attention, landing)


def _outcomes(counts: dict[str, dict[str, int]]) -> list[tuple[str, int]]:
    def total(*names: str) -> int:
        return sum(count.get(name, 0) for count in counts.values() for name in names)

    if not counts:
        return []
    left_out = total(*(fate.word for fate in NOT_ACCEPTED))
    return [
        ("In file", total("in_file")),
        ("Created", total("created")),
        ("Updated", total("updated")),
        ("Deleted", total("deleted")),
        ("Left out", left_out),
    ]


def _attention(app: ImportApp, last: Sync | None, sentence: str) -> list[Attention]:
    """What the last sync asks of a person."""
    if last is None:
        return []
    url = reverse("imports:sync", args=[last.pk])
    if last.state == State.NEEDS_SCHOOL_MAPPING:
        return [Attention("wait", f"{app}: {sentence}", reverse("imports:map_schools", args=[last.pk]), "Map schools")]
    if last.state == State.HELD:
        return [Attention("wait", f"{app}: the last sync is held. {sentence}", reverse("imports:review", args=[last.pk]), "Review")]
    if last.state == State.FAILED:
        return [Attention("bad", f"{app}: the last sync failed. {sentence}", url, "See what happened")]
    return []


def _landing_attention(app: ImportApp, landing: LandingNow) -> list[Attention]:
    """What a landing zone asks of a person: its files were refused, nobody can bring any, or nothing runs by itself any more."""
    url = reverse("imports:app", args=[app.kind])
    found = []
    if landing.last and landing.is_refused:
        found.append(Attention("bad", f"{app}: the last run took nothing. {landing.last.outcome}", url, "See the landing zone"))
    if landing.connection.lacks and app.configured_at is not None:
        delivery = reverse("imports:configure", args=[app.kind, "delivery"])
        found.append(Attention("wait", f"{app}: {landing.connection.lacks}", delivery, "Delivery Configuration"))
    if landing.ended:
        schedule = reverse("imports:configure", args=[app.kind, "schedule"])
        found.append(Attention("wait", f"{app}: {landing.ended}", schedule, "Schedule"))
    return found

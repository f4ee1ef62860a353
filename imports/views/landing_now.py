"""What lies in an app's landing zone now, when its next run is, and what came of the last one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from formats.fileset import FIRST_SET
from imports.models import Arrival, ImportApp, LandingRun, LandingZone, Sync
from imports.selectors.landing import Arriving, needs_whole_set, still_arriving, unread_files, waiting_files
from imports.selectors.schedule import ended_words, next_run, runs_on_arrival, schedule_words
from imports.views.landing_started import Started, started_by
from imports.zone import Zone

MOST_EXPLAINED = 3  # files that lie there and that no run takes; the others are counted
MOST_SHOWN = 30  # waiting files; the others are counted
STALLED = timedelta(minutes=10)  # a file of which nothing came for so long has probably broken off
QUICK, SLOW = 3, 15  # seconds between two looks: while files wait or arrive, and while nothing moves


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A file that the first run needs."""

    name: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class Connection:
    """Who may put files into the zone, and where: what has to be typed into a client."""

    zone: LandingZone
    keys: int

    @property
    def host(self) -> str:
        """The name of the portal's SFTP server."""
        return settings.PORTAL_SFTP_ADDRESS

    @property
    def port(self) -> int:
        """Its port."""
        return settings.PORTAL_SFTP_PORT

    @property
    def is_custom(self) -> bool:
        """Whether the portal fetches the files from the district's own server."""
        return self.zone.server == LandingZone.Server.CUSTOM

    @property
    def is_ready(self) -> bool:
        """Whether files can come at all: somebody can sign in here, or the server to fetch from is known."""
        if self.is_custom:
            return bool(self.zone.host and self.zone.remote_username and self.zone.remote_secret)
        return bool(self.zone.password) if self.zone.sign_in == LandingZone.SignIn.PASSWORD else self.keys > 0

    @property
    def lacks(self) -> str:
        """What must be set before files can come, in a sentence; empty where nothing is lacking."""
        if self.is_ready:
            return ""
        if self.is_custom:
            return "The server to fetch from is not set up yet: host, user name, and password or key are needed."
        return "Nobody can sign in to the landing zone yet: set a password or a key first."

    @property
    def ready_words(self) -> str:
        """How one signs in."""
        if self.zone.sign_in == LandingZone.SignIn.PASSWORD:
            return "A password is set."
        return f"{self.keys} {'key is' if self.keys == 1 else 'keys are'} set."


@dataclass(frozen=True, slots=True)
class LandingNow:
    """A landing zone as it is at this moment.

    waiting: the first of the files that wait; `count` and `size` are those of all.
    schedule: when it runs by itself, in words; empty where there is no schedule. ended: that no run of it is left, in sentences.
    on_arrival: a complete set is imported as soon as it has arrived.
    expected: the files that the first run needs, there or missing; empty once a run has taken a whole set, and where a zip waits.
    is_untouched: no file has ever come, so the page says how to begin.
    unread: zips and CSV files that lie there although no run takes them. is_answered: the last run was refused, but something has changed since.
    started: how the last run was started. sync: the app's newest.
    """

    connection: Connection
    waiting: Sequence[Arrival]
    count: int
    size: int
    arriving: Sequence[Arriving]
    expected: Sequence[ExpectedFile]
    unread: Sequence[Arrival]
    is_first: bool
    is_untouched: bool
    last: LandingRun | None
    is_answered: bool
    started: Started | None
    next_run: datetime | None
    schedule: str
    ended: str
    on_arrival: bool
    sync: Sync | None
    first_set = FIRST_SET

    @property
    def missing(self) -> list[str]:
        """The files that the first run still lacks."""
        return [file.name for file in self.expected if not file.is_there]

    @property
    def more_waiting(self) -> int:
        """How many more files wait than are shown."""
        return self.count - len(self.waiting)

    @property
    def explained(self) -> Sequence[Arrival]:
        """The first of the files that no run takes."""
        return self.unread[:MOST_EXPLAINED]

    @property
    def more_unread(self) -> int:
        """How many more there are."""
        return max(0, len(self.unread) - MOST_EXPLAINED)

    @property
    def is_stalled(self) -> bool:
        """Whether a file is arriving of which nothing has come for long."""
        return any(one.changed_at < timezone.now() - STALLED for one in self.arriving)

    @property
    def is_refused(self) -> bool:
        """Whether the last run took nothing, because its files could not be taken."""
        return self.last is not None and self.last.is_refused

    @property
    def seconds(self) -> int:
        """After how many seconds the page looks again."""
        return QUICK if self.count or self.arriving or (self.sync and self.sync.is_working) else SLOW

    @property
    def digest(self) -> str:
        """What a page shows of this, in short: the same digest, nothing to redraw."""
        last, sync = self.last, self.sync
        facts = (
            [(one.pk, one.size) for one in self.waiting], self.count, [(one.path, one.size) for one in self.arriving],
            last and (last.pk, last.outcome, last.sync and last.sync.state), sync and (sync.pk, sync.state),
            self.next_run, self.schedule, self.ended, self.on_arrival, self.connection.is_ready, self.is_untouched, self.is_stalled,
            [one.pk for one in self.unread], self.is_answered,
        )  # fmt: skip
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def connection_of(app: ImportApp) -> Connection:
    """The connection of an SFTP app."""
    zone = LandingZone.objects.of(app.district_id).get(app=app)
    return Connection(zone, zone.keys.count())


def landing_now(app: ImportApp) -> LandingNow:
    """Look at the landing zone of an SFTP app; reads no file."""
    connection = connection_of(app)
    waiting, arriving = waiting_files(app, connection.zone.pk), still_arriving(connection.zone)
    is_first, last = needs_whole_set(app), last_run(app)
    sync = Sync.objects.of(app.district_id).filter(app=app).order_by("-created_at", "-pk").first()
    return LandingNow(
        connection=connection,
        waiting=waiting[:MOST_SHOWN],
        count=len(waiting),
        size=sum(one.size for one in waiting),
        arriving=arriving,
        expected=_expected(waiting) if is_first else [],
        unread=unread_files(app, Zone(connection.zone.pk)),
        is_first=is_first,
        is_untouched=not waiting and not arriving and not Arrival.objects.of(app.district_id).filter(app=app).exists(),
        last=last,
        is_answered=last is not None and last.is_refused and _has_changed_since(app, last, sync),
        started=started_by([last])[0] if last else None,
        next_run=next_run(app),
        schedule=schedule_words(app),
        ended=ended_words(app),
        on_arrival=runs_on_arrival(app),
        sync=sync,
    )


def last_run(app: ImportApp) -> LandingRun | None:
    """The app's newest run."""
    return LandingRun.objects.of(app.district_id).filter(app=app).select_related("sync", "by").order_by("-ran_at", "-pk").first()


def _has_changed_since(app: ImportApp, last: LandingRun, sync: Sync | None) -> bool:
    """Whether files have come or gone, or a sync has ended, since a run: what was wrong then may be mended."""
    if sync is not None and sync.finished_at is not None and sync.finished_at > last.ran_at:
        return True
    return Arrival.objects.of(app.district_id).filter(Q(seen_at__gt=last.ran_at) | Q(settled_at__gt=last.ran_at), app=app).exists()


def _expected(waiting: Sequence[Arrival]) -> list[ExpectedFile]:
    names = {PurePosixPath(one.path).name.casefold() for one in waiting}
    if not names or any(name.endswith(".zip") for name in names):
        return []
    return [ExpectedFile(name, name.casefold() in names) for name in FIRST_SET]

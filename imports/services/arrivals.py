"""Note what has arrived in a landing zone: hash what is whole, keep one row per content at a place, write its receipt.

Source: docs/decisions/0023-landing-zones.md
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from formats.arrival_names import may_wait, why_ignored
from formats.problems import FileProblem, Refused
from formats.unpack import inspect
from imports.files import limits, sha256_of
from imports.models import Arrival, ImportApp, StoredFile, Sync
from imports.sentences import say_file_problem
from imports.services.batches import is_on_its_way, recover, scanning
from imports.services.landing_zone import ensure_zone
from imports.services.receipts import has_receipt, tell_too_many, write_receipt
from imports.states import ACCEPTED
from imports.zone import Zone
from imports.zone_files import MOST_OTHERS, Listing, ZoneFile, list_files, look_at, shown

log = logging.getLogger(__name__)
_LOOKED_AFTER = 50  # receipts of waiting files that a scan makes sure of
_WAITING, _IGNORED = Arrival.State.WAITING, Arrival.State.IGNORED


@dataclass(frozen=True, slots=True)
class _Found:
    """A whole file with its content hash, and why it is passed over; empty where it waits."""

    file: ZoneFile
    sha256: str
    ignored: str

    @property
    def path(self) -> str:
        return shown(self.file.path)


def note_arrivals(app: ImportApp, *, now: datetime | None = None) -> list[Arrival]:
    """Look through the app's landing zone, and put right what killed runs left there. Returns what is new, waiting or ignored.

    Any number of processes may do it at once, and any of them may be killed at any point: the next scan goes on. `now` is the moment by which files
    have settled.
    """
    zone = Zone(ensure_zone(app).pk)
    with scanning(zone):
        recover(zone, app)
        return _scan(zone, app, now.timestamp() if now else None)


def _scan(zone: Zone, app: ImportApp, now: float | None) -> list[Arrival]:
    listing = list_files(zone, now)
    tell_too_many(zone, is_cut=listing.is_cut, limit=MOST_OTHERS)
    waiting = {arrival.path: arrival for arrival in _waiting(app)}
    new = [arrival for file in _unknown(app, listing, waiting) if (arrival := _note(zone, app, file)) is not None]
    _note_removed(zone, app, listing, list(waiting.values()))
    for arrival in list(waiting.values())[:_LOOKED_AFTER]:
        if not has_receipt(zone, arrival):  # a scan was killed before it wrote it
            write_receipt(zone, arrival)
    return new


def _waiting(app: ImportApp) -> list[Arrival]:
    return list(Arrival.objects.of(app.district_id).select_related("district").filter(app=app, state=_WAITING))


def _unknown(app: ImportApp, listing: Listing, waiting: dict[str, Arrival]) -> list[ZoneFile]:
    """The whole files whose content nobody has looked at yet."""
    whole = [file for file in listing.files.values() if file.is_whole]
    rest = [file for file in whole if (known := waiting.get(shown(file.path))) is None or known.stamp != file.stamp]
    if not rest:
        return []
    arrivals = Arrival.objects.of(app.district_id).filter(app=app, state=_IGNORED, stamp__in=[file.stamp for file in rest])
    ignored = set(arrivals.values_list("path", "stamp"))
    return [file for file in rest if (shown(file.path), file.stamp) not in ignored]


def _note(zone: Zone, app: ImportApp, file: ZoneFile) -> Arrival | None:
    """Hash a file and write down that it is there; None where it was known, changes meanwhile, or is gone."""
    try:
        found = _Found(file, sha256_of(zone.root / file.path), _judge(zone, file))
    except OSError:
        return None
    with zone.lock():
        present = look_at(zone, file.path)
        is_same = present is not None and present.stamp == file.stamp and not present.is_marked
        if not is_same or is_on_its_way(zone, file.path):  # a run has an older content of this place: the next scan comes after it
            return None
    try:
        with transaction.atomic():
            changed = _record(app, found)
            for arrival in changed:
                if arrival.state == Arrival.State.REPLACED:  # before the commit: if we are killed now, the next scan does both again
                    write_receipt(zone, arrival)
    except IntegrityError:  # another scan was quicker
        return None
    new = next((arrival for arrival in changed if arrival.state != Arrival.State.REPLACED), None)
    if new is not None:
        write_receipt(zone, new)
    return new


def _judge(zone: Zone, file: ZoneFile) -> str:
    """Why a whole file is passed over; empty where it waits for a run."""
    if reason := why_ignored(shown(file.path)):
        return reason
    is_zip = file.path.lower().endswith(".zip")
    most = settings.PORTAL_MAX_UPLOAD_MB if is_zip else settings.PORTAL_MAX_FILE_MB
    try:
        if file.size > most << 20:
            raise Refused([FileProblem("file-too-big", shown(file.path), detail=f"{most:,} MB", severity="refused")])
        if is_zip:
            inspect(zone.root / file.path, limits())
    except Refused as refusal:
        problem = say_file_problem(refusal.problems[0])
        return f"{problem.message} {problem.fix}"
    return ""


def _record(app: ImportApp, found: _Found) -> Sequence[Arrival]:
    """Write the arrival down: what is replaced by it, and itself; nothing where its content is known at this place, but for the stamp."""
    arrivals = Arrival.objects.of(app.district_id).filter(app=app, path=found.path)
    if found.ignored:
        known = arrivals.filter(state=_IGNORED, sha256=found.sha256, reason=found.ignored).order_by("-pk").first()
    else:
        known = arrivals.filter(state=_WAITING, sha256=found.sha256).first()
    if known is not None:
        arrivals.filter(pk=known.pk).update(stamp=found.file.stamp)
        return []
    changed: list[Arrival] = []
    for older in arrivals.select_related("district").filter(state=_WAITING):
        older.state, older.settled_at, older.reason = Arrival.State.REPLACED, timezone.now(), "Replaced before a run took it."
        older.save(update_fields=["state", "settled_at", "reason"])
        changed.append(older)
    new = Arrival.objects.create(
        district=app.district, app=app, path=found.path, size=found.file.size, sha256=found.sha256, stamp=found.file.stamp,
        state=_IGNORED if found.ignored else _WAITING, settled_at=timezone.now() if found.ignored else None,
        reason=found.ignored or _same_as_before(app, found),
    )  # fmt: skip
    return [*changed, new]


def _same_as_before(app: ImportApp, found: _Found) -> str:
    """That a file waits with the content that was imported last; empty where it is another, or was never imported."""
    accepted = Sync.objects.of(app.district_id).filter(app=app, state__in=ACCEPTED)
    files = StoredFile.objects.of(app.district_id).filter(name__iexact=found.path, delivery__syncs__in=accepted)
    last = files.order_by("-delivery__pk").values_list("sha256", "delivery_id").first()
    if last is None or last[0] != found.sha256:
        return ""
    sync_id = accepted.filter(delivery=last[1]).order_by("pk").values_list("pk", flat=True).first()
    return f"It waits for the next run. Its content is the same as that of the last accepted copy, of sync {sync_id}."


def _note_removed(zone: Zone, app: ImportApp, listing: Listing, waiting: list[Arrival]) -> None:
    """The files that waited and are no more, unless a run has them."""
    present = {shown(path) for path in listing.files}
    gone = [arrival for arrival in waiting if arrival.path not in present]
    if not gone:
        return
    with zone.lock():  # what a run moves or puts back meanwhile is in one of the two places
        there = {shown(path.name) for path in zone.root.iterdir() if may_wait(path.name)}
        gone = [arrival for arrival in gone if arrival.path not in there and not is_on_its_way(zone, arrival.path)]
    for arrival in gone:
        arrival.state, arrival.settled_at, arrival.reason = (
            Arrival.State.REMOVED,
            timezone.now(),
            "Removed by the client before a run took it.",
        )
        with transaction.atomic():
            still = Arrival.objects.of(app.district_id).filter(pk=arrival.pk, state=_WAITING)
            if still.update(state=arrival.state, settled_at=arrival.settled_at, reason=arrival.reason):
                write_receipt(zone, arrival)

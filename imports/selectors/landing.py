"""What waits in a landing zone, what is still arriving, what the next run needs, and how much room is used. Reads no file."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from formats.fileset import FIRST_SET
from formats.oneroster.tables import FILE_NAMES
from imports.models import Arrival, ImportApp, LandingZone, Sync
from imports.states import ACCEPTED
from imports.zone import Zone, is_temporary
from imports.zone_files import ZoneFile, list_files, look_at, shown

MOST_ARRIVING = 50
MEANT = (".zip", ".csv")  # endings of files that somebody takes for delivered


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file that does not count yet: `words` says why. `changed_at` is when its last byte came."""

    path: str
    size: int
    changed_at: datetime
    words: str


def waiting_files(app: ImportApp, zone_id: int | None = None) -> list[Arrival]:
    """The files that the next run would take, or pass over for a zip, in the order of their names; those that are written anew are still arriving."""
    if zone_id is None:
        zone_id = LandingZone.objects.of(app.district_id).filter(app=app).values_list("pk", flat=True).first()
    if zone_id is None:
        return []
    zone = Zone(zone_id)
    waiting = Arrival.objects.of(app.district_id).filter(app=app, state=Arrival.State.WAITING).order_by("path")
    return [one for one in waiting if not zone.is_marked(one.path)]


def unread_files(app: ImportApp, zone: Zone) -> list[Arrival]:
    """The zips and CSV files that lie in the zone although no run takes them, newest first; `reason` says why: damaged ones, and such of other names."""
    files = [file for file in list_files(zone).files.values() if file.is_whole and file.path.lower().endswith(MEANT)]
    there = {(shown(file.path), file.stamp) for file in files}
    if not there:
        return []
    ignored = Arrival.objects.of(app.district_id).filter(app=app, state=Arrival.State.IGNORED, delivery=None)
    known = ignored.filter(stamp__in=[stamp for _path, stamp in there]).order_by("pk")
    by_place = {one.path: one for one in known if (one.path, one.stamp) in there}
    return sorted(by_place.values(), key=lambda one: -one.pk)


def still_arriving(zone: LandingZone) -> list[Arriving]:
    """The files of a zone that are being written, or wait for their final name or for the settle time; those that an import reads first."""
    found = [file for file in list_files(Zone(zone.pk)).files.values() if is_arriving(file)]
    found.sort(key=lambda file: (not file.is_roster, file.path))
    return [
        Arriving(shown(file.path), file.size, datetime.fromtimestamp(file.changed_at, UTC), _words(file)) for file in found[:MOST_ARRIVING]
    ]


def is_arriving(file: ZoneFile) -> bool:
    """Whether a file may still become one that counts. Hidden files are nobody's business."""
    return not file.is_whole and not any(part.startswith(".") for part in file.path.split("/"))


def arriving_now(zone: Zone) -> list[str]:
    """The names of the files that an import would read and that do not count yet."""
    return sorted(shown(file.path) for file in list_files(zone).files.values() if file.is_roster and is_arriving(file))


def is_there(zone: Zone, path: str, stamp: str) -> bool:
    """Whether a file is whole and has the content that was hashed. To act on it, hold the zone's lock."""
    file = look_at(zone, path)
    return file is not None and file.stamp == stamp and not file.is_marked


def needs_whole_set(app: ImportApp) -> bool:
    """Whether the app has never imported anything that still stands: then a run needs all eight files, later any of them will do."""
    return not Sync.objects.of(app.district_id).filter(app=app, state__in=ACCEPTED).exists()


def required_files(app: ImportApp) -> tuple[str, ...]:
    """The files that a delivery to the app must have now, whichever way it comes; () where any roster file will do."""
    if app.kind != ImportApp.Kind.SFTP:
        return FILE_NAMES
    return FIRST_SET if needs_whole_set(app) else ()


def bytes_used(app: ImportApp, zone_id: int | None = None) -> int:
    """How many bytes lie in the app's landing zone, its archive and receipts included."""
    if zone_id is None:
        zone_id = LandingZone.objects.of(app.district_id).filter(app=app).values_list("pk", flat=True).first()
    if zone_id is None:
        return 0
    used = 0
    for _folder, _folders, names, handle in os.fwalk(Zone(zone_id).root, follow_symlinks=False):
        for name in names:
            try:
                used += os.stat(name, dir_fd=handle, follow_symlinks=False).st_size
            except FileNotFoundError:  # moved or removed a moment ago
                continue
    return used


def _words(file: ZoneFile) -> str:
    if file.is_marked:
        return "Arriving"
    return "Waits for its final name" if is_temporary(file.path) else "Settling"

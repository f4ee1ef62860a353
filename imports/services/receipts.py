"""The receipt of a file that arrived, as a text file in its landing zone: for the person at the other end, who may never see the portal."""

import logging
import os
from datetime import timedelta
from pathlib import Path
from tempfile import mkstemp

from accounts.models import District
from accounts.times import zone_of
from imports.models import Arrival
from imports.zone import Zone

log = logging.getLogger(__name__)
PART = ".receipt-"  # how a receipt's name begins while it is written; it lies out of the user's sight
TOO_MANY = "Not listed.txt"
_LONGEST = 150  # bytes of a file's name in the name of its receipt
_BACK = timedelta(hours=2)  # so far may the clock be set back at the end of summer
_USUAL = {
    Arrival.State.WAITING: "It waits for the next run.",
    Arrival.State.TAKEN: "A run took it.",
    Arrival.State.IGNORED: "It is passed over.",
    Arrival.State.REPLACED: "Another content came to the same place before a run took it.",
    Arrival.State.REMOVED: "It was removed before a run took it.",
}


def write_receipt(zone: Zone, arrival: Arrival) -> None:
    """Write the receipt of an arrival as it stands now, whole or not at all. A disk that cannot take it stops nothing: the page has it all the same."""
    try:
        _write_whole(zone, receipt_name(arrival), receipt_text(arrival))
    except OSError:
        log.warning("The receipt of arrival %s could not be written.", arrival.pk, exc_info=True)


def has_receipt(zone: Zone, arrival: Arrival) -> bool:
    """Whether there is a receipt of it; asks the disk alone."""
    first = f"{_label(arrival, arrival.district)} {_plain(arrival.path)}"
    return any((zone.receipts / name).exists() for name in (f"{first}.txt", f"{first} ({arrival.pk}).txt"))


def receipt_name(arrival: Arrival) -> str:
    """The name of its receipt, the same whenever it is asked for: `2026-11-25 12-23-19 users.csv.txt`, by the district's clock."""
    label, plain = _label(arrival, arrival.district), _plain(arrival.path)
    earlier = Arrival.objects.of(arrival.district_id).filter(app_id=arrival.app_id, path=arrival.path, pk__lt=arrival.pk)
    same = [one for one in earlier.filter(seen_at__gte=arrival.seen_at - _BACK).only("seen_at") if _label(one, arrival.district) == label]
    number = f" ({arrival.pk})" if same or plain != arrival.path else ""
    return f"{label} {plain}{number}.txt"


def receipt_text(arrival: Arrival) -> str:
    """What a receipt says."""
    seen = arrival.seen_at.astimezone(zone_of(arrival.district))
    lines = {
        "File": arrival.path,
        "Size": f"{arrival.size:,} {'byte' if arrival.size == 1 else 'bytes'}",
        "SHA-256": arrival.sha256,
        "Seen": f"{seen:%Y-%m-%d %H:%M:%S %Z}",
        "State": arrival.get_state_display(),
        "Why": arrival.reason or _USUAL[Arrival.State(arrival.state)],
    }
    return "".join(f"{name + ':':<9}{value}\n" for name, value in lines.items())


def tell_too_many(zone: Zone, *, is_cut: bool, limit: int) -> None:
    """Say in the zone that not every file in it gets a receipt, as long as that is so."""
    path = zone.receipts / TOO_MANY
    if path.exists() == is_cut:
        return
    try:
        if is_cut:
            text = (
                f"There are more than {limit:,} files here that no import reads. Only the first {limit:,} get a receipt.\n"
                "Remove what is not needed, then the others are looked at. Roster files and zips in the top folder always are.\n"
            )
            _write_whole(zone, TOO_MANY, text)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        log.warning("A note in landing zone %s could not be written.", zone.zone_id, exc_info=True)


def _write_whole(zone: Zone, name: str, text: str) -> None:
    zone.create()
    handle, part = mkstemp(dir=zone.marks, prefix=PART)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\r\n") as file:  # for any editor
            file.write(text)
        Path(part).rename(zone.receipts / name)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _label(arrival: Arrival, district: District) -> str:
    return f"{arrival.seen_at.astimezone(zone_of(district)):%Y-%m-%d %H-%M-%S}"


def _plain(path: str) -> str:
    """The path as a part of a name that every system takes."""
    text = "".join("-" if sign in '/\\:*?"<>|' else sign for sign in path)
    return text.encode()[:_LONGEST].decode(errors="ignore")

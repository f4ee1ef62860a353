"""Which syncs of an app brought which file last: a delivery may bring any of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from imports.models import ImportApp, Sync
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import FILE_OF

FILES = tuple(dict.fromkeys((*FILE_OF.values(), "demographics")))
BULK = "bulk"
LOOKED_BACK = 2_000  # syncs: an hourly one for three months; files that are sent more seldom are looked up no further
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Copy:
    """A file as a sync had it. headers, rows: as that sync met it. mode: bulk or delta."""

    file: str
    sync_id: int
    delivery_id: int
    mode: str
    rows: int
    headers: tuple[str, ...]


def last_good_rows(sync: Sync) -> dict[str, int]:
    """File ("users") -> its rows in the newest sync of the app, before this one, that was applied, still stands and brought the file in full."""
    return _rows(Sync.objects.of(sync.district_id).filter(app_id=sync.app_id, pk__lt=sync.pk))


def last_rows_of(app: ImportApp) -> dict[str, int]:
    """The same of an app as it stands now."""
    return _rows(Sync.objects.of(app.district_id).filter(app=app))


def _rows(syncs: QuerySet[Sync]) -> dict[str, int]:
    applied = syncs.filter(kind=SyncKind.IMPORT, state__in=ACCEPTED)
    return {file: copy.rows for file, copy in newest_copies(applied).items()}


def newest_copies(syncs: QuerySet[Sync]) -> dict[str, Copy]:
    """File -> its newest full copy among the syncs."""
    found: dict[str, Copy] = {}
    for copy in copies_in(syncs):
        if copy.mode == BULK:
            found.setdefault(copy.file, copy)
            if len(found) == len(FILES):
                break
    return found


def last_copies(app: ImportApp, *, before: int | None = None) -> dict[str, Copy]:
    """File -> its last accepted full copy, as it was imported or found unchanged; `before`: a sync.

    Args:
        app: whose.
        before: only of syncs older than this one.
    """
    syncs = Sync.objects.of(app.district_id).filter(app=app, state__in=[*ACCEPTED, State.NO_CHANGES]).exclude(kind=SyncKind.ROLLBACK)
    return newest_copies(syncs if before is None else syncs.filter(pk__lt=before))


def copies_in(syncs: QuerySet[Sync]) -> Iterator[Copy]:
    """Every file of the syncs, newest first."""
    listed = syncs.order_by("-pk").values_list("pk", "delivery_id", "detail__files")[:LOOKED_BACK]
    for sync_id, delivery_id, files in listed.iterator(chunk_size=_AT_ONCE):
        for file in files or []:
            yield _copy(sync_id, delivery_id, file)


def _copy(sync_id: int, delivery_id: int, file: Mapping[str, object]) -> Copy:
    headers = file.get("headers")
    name = str(file["name"]).removesuffix(".csv")
    listed = tuple(str(one) for one in headers) if isinstance(headers, list) else ()
    return Copy(name, sync_id, delivery_id, str(file.get("mode", BULK)), int(str(file["rows"])), listed)

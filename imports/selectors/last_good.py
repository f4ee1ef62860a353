"""What the files of an app held when they were last applied."""

from django.db.models import QuerySet

from imports.models import ImportApp, Sync
from imports.states import ACCEPTED, SyncKind
from imports.steps.difference import BULK

LOOKED_BACK = 50  # syncs; partial deliveries bring some files seldom


def last_good_rows(sync: Sync) -> dict[str, int]:
    """File ("users") -> its rows in the newest sync of the app, before this one, that was applied, still stands and brought the file in full."""
    return _rows(Sync.objects.of(sync.district_id).filter(app_id=sync.app_id, pk__lt=sync.pk))


def last_rows_of(app: ImportApp) -> dict[str, int]:
    """The same of an app as it stands now."""
    return _rows(Sync.objects.of(app.district_id).filter(app=app))


def _rows(syncs: QuerySet[Sync]) -> dict[str, int]:
    applied = syncs.filter(kind=SyncKind.IMPORT, state__in=ACCEPTED)
    rows: dict[str, int] = {}
    for files in applied.order_by("-pk").values_list("detail__files", flat=True)[:LOOKED_BACK]:
        for file in files or []:
            if file.get("mode") == BULK:
                rows.setdefault(str(file["name"]).removesuffix(".csv"), int(file["rows"]))
    return rows

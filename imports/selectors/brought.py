"""Which syncs say what the newest files hold about a record type: a delivery may lack the file it stands in."""

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import District
from imports.models import Sync
from imports.selectors.last_good import LOOKED_BACK
from records.attributes import FILE_OF, SCREEN_ORDER, RecordType

DEMOGRAPHICS = "demographics"
_AT_ONCE = 100


def files_of(sync: Sync) -> frozenset[str]:
    """The files ("users") that a sync read; none of one that never came to it."""
    return frozenset(str(file["name"]).removesuffix(".csv") for file in sync.detail.files or [])


def brings(sync: Sync, record_type: RecordType) -> bool:
    """Whether a sync read the file of a record type. Of what is not known, such as of a rollback, it is supposed."""
    files = files_of(sync)
    return not files or FILE_OF[record_type] in files


def newest_per_file(syncs: QuerySet[Sync]) -> dict[int, set[str]]:
    """Sync -> the files of which it brought its app's newest copy, among the given syncs."""
    found: dict[int, set[str]] = {}
    for app_id in syncs.order_by("app_id").values_list("app_id", flat=True).distinct():
        known: set[str] = set()
        listed = syncs.filter(app_id=app_id).order_by("-pk").values_list("pk", "detail__files")[:LOOKED_BACK]
        for sync_id, files in listed.iterator(chunk_size=_AT_ONCE):
            fresh = {str(file["name"]).removesuffix(".csv") for file in files or []} - known
            if fresh:
                found[sync_id] = fresh
            known |= fresh
            if known >= {*FILE_OF.values(), DEMOGRAPHICS}:
                break
    return found


def newest_about(district: District, syncs: QuerySet[Sync], record_type: RecordType) -> list[Sync]:
    """Of each app the newest of the syncs that read the file of a record type; of students the newest with demographics.csv too, if it came alone."""
    wanted = {FILE_OF[record_type], *([DEMOGRAPHICS] if record_type is RecordType.STUDENT else [])}
    chosen = [sync_id for sync_id, files in newest_per_file(syncs).items() if files & wanted]
    found = list(Sync.objects.of(district).filter(pk__in=chosen).select_related("app", "repeats", "detail").order_by("app_id", "pk"))
    newest = {sync.app_id: sync.pk for sync in found if FILE_OF[record_type] in files_of(sync)}
    return [sync for sync in found if sync.pk >= newest.get(sync.app_id, 0)]


def types_in(files: Collection[str]) -> list[RecordType]:
    """The record types whose rows stand in these files; of demographics.csv alone the students'."""
    return [kind for kind in SCREEN_ORDER if FILE_OF[kind] in files or (kind is RecordType.STUDENT and DEMOGRAPHICS in files)]

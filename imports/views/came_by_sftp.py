"""What the page of a sync says of files that came by SFTP: how it was started, which files were not sent, and where the others lie."""

from collections.abc import Sequence
from dataclasses import dataclass

from formats.oneroster.tables import FILE_NAMES
from imports.models import ImportApp, LandingRun, Sync, SyncDetail
from imports.states import SyncKind
from imports.views.landing_started import Started, started_by


@dataclass(frozen=True, slots=True)
class CameBySftp:
    """How a sync of an SFTP app came about.

    started: what started it; None of syncs that no run has started.
    not_sent: the roster files that it brought nothing of; their records stay as they are.
    archived_as: the folder under archive/; empty while the files are on their way there, and once the folder was cleared away.
    """

    started: Started | None
    not_sent: list[str]
    archived_as: str


def came_by_sftp(sync: Sync, detail: SyncDetail) -> CameBySftp | None:
    """Tell it of an import of an SFTP app; None of every other sync."""
    if sync.app.kind != ImportApp.Kind.SFTP or sync.kind != SyncKind.IMPORT:
        return None
    run = runs_of([sync]).get(sync.pk)
    read = {str(file["name"]).casefold() for file in detail.files}
    not_sent = [name for name in FILE_NAMES if name.casefold() not in read] if read else []
    return CameBySftp(started_by([run])[0] if run else None, not_sent, sync.delivery.archived_as)


def runs_of(syncs: Sequence[Sync]) -> dict[int, LandingRun]:
    """By sync the run that started it; one query at most. They are of one district."""
    numbers = [sync.pk for sync in syncs if sync.app.kind == ImportApp.Kind.SFTP]
    if not numbers:
        return {}
    runs = LandingRun.objects.of(syncs[0].district_id).filter(sync__in=numbers).select_related("by").order_by("-pk")
    return {run.sync_id: run for run in runs if run.sync_id}

"""Syncs as the lists of the history show them, on the page of all apps and on that of one."""

from collections.abc import Iterable
from dataclasses import dataclass

from imports.models import LandingRun, Sync
from imports.selectors.history import Relation, relations_of
from imports.views.came_by_sftp import runs_of
from imports.views.words import describe_all


@dataclass(frozen=True, slots=True)
class ListedSync:
    """A sync, one sentence on where it stands, how many records its files brought, the syncs it belongs to, and the run that started it."""

    sync: Sync
    sentence: str
    records: int
    relations: list[Relation]
    run: LandingRun | None  # of an SFTP app


def list_syncs(syncs: Iterable[Sync]) -> list[ListedSync]:
    """The syncs of one page of a list, all of one district; a fixed number of queries."""
    shown = list(syncs)
    relations, runs = relations_of(shown), runs_of(shown)
    return [
        ListedSync(each.sync, each.sentence, each.records, relations[each.sync.pk], runs.get(each.sync.pk)) for each in describe_all(shown)
    ]

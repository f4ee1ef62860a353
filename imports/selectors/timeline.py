"""Everything the syncs of a district did, or would have done, to one record: newest first.

A sync that repeats another did nothing, and simulations are no part of it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from accounts.models import District
from imports.models import Sync, SyncDetail
from imports.selectors.record_rows import RecordRows, StoredRow
from imports.states import ACCEPTED, State, SyncKind
from records.attributes import RecordType
from records.key_index import KEY

EVENTS_PER_PAGE = 25
_DECIDED_NOTHING = (State.FAILED, State.CANCELLED)
_READ = (
    "district", "app__kind", "config", "state", "kind", "undoes", "scope", "rest_of", "repeats", "artifacts", "created_at", "finished_at", "trial_document",
)  # fmt: skip
SIS_ID = "sis_id"
_RENAMED_ONLY = -1  # the position of what no row tells: the record is unchanged but for its key
_DROPPED = (State.REJECTED, State.EXPIRED, State.SUPERSEDED)


class Phase(StrEnum):
    """Whether what a sync decided came true."""

    APPLIED = "applied"
    UNDONE = "undone"  # it came true, and was rolled back
    WAITING = "waiting"  # a person or a worker has not come to it yet
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Event:
    """What one sync did to the record. undone_by: the rollback, where it was rolled back. row.key: the key it had then."""

    sync: Sync
    phase: Phase
    at: datetime
    row: StoredRow
    undone_by: int | None = None

    @property
    def is_true(self) -> bool:
        """Whether it is part of what the live roster is made of."""
        return self.phase is Phase.APPLIED


@dataclass(frozen=True, slots=True)
class Renaming:
    """A sync that gave the record another key."""

    sync: Sync
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a record's events. looked_in: how many syncs were asked. renamed: the key was given up for another one."""

    events: list[Event]
    total: int
    looked_in: int
    renamed: Renaming | None


def record_timeline(district: District, record_type: RecordType, key: str, *, offset: int = 0, limit: int = EVENTS_PER_PAGE) -> Timeline:
    """One page of what the syncs did to a record, newest first.

    Args:
        district: whose record.
        record_type: one of the nine.
        key: its SIS ID; what it was called before it was re-keyed is followed.
        offset: how many events to pass over.
        limit: how many at most.
    """
    history = History(Past(district), record_type, key)
    return Timeline(history.page(offset, limit), len(history), len(history.past.syncs), history.renamed)


def phase_of(sync: Sync) -> Phase:
    """Whether what the sync decided came true."""
    state = State(sync.state)
    if state in ACCEPTED or state is State.NO_CHANGES:  # a rollback of which nothing was left tells what it kept
        return Phase.APPLIED
    if state is State.ROLLED_BACK:
        return Phase.UNDONE
    return Phase.DROPPED if state in _DROPPED else Phase.WAITING


class Past:
    """The syncs of a district that decided something, newest first: by when they ended, those that wait on top. Their artifacts are opened once."""

    def __init__(self, district: District) -> None:
        self.district = district
        self._files: dict[int, RecordRows] = {}

    @cached_property
    def syncs(self) -> list[Sync]:
        """The syncs, with their apps."""
        decided = Sync.objects.of(self.district).filter(repeats=None).exclude(artifacts="").exclude(state__in=_DECIDED_NOTHING)
        listed = decided.select_related("app").only(*_READ)
        return sorted(listed, key=lambda sync: (sync.finished_at is None, sync.finished_at or sync.created_at, sync.pk), reverse=True)

    def files_of(self, sync: Sync) -> RecordRows:
        """The artifacts of a sync."""
        return self._files.setdefault(sync.pk, RecordRows(sync))

    @cached_property
    def renamings(self) -> dict[int, dict[str, dict[str, str]]]:
        """By sync and record type: new key -> old key of the records that it gave, or would have given, another one."""
        details = SyncDetail.objects.filter(sync__district=self.district).exclude(rekeys={})
        return dict(details.values_list("sync_id", "rekeys"))

    @cached_property
    def undone(self) -> dict[int, int]:
        """By sync that was rolled back as a whole: the newest rollback of it."""
        rollbacks = (
            Sync.objects.of(self.district).filter(kind=SyncKind.ROLLBACK, state__in=ACCEPTED, scope__isnull=True).exclude(undoes=None)
        )
        return {undone: rollback for undone, rollback in rollbacks.order_by("pk").values_list("undoes_id", "pk") if undone is not None}


class History:
    """The events of one record. They are found at once and read one by one, as they are asked for."""

    def __init__(self, past: Past, record_type: RecordType, key: str) -> None:
        self.past, self.record_type, self.key = past, record_type, key
        self.renamed: Renaming | None = None
        self._read: dict[int, Event | None] = {}
        self._found = list(self._find())

    def __len__(self) -> int:
        return len(self._found)

    def page(self, offset: int, limit: int) -> list[Event]:
        """Some of the events, newest first."""
        events = [self._event(at) for at in range(offset, min(offset + limit, len(self._found)))]
        return [event for event in events if event is not None]

    def newest(self, outcomes: Collection[str] = (), *, phases: Collection[Phase] = (), of: int | None = None) -> Event | None:
        """The newest event of these outcomes and phases (none given: of all); `of`: of this sync only."""
        for at, (sync, position, _) in enumerate(self._found):
            if (of is not None and sync.pk != of) or (phases and phase_of(sync) not in phases):
                continue
            if outcomes and self._outcome(sync, position) not in outcomes:
                continue
            if event := self._event(at):
                return event
        return None

    def is_newer(self, one: Event, other: Event) -> bool:
        """Whether an event lies nearer to the top than another."""
        order = [sync.pk for sync in self.past.syncs]
        return order.index(one.sync.pk) < order.index(other.sync.pk)

    def _outcome(self, sync: Sync, position: int) -> str:
        return self.past.files_of(sync).outcome(self.record_type, position) if position >= 0 else "updated"

    def _event(self, at: int) -> Event | None:
        if at not in self._read:
            sync, position, key = self._found[at]
            row = self._row(sync, position, key)
            moment = sync.finished_at or sync.created_at
            self._read[at] = None if row is None else Event(sync, phase_of(sync), moment, row, self.past.undone.get(sync.pk))
        return self._read[at]

    def _row(self, sync: Sync, position: int, key: str) -> StoredRow | None:
        """The row; where the sync gave the record another key, that is one of its changes, or the only one."""
        kind, old = self.record_type, self._renamed_by(sync).get(key)
        if position < 0:
            row: StoredRow | None = StoredRow(kind, key, "updated", "", 0, lambda: {KEY: key})
        else:
            row = self.past.files_of(sync).read(kind, position, key)
        if row is None or old is None or row.outcome != "updated":
            return row
        return replace(row, changes=((SIS_ID, old, key), *row.changes))

    def _renamed_by(self, sync: Sync) -> dict[str, str]:
        return self.past.renamings.get(sync.pk, {}).get(self.record_type.value, {})

    def _find(self) -> Iterator[tuple[Sync, int, str]]:
        """Sync, position of the row, and the key the record had there. On the way back it gets the keys it had before."""
        key = self.key
        for sync in self.past.syncs if "\0" not in key else ():
            renamed = self._renamed_by(sync)
            keys = [key, *(new for new, old in renamed.items() if old == key)]
            if phase_of(sync) is Phase.APPLIED:
                if len(keys) > 1 and self.renamed is None and key == self.key:
                    self.renamed = Renaming(sync, key, keys[1])
                del keys[1:]
            for one in keys:
                places = self.past.files_of(sync).positions(self.record_type, one).tolist()
                for position in places or ([_RENAMED_ONLY] if one in renamed else []):
                    yield sync, position, one
            if phase_of(sync) is Phase.APPLIED:
                key = renamed.get(key, key)

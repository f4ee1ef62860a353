"""Find a record by name, id or email among all there are: live, deleted, left out by the newest sync of an app, or met by an older sync only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet

from accounts.models import District
from imports.models import Sync
from imports.selectors.brought import newest_per_file, types_in
from imports.selectors.parquet import NOWHERE
from imports.selectors.row_files import RowFile, Wanted, flat_values
from imports.selectors.timeline import History, Past
from imports.states import State
from records.artifact_paths import SEARCHED
from records.attributes import SCREEN_ORDER, RecordType, display_name
from records.outcomes import NOT_ACCEPTED
from records.places import place_of_row
from roster.models import LIVE, Enrollment, LiveRecord
from roster.selectors.browse import browse, clean_search, enrollment_names, roster_state

HITS = 10  # of one record type in one group
LIVE_HITS = 5  # for which there are lists
LEFT_OUT = tuple(fate.word for fate in NOT_ACCEPTED)
HERE, DELETED, GONE = "live", "deleted", "gone"


@dataclass(frozen=True, slots=True)
class Hit:
    """One record: fate is live, deleted, gone, or the outcome of its row. sync, line, file: of a row that was left out. key is empty where a row has none."""

    record_type: RecordType
    key: str
    name: str
    fate: str
    sync: Sync | None = None
    line: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one fate; is_cut: there is more of some record type."""

    live: list[Hit]
    deleted: list[Hit]
    left_out: list[Hit]
    older: list[Hit]
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.live or self.deleted or self.left_out or self.older)


def find_records(district: District, text: str) -> Hits:
    """What the words name, in every record type. Enrollments are found by whole ids only; syncs before the newest are asked for a whole id."""
    search = clean_search(text)
    if not search:
        return Hits([], [], [], [], is_cut=False)
    live, deleted = list(_live(district, search)), list(_deleted(district, search))
    known = {(hit.record_type, hit.key) for hit in (*live, *deleted)}
    left_out = [hit for hit in _left_out(district, search) if (hit.record_type, hit.key) not in known or not hit.key]
    left_out = _with_fates(district, left_out)
    older = [] if live or deleted or left_out else list(_older(district, text.strip()))
    return Hits(live, deleted, left_out, older, is_cut=_is_cut(live, LIVE_HITS) or _is_cut(deleted, HITS) or _is_cut(left_out, HITS))


def _is_cut(hits: list[Hit], most: int) -> bool:
    """Whether there may be more of some record type."""
    return any(count >= most for count in Counter(hit.record_type for hit in hits).values())


def _live(district: District, search: str) -> Iterator[Hit]:
    state = roster_state(district)
    for record_type in SCREEN_ORDER:
        if state.counts.get(record_type):
            for row in browse(state, record_type, search=search, limit=LIVE_HITS).rows:
                yield Hit(record_type, row.key, row.name, HERE)


def _deleted(district: District, search: str) -> Iterator[Hit]:
    for record_type in SCREEN_ORDER:
        rows = _matching(LIVE[record_type].objects.of(district).exclude(deleted_at=None), record_type, search)
        found = list(rows.order_by("-deleted_at", "key")[:HITS])
        for row, name in zip(found, _names(district, record_type, found), strict=True):
            yield Hit(record_type, row.key, name, DELETED)


def _matching(rows: QuerySet[LiveRecord], record_type: RecordType, search: str) -> QuerySet[LiveRecord]:
    if record_type is RecordType.ENROLLMENT:  # only what an index can find: there are millions of them
        return rows.filter(Q(key=search) | Q(person_id=search) | Q(class_id=search))
    for word in search.split():
        found = Q()
        for column in SEARCHED[record_type]:
            found |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(found)
    return rows


def _names(district: District, record_type: RecordType, rows: list[LiveRecord]) -> list[str]:
    enrollments = [row for row in rows if isinstance(row, Enrollment)]
    if enrollments:
        names = enrollment_names(district, enrollments)
        return [" in ".join(names[row.key]) for row in enrollments]
    return [display_name(record_type, row.__dict__) for row in rows]


def _left_out(district: District, search: str) -> Iterator[Hit]:
    """Rows that the newest sync of each app left out, or of each file the newest sync that brought it."""
    decided = Sync.objects.of(district).exclude(artifacts="").exclude(state__in=(State.FAILED, State.CANCELLED))
    newest = newest_per_file(decided)
    for sync in Sync.objects.of(district).filter(pk__in=newest).select_related("app").order_by("-pk"):
        for record_type in types_in(newest[sync.pk]):
            rows = RowFile.rows(sync, record_type)
            found = rows.find(Wanted(record_type, words=tuple(search.split())), LEFT_OUT)[:HITS] if rows is not None else NOWHERE
            for row in rows.read(found) if rows is not None else ():
                name = display_name(record_type, flat_values(row))
                file, line = place_of_row(record_type, int(str(row["line"])))
                yield Hit(record_type, str(row["key"]), name, str(row["outcome"]), sync, line, file)


def _with_fates(district: District, hits: list[Hit]) -> list[Hit]:
    """Rows whose record is live all the same, or deleted, say so."""
    fates: dict[tuple[RecordType, str], str] = {}
    for record_type in {hit.record_type for hit in hits}:
        keys = [hit.key for hit in hits if hit.record_type is record_type and hit.key]
        for key, gone in LIVE[record_type].objects.of(district).filter(key__in=keys).values_list("key", "deleted_at"):
            fates[record_type, key] = HERE if gone is None else DELETED
    return [replace(hit, fate=fates.get((hit.record_type, hit.key), hit.fate)) for hit in hits]


def _older(district: District, key: str) -> Iterator[Hit]:
    """Records of that very id that only older syncs know."""
    past = Past(district)
    for record_type in SCREEN_ORDER:
        event = History(past, record_type, key).newest()
        if event is not None:
            yield Hit(record_type, key, event.row.name, GONE)

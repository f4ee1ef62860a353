"""Data Sync History: the syncs of a district by app, state and kind, how many each choice would find, and which syncs belong together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import District
from imports.models import Sync, Transition
from imports.states import ACCEPTED, WAITING, WORKING, State, SyncKind

# The states as the list groups them; simulations are no part of it.
STATE_GROUPS: dict[str, frozenset[State]] = {
    "waiting": WAITING,
    "working": WORKING,
    "applied": ACCEPTED,
    "rolled_back": frozenset({State.ROLLED_BACK}),
    "unchanged": frozenset({State.NO_CHANGES}),
    "not_applied": frozenset({State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.CANCELLED}),
    "failed": frozenset({State.FAILED}),
}
_UNDONE = {"created": "brought back", "updated": "set back", "deleted": "removed"}  # what a rollback does, as its records see it
_SUPERSEDED_BY = re.compile(r"superseded by sync (\d{1,18})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which syncs: of these apps (kinds of apps; none: of all), of this group of states and of this kind (empty: of all)."""

    apps: frozenset[str] = frozenset()
    group: str = ""
    kind: str = ""

    def meets(self, app: str, state: str, kind: str) -> bool:
        """Whether a sync of this app, state and kind is wanted."""
        return (
            (not self.apps or app in self.apps)
            and (not self.group or state in STATE_GROUPS[self.group])
            and (not self.kind or kind == self.kind)
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many syncs of a district there are of each app, state and kind; one query, from which every number of the filters is told."""

    numbers: Mapping[tuple[str, str, str], int]

    @classmethod
    def of(cls, district: District) -> "Tally":
        """Count the syncs of a district."""
        rows = Sync.objects.of(district).order_by().values_list("app__kind", "state", "kind").annotate(found=Count("pk"))
        return cls({(app, state, kind): found for app, state, kind, found in rows})

    def count(self, wanted: Wanted) -> int:
        """How many syncs are wanted."""
        return sum(found for place, found in self.numbers.items() if wanted.meets(*place))

    @property
    def kinds(self) -> list[SyncKind]:
        """The kinds of syncs that there are, in the order in which they are declared."""
        there = {kind for _, _, kind in self.numbers}
        return [kind for kind in SyncKind if kind in there]

    @property
    def groups(self) -> list[str]:
        """The groups of states that there are any syncs of."""
        there = {state for _, state, _ in self.numbers}
        return [name for name, states in STATE_GROUPS.items() if there & states]


def find_syncs(district: District, wanted: Wanted) -> QuerySet[Sync]:
    """The wanted syncs, newest on top, with what a list shows of them and without their documents."""
    syncs = (
        Sync.objects.of(district)
        .select_related("app", "created_by", "config", "district", "delivery")
        .defer("config__document", "trial_document")
    )
    if wanted.apps:
        syncs = syncs.filter(app__kind__in=wanted.apps)
    if wanted.group:
        syncs = syncs.filter(state__in=STATE_GROUPS[wanted.group])
    if wanted.kind:
        syncs = syncs.filter(kind=wanted.kind)
    return syncs.order_by("-created_at", "-pk")


# --- what is said of syncs that are no imports ---------------------------------------------------------------------------


def found_nothing(sync: Sync) -> bool:
    """Whether it is a run for which no new files had arrived: no worker ever had it."""
    return sync.state == State.NO_CHANGES and sync.started_at is None and sync.delivery.is_empty


def told_by_kind(sync: Sync, moved: Mapping[str, int]) -> str:
    """What became of a rollback, of a rest of which nothing was left, or of a run that found no files; empty where the words for imports are right.

    Args:
        sync: of any kind.
        moved: the records that it created, updated and deleted.
    """
    if found_nothing(sync):
        return "No new files had arrived, so there was nothing to change."
    if sync.state == State.NO_CHANGES and sync.kind != SyncKind.IMPORT:
        return "There was nothing left to roll back." if sync.kind == SyncKind.ROLLBACK else "Nothing was left of what had been held back."
    if sync.kind != SyncKind.ROLLBACK or State(sync.state) not in {*ACCEPTED, State.ROLLED_BACK}:
        return ""
    words = [f"{moved[name]:,} {done}" for name, done in _UNDONE.items() if moved.get(name)]
    said = " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or "nothing had to be changed"
    return f"Rolled back: {said}.{' It was itself rolled back later.' if sync.state == State.ROLLED_BACK else ''}"


# --- syncs that belong together ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relation:
    """How a sync is bound to another one: "Rolls back" sync 7, and what follows its number."""

    words: str
    sync_id: int
    after: str = ""


def relations_of(syncs: Sequence[Sync]) -> dict[int, list[Relation]]:
    """Per sync the others it belongs to; in two queries for all of them. They are of one district."""
    if not syncs:
        return {}
    found = {sync.pk: _backward(sync) for sync in syncs}
    state_of = {sync.pk: State(sync.state) for sync in syncs}
    numbers = list(found)
    followers = Sync.objects.of(syncs[0].district_id).filter(Q(undoes__in=numbers) | Q(rest_of__in=numbers)).order_by("pk")
    for follower in followers.only("state", "kind", "scope", "undoes_id", "rest_of_id"):
        if follower.undoes_id in found and (relation := _undone_by(follower, state_of[follower.undoes_id])):
            found[follower.undoes_id].append(relation)
        if follower.rest_of_id in found:
            found[follower.rest_of_id].append(Relation("What was held back of it is", follower.pk, f", {_said(follower)}"))
    for sync_id, newer in _superseding([number for number, state in state_of.items() if state is State.SUPERSEDED]):
        found[sync_id].append(Relation("Superseded by", newer))
    return found


def _backward(sync: Sync) -> list[Relation]:
    """What the sync itself names."""
    relations = []
    if sync.undoes_id:
        relations.append(Relation("Rolls back" if sync.scope is None else "Rolls back a part of", sync.undoes_id))
    if sync.rest_of_id:
        relations.append(Relation("Rest of", sync.rest_of_id))
    if sync.repeats_id:
        relations.append(Relation("The same as", sync.repeats_id))
    return relations


def _undone_by(rollback: Sync, state: State) -> Relation | None:
    """How a rollback concerns the sync that it is about, which is in this state; not at all where it came to nothing or was undone itself."""
    stands = State(rollback.state)
    if stands in WAITING | WORKING:
        return Relation(
            "Its rollback is" if rollback.scope is None else "The rollback of a part of it is", rollback.pk, f", {_said(rollback)}"
        )
    if stands not in ACCEPTED:
        return None
    if rollback.scope is not None:
        return Relation("Partly rolled back by", rollback.pk)
    return Relation("Rolled back by", rollback.pk) if state is State.ROLLED_BACK else None


def _said(sync: Sync) -> str:
    return sync.get_state_display().lower()


def _superseding(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Of superseded syncs the one that took their place, where the move says so."""
    if not (wanted := list(numbers)):
        return []
    moves = Transition.objects.filter(sync__in=wanted, to_state=State.SUPERSEDED).values_list("sync_id", "reason")
    return [(sync_id, int(told[1])) for sync_id, reason in moves if (told := _SUPERSEDED_BY.search(reason))]

"""Sentences about a sync: what became of it, what it waits for, how far it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma

from imports.models import Sync, SyncDetail
from imports.progress import current_progress
from imports.selectors.history import told_by_kind
from imports.selectors.rollover import suspended_words, waits_until, workable
from imports.states import HoldKind, State
from records.outcomes import NOT_ACCEPTED

Counts = Mapping[str, Mapping[str, int]]

HOLD_WORDS = {
    HoldKind.PREVIEW: "Preview Mode is enabled, so a person looks at every sync before it is applied.",
    HoldKind.THRESHOLD: "More records would change or disappear than the limits allow.",
    HoldKind.EMPTY_FILE: "A file came without rows although live records came from that kind of file before.",
}
_ENDED = {
    State.REJECTED: "Rejected. Nothing was changed.",
    State.EXPIRED: "Nobody decided in time, so it counts as rejected. Nothing was changed.",
    State.SUPERSEDED: "A newer delivery took its place. Nothing was changed.",
    State.CANCELLED: "Cancelled. Nothing was changed.",
    State.NO_CHANGES: "The files are the same as last time, so there was nothing to change.",
    State.ROLLED_BACK: "It was applied and later rolled back.",
    State.SIMULATED: "Simulated. Nothing was changed.",
}
_WOULD = {
    State.NEEDS_SCHOOL_MAPPING: "Would need school mapping",
    State.HELD: "Would be held",
    State.COMPLETED: "Would be completed",
    State.COMPLETED_WITH_ISSUES: "Would be completed with issues",
    State.NO_CHANGES: "Would change nothing",
}


def count_words(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 row, 4,210 rows."""
    return f"{intcomma(count)} {one if count == 1 else many or one + 's'}"


def would_words(sync: Sync) -> str:
    """How the import would have ended that was simulated; empty while that is not known."""
    return _WOULD.get(State(sync.would_end), "") if sync.would_end else ""


@dataclass(frozen=True, slots=True)
class DescribedSync:
    """A sync in a list: one sentence on where it stands, and how many records its files brought."""

    sync: Sync
    sentence: str
    records: int


def describe_all(syncs: Iterable[Sync]) -> list[DescribedSync]:
    """The syncs of a list with their sentences; one query for the counts of all of them."""
    listed = list(syncs)
    counts = dict(SyncDetail.objects.filter(sync__in=listed).values_list("sync_id", "counts"))
    return [DescribedSync(sync, describe(sync, counts.get(sync.pk, {})), _records(counts.get(sync.pk, {}))) for sync in listed]


def describe(sync: Sync, counts: Counts) -> str:
    """One sentence on where a sync stands."""
    state = State(sync.state)
    if told := told_by_kind(sync, {name: _sum(counts, name) for name in ("created", "updated", "deleted")}):
        return told
    if state in _ENDED:
        return _ENDED[state]
    if state is State.FAILED:
        return sync.failure or "It failed before anything was changed."
    if state is State.HELD:
        return (
            sync.hold_detail or HOLD_WORDS.get(HoldKind(sync.hold_kind), "It waits for a decision.")
            if sync.hold_kind
            else "It waits for a decision."
        )
    if state is State.NEEDS_SCHOOL_MAPPING:
        return "It waits for its schools to be mapped, and then goes on with the same files."
    if state is State.QUEUED:
        return f"It waits. {suspended_words(until, sync.district)}." if (until := waits_until(sync)) else "It waits for a worker."
    if state in (State.RUNNING, State.APPLYING):
        return f"It is being worked on: {sync.stage or 'starting'}."
    return _imported(sync, counts)


def _records(counts: Counts) -> int:
    return _sum(counts, "in_file")


def _sum(counts: Counts, name: str) -> int:
    return sum(int(count.get(name, 0)) for count in counts.values())


def _imported(sync: Sync, counts: Counts) -> str:
    """Completed: rows taken over and rows left out."""
    in_file = _records(counts)
    left_out = sum(int(count.get(fate.word, 0)) for count in counts.values() for fate in NOT_ACCEPTED)
    sentence = f"Imported {intcomma(in_file - left_out)} of {count_words(in_file, 'row')}"
    parts = [f"{intcomma(left_out)} {'was' if left_out == 1 else 'were'} left out"] if left_out else []
    if sync.issue_count:
        parts.append(f"{intcomma(sync.issue_count)} {'needs' if sync.issue_count == 1 else 'need'} attention")
    sentence = "; ".join(filter(None, [sentence, ", ".join(parts)]))
    return f"{sentence}."


def queue_sentence(sync: Sync) -> str:
    """What a queued sync waits for: the end of a suspension, the one that its district is working on, or a free worker."""
    if until := waits_until(sync):
        return f"{suspended_words(until, sync.district)}. It goes on by itself after that."
    others = Sync.objects.all_of(sync.district_id).filter(state__in=[State.RUNNING, State.APPLYING, State.QUEUED], pk__lt=sync.pk)
    ahead = workable(others).order_by("pk").values_list("pk", flat=True)
    waiting = list(ahead[:100])
    if not waiting:
        return "It starts as soon as a worker is free."
    if len(waiting) == 1:
        return f"It is next: it waits for sync #{waiting[0]} of this district to end."
    return f"It is number {len(waiting)} in the queue, behind sync #{waiting[0]} of this district."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a working sync is, from its own counters. `percent` and what follows are None while there is nothing to tell."""

    stage: str
    rows_done: int
    rows_total: int
    percent: int | None
    rows_per_second: int | None
    seconds_left: int | None

    @property
    def time_left(self) -> str:
        """The time left in words."""
        if self.seconds_left is None:
            return ""
        if self.seconds_left < 60:
            return f"about {count_words(max(self.seconds_left, 1), 'second')}"
        return f"about {count_words(round(self.seconds_left / 60), 'minute')}"


def progress_of(sync: Sync) -> Progress:
    """Read the counters that the worker publishes."""
    told = current_progress(sync)
    done, total = int(told["rows_done"]), int(told["rows_total"])
    speed, left = told["rows_per_second"], told["seconds_left"]
    return Progress(
        stage=str(told["stage"]),
        rows_done=done,
        rows_total=total,
        percent=min(100 * done // total, 100) if total else None,
        rows_per_second=None if speed is None else round(speed),
        seconds_left=None if left is None else round(left),
    )

"""What a rollover holds back: which syncs wait and until when, whether deletions are kept, and how the screens say so.

Source: docs/decisions/0017-data-rollover.md
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import District
from accounts.times import say_moment
from imports.models import Rollover, Sync
from imports.sentences import Problem
from imports.states import State, SyncKind

SUSPEND, KEEP = "Suspend data import", "Disable data deletion"  # the switches, as they are called on the screen
WHERE = "Administration, Data Rollover"
BOUND = (SyncKind.IMPORT, SyncKind.REST)  # a rollback undoes what a person looked at, and goes on
WITHOUT_DELETIONS = f"{KEEP} was switched on since the difference was made; it is worked out anew without deletions."


def rollover_of(district: District | int) -> Rollover:
    """The rollover of a district; one that holds nothing back where none was ever saved."""
    return Rollover.objects.of(district).first() or Rollover(district_id=district if isinstance(district, int) else district.pk)


def is_suspended(rollover: Rollover, now: datetime) -> bool:
    """Whether imports are held back at that moment: from the start on, and no more at the end."""
    return (
        rollover.suspends_from is not None
        and rollover.suspends_until is not None
        and rollover.suspends_from <= now < rollover.suspends_until
    )


def is_planned(rollover: Rollover, now: datetime) -> bool:
    """Whether a period is still to come."""
    return rollover.suspends_from is not None and rollover.suspends_from > now


def is_bound(sync: Sync) -> bool:
    """Whether a rollover concerns the sync at all: simulations change nothing, and rollbacks are looked at by a person."""
    return not sync.is_simulation and SyncKind(sync.kind) in BOUND


def suspended_until(district: District | int) -> datetime | None:
    """When imports of the district go on; None where they are not suspended now."""
    rollover = rollover_of(district)
    return rollover.suspends_until if is_suspended(rollover, timezone.now()) else None


def waits_until(sync: Sync) -> datetime | None:
    """Until when a suspension keeps the sync from being worked and applied; None where it does not."""
    return suspended_until(sync.district_id) if sync.pk and is_bound(sync) else None


def workable(syncs: QuerySet[Sync]) -> QuerySet[Sync]:
    """The syncs without those that are queued and that no worker may have now: the imports of districts in which imports are suspended."""
    now = timezone.now()
    suspended = Rollover.unscoped.filter(suspends_from__lte=now, suspends_until__gt=now).values("district")
    return syncs.exclude(Q(district__in=suspended) & Q(kind__in=BOUND, is_simulation=False, state=State.QUEUED))


def deletion_is_disabled(district: District | int) -> bool:
    """Whether imports of the district keep what they would delete."""
    return rollover_of(district).disables_deletion


def keeps_all(sync: Sync) -> bool:
    """Whether the sync keeps what it would delete. A rehearsal is about what goes, so it is not bound; a rollback undoes an import with its values."""
    return sync.kind in BOUND and not sync.is_rehearsal and deletion_is_disabled(sync.district_id)


def deletion_changed_since(sync: Sync) -> bool:
    """Whether deletion was disabled or enabled again since the sync was begun, or it is not known when it was."""
    changed = rollover_of(sync.district_id).deletion_changed_at
    return changed is not None and (sync.started_at is None or sync.started_at <= changed)


def waiting_syncs(district: District) -> int:
    """How many queued syncs wait for the end of a suspension."""
    queued = Sync.objects.all_of(district).filter(state=State.QUEUED)
    return queued.count() - workable(queued).count()


# --- words ------------------------------------------------------------------------------------------------------------


def suspended_words(until: datetime, district: District) -> str:
    """That imports are suspended and until when, in a sentence without its full stop."""
    return f"Data import is suspended until {say_moment(until, district)}"


def suspended_problem(until: datetime, district: District) -> Problem:
    """Why nothing is taken in now, and what to do."""
    return Problem(
        code="import-suspended", title="Data import is suspended",
        message=f"{suspended_words(until, district)}, so nothing was taken in and nothing was changed.",
        fix=f"Send the files again after that. An owner can end it earlier under {WHERE}.", file="",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip that says what is held back; `icon` is one of the portal's."""

    tone: str
    icon: str
    text: str


def strips_of(district: District) -> list[Strip]:
    """What a district holds back now or soon, in at most two strips; where both overlap, the suspension comes first."""
    rollover, now = rollover_of(district), timezone.now()
    strips = []
    if rollover.suspends_until and is_suspended(rollover, now):
        strips.append(
            Strip(
                "wait",
                "stopped",
                f"{suspended_words(rollover.suspends_until, district)}. Uploads and runs are refused and queued syncs wait; simulations, rollbacks and all "
                "settings go on. Imports resume by themselves.",
            )
        )
    elif rollover.suspends_from and rollover.suspends_until and is_planned(rollover, now):
        period = f"from {say_moment(rollover.suspends_from, district)} to {say_moment(rollover.suspends_until, district)}"
        strips.append(Strip("info", "queued", f"Data import will be suspended {period}."))
    if rollover.disables_deletion:
        strips.append(Strip("info", "kept", "Data deletion is disabled: what the files leave out is kept, until an owner switches it off."))
    return strips

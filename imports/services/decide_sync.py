"""What a person decides about a sync: cancel it, approve it, reject it."""

from functools import partial

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.models import Sync
from imports.selectors.part_words import part_words
from imports.selectors.rollover import WHERE, suspended_words, waits_until
from imports.services.hold_sync import APPROVED
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import CANCELLABLE, State, SyncKind
from records.part import Part


class DecisionRefused(Exception):
    """The decision cannot be carried out; the message says why."""


def _locked(sync: Sync) -> Sync:
    return Sync.objects.all_of(sync.district_id).select_for_update().get(pk=sync.pk)


def cancel_sync(*, sync: Sync, by: User | None, reason: str = "") -> None:
    """Cancel before apply: at once where no worker has the sync, else at the worker's next step.

    Raises:
        DecisionRefused: it is too late. This is said at once, without waiting for the apply, which has the sync's row locked.
    """
    _check_cancellable(Sync.objects.all_of(sync.district_id).get(pk=sync.pk))
    with transaction.atomic():
        _cancel(_locked(sync), by, reason)


def _check_cancellable(sync: Sync) -> None:
    if State(sync.state) not in CANCELLABLE:
        raise DecisionRefused(f"{sync.noun} {sync.pk} is {sync.get_state_display().lower()} and cannot be cancelled any more.")


def _cancel(locked: Sync, by: User | None, reason: str) -> None:
    _check_cancellable(locked)
    if locked.state == State.RUNNING:
        locked.cancel_requested = True
        locked.save(update_fields=["cancel_requested"])
    else:
        set_state(locked, State.CANCELLED, by=by, reason=reason)
    record_event(district=locked.district, action="sync.cancelled", by=by, target=f"sync {locked.pk}", reason=reason)


def _check_held(sync: Sync, decision: str) -> None:
    if sync.is_simulation:
        raise DecisionRefused(
            f"Simulation {sync.pk} changes nothing, so there is nothing to be {decision}. Save the configuration and import the files."
        )
    if sync.state != State.HELD:
        raise DecisionRefused(f"Sync {sync.pk} is {sync.get_state_display().lower()}; only a held sync can be {decision}.")


def check_not_suspended(sync: Sync, decision: str) -> None:
    """Refuse what would have to be worked or applied while imports are suspended; it may be rejected all the same.

    Raises:
        DecisionRefused: they are, and the sync is an import.
    """
    if until := waits_until(sync):
        raise DecisionRefused(
            f"{suspended_words(until, sync.district)}, so sync {sync.pk} cannot be {decision} before. It stays held and nothing was changed. "
            f"An owner can end it earlier under {WHERE}."
        )


@transaction.atomic
def approve_sync(*, sync: Sync, by: User | None, reason: str = "", shown: int | None = None, wake: bool = True) -> None:
    """Let a held sync be applied, exactly as shown; if the live roster has changed meanwhile the difference is shown anew instead.

    Args:
        sync: the sync. by: who approves it; None: the command line. reason: kept with the decision. wake: whether a worker is told.
        shown: the attempt whose difference the person looked at, where they look at a page; None: the one that is held now.

    Raises:
        DecisionRefused: it is not held, imports are suspended, two people must have a hand in it and this one started it, or the difference
            was worked out anew since it was looked at.
    """
    locked = _locked(sync)
    _check_held(locked, "approved")
    if shown is not None and shown != locked.attempt:
        raise DecisionRefused(
            f"The difference of sync {sync.pk} was worked out anew since you opened the page, so it is not approved. Nothing was changed; "
            "please look at it as it is now."
        )
    check_not_suspended(locked, "approved")
    _check_second_person(locked, by)
    locked.approved = True
    locked.save(update_fields=["approved"])
    set_state(locked, State.QUEUED, by=by, reason=f"{APPROVED} {reason}".strip())
    record_event(district=locked.district, action="sync.approved", by=by, target=f"sync {sync.pk}", reason=reason)
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))


def must_be_another(sync: Sync, by: User | None) -> bool:
    """Whether this person may not approve the sync, because two people must have a hand in it and this one started it."""
    return sync.district.two_person_approval and by is not None and sync.created_by_id == by.pk


def _check_second_person(sync: Sync, by: User | None) -> None:
    if must_be_another(sync, by):
        raise DecisionRefused(
            f"You started sync {sync.pk}, and this district asks for two people: another owner or approver must approve it. Nothing was changed."
        )


@transaction.atomic
def limit_sync(*, sync: Sync, part: Part, by: User | None, reason: str = "", wake: bool = True) -> None:
    """Limit a held import to a part of what it would change; everything lifts the limits.

    It is worked out anew and shown again. Once the part was approved and applied, what is left waits as a sync of its own.

    Raises:
        DecisionRefused: it is not held, imports are suspended, or it is a rollback.
    """
    locked = _locked(sync)
    _check_held(locked, "limited")
    check_not_suspended(locked, "limited")
    if locked.kind == SyncKind.ROLLBACK:
        raise DecisionRefused("A rollback cannot be limited once it is worked out. Reject it, and roll back the part you want.")
    locked.scope = None if part.is_everything else part.to_json()
    locked.save(update_fields=["scope"])
    words = (
        "All changes are shown again."
        if part.is_everything
        else f"Limited to {part_words(part, locked.district)}; the rest will wait as a sync of its own."
    )
    set_state(locked, State.QUEUED, by=by, reason=f"{words} {reason}".strip())
    record_event(district=locked.district, action="sync.limited", by=by, target=f"sync {sync.pk}", reason=reason, scope=locked.scope or {})
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))


@transaction.atomic
def reject_sync(*, sync: Sync, by: User | None, reason: str = "") -> None:
    """Put a held sync aside; the live roster stays as it is."""
    locked = _locked(sync)
    _check_held(locked, "rejected")
    set_state(locked, State.REJECTED, by=by, reason=reason)
    record_event(district=locked.district, action="sync.rejected", by=by, target=f"sync {sync.pk}", reason=reason)

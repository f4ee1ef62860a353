"""What a person decides about a sync: cancel it, approve it, reject it."""

from functools import partial

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.models import Sync
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import CANCELLABLE, State


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


@transaction.atomic
def approve_sync(*, sync: Sync, by: User | None, reason: str = "", wake: bool = True) -> None:
    """Let a held sync be applied, exactly as shown; if the live roster has changed meanwhile the difference is shown anew instead."""
    locked = _locked(sync)
    _check_held(locked, "approved")
    locked.approved = True
    locked.save(update_fields=["approved"])
    set_state(locked, State.QUEUED, by=by, reason=f"Approved. {reason}".strip())
    record_event(district=locked.district, action="sync.approved", by=by, target=f"sync {sync.pk}", reason=reason)
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))


@transaction.atomic
def reject_sync(*, sync: Sync, by: User | None, reason: str = "") -> None:
    """Put a held sync aside; the live roster stays as it is."""
    locked = _locked(sync)
    _check_held(locked, "rejected")
    set_state(locked, State.REJECTED, by=by, reason=reason)
    record_event(district=locked.district, action="sync.rejected", by=by, target=f"sync {sync.pk}", reason=reason)

"""The one place that moves a sync from state to state."""

from django.utils import timezone

from accounts.models import User
from imports.models import Sync, Transition
from imports.states import CLAIMED, FINAL, TRANSITIONS, State


class TransitionRefused(Exception):
    """The sync cannot move to that state from where it is."""


def set_state(sync: Sync, to: State, *, by: User | None = None, reason: str = "") -> None:
    """Move a locked (or freshly claimed) sync and record who, when, why; the caller's transaction must save its other fields itself.

    Raises:
        TransitionRefused: the table of moves does not have this one.
    """
    now, come_from = timezone.now(), State(sync.state)
    if to not in TRANSITIONS[come_from]:
        raise TransitionRefused(f"A sync that is {come_from.label.lower()} cannot become {to.label.lower()}.")
    sync.state = to
    fields = ["state"]
    if to not in CLAIMED:
        sync.lease_until, sync.stage = None, ""
        fields += ["lease_until", "stage"]
    if to in FINAL and sync.finished_at is None:
        sync.finished_at = now
        fields.append("finished_at")
    sync.save(update_fields=fields)
    Transition.objects.create(sync=sync, from_state=come_from, to_state=to, by=by, reason=reason)

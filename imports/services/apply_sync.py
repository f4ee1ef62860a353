"""Apply a change set: one transaction in which the live roster, the issues, the counts and the sync's state change together, or nothing does."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import record_event
from dataquality.services.record_issues import record_issues
from imports.models import Sync
from imports.selectors.last_good import FILES
from imports.selectors.rollover import WITHOUT_DELETIONS, keeps_all, suspended_words, waits_until
from imports.selectors.sent import what_was_sent
from imports.services.claim import lock_claimed
from imports.services.rest import start_rest
from imports.services.rollback import finish_rollback
from imports.services.set_state import set_state
from imports.services.tell import tell_completed
from imports.states import State, SyncKind
from roster.models import RosterState
from roster.services.apply_changes import apply_changes, settle
from roster.services.rekey import rekey_live
from roster.services.save_organizations import save_organizations

ROSTER_MOVED = "The live roster has changed since the difference was made; it is worked out anew."


class NotNow(Exception):
    """The change set may not be applied now. `reason` says why in words; `is_still_right`: it may be later, as it is and as it was approved."""

    def __init__(self, reason: str, *, is_still_right: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_still_right = reason, is_still_right


class RosterMoved(NotNow):
    """The live roster is not the one the difference was made against: it must be worked out anew."""


def apply_sync(sync: Sync, folder: Path, progress: Callable[[str, int], None] = lambda *_: None) -> None:
    """Apply the change set in the folder.

    Raises:
        ClaimLost: another worker has the sync, or it was cancelled; nothing was written.
        NotNow: the live roster has changed since (RosterMoved), or a rollover holds it back; nothing was written.
    """
    with transaction.atomic():
        locked = lock_claimed(sync)
        _check_base(locked)
        _check_rollover(locked)
        set_state(locked, State.APPLYING)
    sync.state = State.APPLYING
    with transaction.atomic():
        locked = lock_claimed(sync)  # to the end: nobody can take the sync away while it is applied
        state = _check_base(locked)
        _check_rollover(locked)
        now = timezone.now()
        rekey_live(district=locked.district, rekeys=locked.detail.rekeys)
        written = apply_changes(district=locked.district, sync_id=locked.pk, folder=folder, now=now, progress=progress)
        if locked.kind == SyncKind.ROLLBACK:
            finish_rollback(locked, state, folder, now)
        else:
            _finish_import(locked, state, folder, now)
        locked.applied_version = state.version
        locked.save(update_fields=["applied_version"])
        record_event(district=locked.district, action="sync.applied", by=None, target=f"sync {locked.pk}", rows=written)
        set_state(locked, accepted_state(locked))
        tell_completed(locked)
        if locked.scope is not None and locked.kind != SyncKind.ROLLBACK:
            start_rest(locked)
    sync.state = locked.state


def _finish_import(locked: Sync, state: RosterState, folder: Path, now: datetime) -> None:
    """Organizations, issues and counts, as the delivery says."""
    detail, sent = locked.detail, what_was_sent(locked)
    save_organizations(
        district=locked.district,
        folder=folder,
        others=json.loads((folder / "organizations.json").read_text(encoding="utf-8")),
        names=locked.document["schools"].get("new_names", {}),
    )
    is_whole = all(sent.is_whole(file) for file in FILES)
    record_issues(
        district=locked.district, app=locked.app.kind, sync_id=locked.pk, folder=folder, now=now, sent=None if is_whole else sent
    )  # fmt: skip
    settle(state, counts=detail.counts, by_school=detail.by_school if is_whole and locked.scope is None else None)


def accepted_state(sync: Sync) -> State:
    """The state of a sync that was applied."""
    return State.COMPLETED_WITH_ISSUES if sync.issue_count or sync.error_count else State.COMPLETED


def _check_base(sync: Sync) -> RosterState:
    """The district's roster, locked, if it is still the one the difference was made against."""
    state = RosterState.objects.of(sync.district_id).select_for_update().get()
    if state.version != sync.base_version:
        raise RosterMoved(ROSTER_MOVED)
    return state


def _check_rollover(sync: Sync) -> None:
    """Nothing is imported while imports are suspended, and nothing deleted while deletion is disabled, whenever the sync was worked out or approved."""
    if until := waits_until(sync):
        raise NotNow(f"{suspended_words(until, sync.district)}.", is_still_right=True)
    if keeps_all(sync) and any(count["deleted"] for count in sync.detail.counts.values()):
        raise NotNow(WITHOUT_DELETIONS)

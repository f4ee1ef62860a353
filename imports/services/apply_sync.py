"""Apply a change set: one transaction in which the live roster, the issues, the counts and the sync's state change together, or nothing does."""

import json
from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.services.audit import record_event
from dataquality.services.record_issues import record_issues
from imports.models import Sync
from imports.services.claim import lock_claimed
from imports.services.set_state import set_state
from imports.states import State
from records.attributes import FILE_OF, RecordType
from roster.models import RosterState
from roster.services.apply_changes import apply_changes, settle
from roster.services.save_organizations import save_organizations


class RosterMoved(Exception):
    """The live roster is not the one the difference was made against: it must be worked out anew."""


def apply_sync(sync: Sync, folder: Path, progress: Callable[[str, int], None] = lambda *_: None) -> None:
    """Apply the change set in the folder.

    Raises:
        ClaimLost: another worker has the sync, or it was cancelled; nothing was written.
        RosterMoved: the live roster has changed since; nothing was written.
    """
    with transaction.atomic():
        locked = lock_claimed(sync)
        _check_base(locked)
        set_state(locked, State.APPLYING)
    sync.state = State.APPLYING
    with transaction.atomic():
        locked = lock_claimed(sync)  # to the end: nobody can take the sync away while it is applied
        state = _check_base(locked)
        now, detail = timezone.now(), locked.detail
        deltas = {file["name"].removesuffix(".csv") for file in detail.files if file["mode"] == "delta"}
        written = apply_changes(district=locked.district, sync_id=locked.pk, folder=folder, now=now, progress=progress)
        save_organizations(
            district=locked.district,
            folder=folder,
            others=json.loads((folder / "organizations.json").read_text(encoding="utf-8")),
            names=locked.document["schools"].get("new_names", {}),
        )
        partial = {kind.value for kind in RecordType if FILE_OF[kind] in deltas}
        record_issues(district=locked.district, app=locked.app.kind, sync_id=locked.pk, folder=folder, now=now, partial=partial)
        settle(state, counts=detail.counts, by_school=None if deltas else detail.by_school)
        record_event(district=locked.district, action="sync.applied", by=None, target=f"sync {locked.pk}", rows=written)
        set_state(locked, accepted_state(locked))
    sync.state = locked.state


def accepted_state(sync: Sync) -> State:
    """The state of a sync that was applied."""
    return State.COMPLETED_WITH_ISSUES if sync.issue_count or sync.error_count else State.COMPLETED


def _check_base(sync: Sync) -> RosterState:
    """The district's roster, locked, if it is still the one the difference was made against."""
    state = RosterState.objects.of(sync.district_id).select_for_update().get()
    if state.version != sync.base_version:
        raise RosterMoved(f"sync {sync.pk}: version {state.version}, not {sync.base_version}")
    return state

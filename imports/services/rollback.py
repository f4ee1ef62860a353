"""Roll a completed sync back, or a part of it: begin it as a sync of its own, and what is done when it is applied.

Source: rollback; docs/decisions/0020-rollback.md
"""

from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from dataquality.services.record_issues import Sent, record_issues
from imports.files import local_artifacts
from imports.models import Sync, SyncDetail, Transition
from imports.selectors.last_good import FILES, copies_in
from imports.selectors.sent import what_was_sent
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import ACCEPTED, WAITING, WORKING, State, SyncKind
from imports.steps.difference import BULK
from records.part import Part
from roster.models import RosterState
from roster.services.apply_changes import settle

UNDECIDED = (State.QUEUED, State.HELD)  # a rest that is not applied yet


class RollbackRefused(Exception):
    """The sync cannot be rolled back; the message says why."""


def why_not(sync: Sync, part: Part | None = None) -> str:
    """Why the sync, or this part of it, cannot be rolled back; empty where it can. Bringing back deleted records is possible as long as they are kept."""
    if sync.is_simulation:
        return f"Simulation {sync.pk} changed nothing, so there is nothing to undo."
    if sync.delivery.is_empty:
        return f"No new files had arrived for sync {sync.pk}, so it changed nothing and there is nothing to undo."
    if sync.state == State.ROLLED_BACK:
        return f"Sync {sync.pk} was rolled back already."
    if State(sync.state) not in ACCEPTED:
        return f"Sync {sync.pk} is {sync.get_state_display().lower()}; only a completed sync can be rolled back."
    if not sync.artifacts:
        return f"Sync {sync.pk} has no stored change set, so there is nothing to undo it by."
    if part is not None and part.is_restore:
        return ""
    if sync.pk not in rollback_range(sync.district_id):
        return f"Sync {sync.pk} is not among the last {settings.PORTAL_ROLLBACK_SYNCS} completed syncs any more."
    return ""


def rollback_range(district_id: int) -> list[int]:
    """The syncs that can be rolled back, newest first."""
    done = Sync.objects.of(district_id).filter(state__in=ACCEPTED).exclude(artifacts="").order_by("-pk")
    return list(done.values_list("pk", flat=True)[: settings.PORTAL_ROLLBACK_SYNCS])


def pending_rollback(sync: Sync, scope: dict[str, object] | None = None) -> Sync | None:
    """The rollback of the sync, of the same part, that is in work or waits."""
    same = Sync.objects.of(sync.district_id).filter(undoes=sync, state__in=WORKING | WAITING)
    return next((one for one in same if one.scope == scope), None)


@transaction.atomic
def start_rollback(*, sync: Sync, by: User | None, part: Part | None = None, reason: str = "", wake: bool = True) -> Sync:
    """Queue the rollback of a completed sync, or of a part of it; the live roster stays until a person has approved it.

    One that is in work or waits already is returned instead of another.

    Raises:
        RollbackRefused: it cannot be rolled back; nothing is queued.
    """
    locked = (
        Sync.objects.of(sync.district_id)
        .select_for_update(of=("self",))
        .select_related("app", "delivery", "config", "district")
        .get(pk=sync.pk)
    )
    whole = part is None or part.is_everything
    if refusal := why_not(locked, part):
        raise RollbackRefused(refusal)
    scope = None if whole or part is None else part.to_json()
    if there := pending_rollback(locked, scope):
        return there
    rollback = Sync.objects.create(
        district=locked.district, app=locked.app, delivery=locked.delivery, config=locked.config, created_by=by, kind=SyncKind.ROLLBACK,
        undoes=locked, scope=scope,
    )  # fmt: skip
    SyncDetail.objects.create(sync=rollback)
    Transition.objects.create(sync=rollback, to_state=State.QUEUED, by=by, reason=reason)
    record_event(district=locked.district, action="sync.rollback", by=by, target=f"sync {locked.pk}", reason=reason, scope=scope or {})
    if wake:
        transaction.on_commit(partial(wake_worker, rollback.pk))
    return rollback


def finish_rollback(locked: Sync, state: RosterState, folder: Path, now: datetime) -> None:
    """In the transaction of its apply: mark the undone sync, settle counts, and open the issues again that the last standing delivery had.

    Where the undone sync was itself a rollback, the one that it had undone stands again.
    """
    settle(state, counts=locked.detail.counts, by_school=None)
    if locked.scope is not None:
        return
    _flip(locked)
    for rest in Sync.objects.of(locked.district_id).filter(rest_of_id=locked.undoes_id, state__in=UNDECIDED).select_for_update():
        set_state(rest, State.SUPERSEDED, reason=f"Sync {locked.undoes_id}, whose rest this is, was rolled back by sync {locked.pk}.")
    _reopen_issues(locked, folder, now)


def _flip(locked: Sync) -> None:
    """The undone sync does not stand any more; where it was a rollback what it had undone stands again, and so on down the chain."""
    stands, undone_id = False, locked.undoes_id
    while undone_id:
        one = Sync.objects.of(locked.district_id).select_for_update(of=("self",)).get(pk=undone_id)
        if stands and one.state == State.ROLLED_BACK:
            state = State.COMPLETED_WITH_ISSUES if one.issue_count or one.error_count else State.COMPLETED
            set_state(one, state, reason=f"Its rollback was undone by sync {locked.pk}.")
        elif not stands and State(one.state) in ACCEPTED:
            set_state(one, State.ROLLED_BACK, reason=f"Rolled back by sync {locked.pk}.")
        stands = not stands
        undone_id = one.undoes_id if one.kind == SyncKind.ROLLBACK and one.scope is None else None


def _reopen_issues(locked: Sync, folder: Path, now: datetime) -> None:
    """The open issues become those of the newest copies of the app's files that still stand: of each file its last full one, and the deltas since.

    A file of which no copy stands has none.
    """
    standing = Sync.objects.of(locked.district_id).filter(app_id=locked.app_id, state__in=ACCEPTED).exclude(kind=SyncKind.ROLLBACK)
    layers: dict[int, set[str]] = {}
    settled: set[str] = set()
    for copy in copies_in(standing.exclude(artifacts="")):
        if copy.file not in settled:
            layers.setdefault(copy.sync_id, set()).add(copy.file)
            settled |= {copy.file} if copy.mode == BULK else set()
        if len(settled) == len(FILES):
            break
    renew = partial(record_issues, district=locked.district, app=locked.app.kind, sync_id=locked.pk, now=now)
    if missing := set(FILES) - settled:
        renew(folder=folder, sent=Sent(dict.fromkeys(missing, BULK)), only=missing)
    for sync in standing.filter(pk__in=layers).select_related("detail").order_by("pk"):
        modes = {file: mode for file, mode in what_was_sent(sync).modes.items() if file in layers[sync.pk]}
        renew(folder=local_artifacts(sync.artifacts), sent=Sent(modes), only=modes)

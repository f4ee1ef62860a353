"""Simulate an import: the whole work of a sync under any configuration, which ends before anything would change.

Source: docs/decisions/0015-simulations.md
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import User
from imports.config import merge_document
from imports.config_parser import parse_config
from imports.models import Delivery, ImportApp, Rehearsal, Sync, SyncDetail, Transition
from imports.pipeline import PipelineResult
from imports.selectors.sync_inputs import Inputs, find_same
from imports.services.apply_sync import accepted_state
from imports.services.claim import lock_claimed
from imports.services.hold_sync import Hold, hold_for
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import WORKING, State
from roster.models import RosterState

_MOVES = ("created", "updated", "deleted")


@transaction.atomic
def start_simulation(
    *, app: ImportApp, delivery: Delivery, document: Mapping[str, Any] | None = None, by: User | None, is_rehearsal: bool = False,
    wake: bool = True,
) -> Sync:  # fmt: skip
    """Queue a simulation over a delivery. It supersedes nothing. One that the same person has in work already is returned instead of another.

    Args:
        app: the app. delivery: the files.
        document: the configuration to obey, over the defaults; None: the one in force. Whatever header it names is taken: the files show what they have.
        by: who asks for it. wake: whether a worker is told of it.
        is_rehearsal: it is one of the new year's files, which deletes what they leave out whatever the rollover says.

    Raises:
        ConfigRefused: with the path of every fault of the document; nothing is queued.
    """
    if app.config is None:
        raise ValueError(f"{app} was never activated")
    in_force = merge_document(app.config.document, app.kind)
    whole = in_force if document is None else merge_document(document, app.kind)
    parse_config(whole, app.kind, headers=None)
    trial = None if whole == in_force else whole
    mine = Sync.objects.all_of(app.district_id).filter(is_simulation=True, app=app, delivery=delivery, config=app.config, created_by=by)
    for other in mine.filter(state__in=WORKING, cancel_requested=False, is_rehearsal=is_rehearsal):
        if other.trial_document == trial:
            return other
    sync = Sync.objects.create(
        district=app.district, app=app, delivery=delivery, config=app.config, created_by=by, is_simulation=True, trial_document=trial,
        is_rehearsal=is_rehearsal,
    )  # fmt: skip
    SyncDetail.objects.create(sync=sync)
    Transition.objects.create(sync=sync, to_state=State.QUEUED, by=by)
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))
    return sync


def end_worked_simulation(sync: Sync, inputs: Inputs, result: PipelineResult) -> None:
    """End a simulation whose change set is stored: say how the import would have ended.

    Raises:
        ClaimLost: another worker has it, or it was cancelled.
    """
    hold = None
    if not moves(result) and find_same(sync, inputs.digest):
        would_end = State.NO_CHANGES
    elif hold := hold_for(sync, inputs.config, result):
        would_end = State.HELD
    else:
        would_end = accepted_state(sync)
    with transaction.atomic():
        if sync.is_rehearsal:
            _note_live_before(sync)
        end_simulation(lock_claimed(sync), would_end, hold)


def _note_live_before(sync: Sync) -> None:
    """What each school has now, against which the rehearsal's drop is shown; while the simulation is worked nothing of the district is applied."""
    state = RosterState.objects.of(sync.district_id).first()
    values = {"district": sync.district, "live_before": state.by_school if state else {}}
    Rehearsal.unscoped.update_or_create(sync=sync, defaults=values)


def moves(result: PipelineResult) -> bool:
    """Whether it would create, update or delete anything."""
    return any(counts[name] for counts in result.counts.values() for name in _MOVES)


def end_simulation(locked: Sync, would_end: State, hold: Hold | None = None) -> None:
    """Move a simulation to its end. A hold is written down, not entered: nobody has anything to decide."""
    locked.would_end = would_end
    locked.hold_kind, locked.hold_detail = (hold.kind, hold.detail) if hold else ("", "")
    SyncDetail.objects.filter(sync=locked).update(excesses=[one.to_json() for one in hold.excesses] if hold else [])
    locked.save(update_fields=["would_end", "hold_kind", "hold_detail"])
    set_state(locked, State.SIMULATED, reason=f"An import would have ended as: {would_end.label.lower()}. Nothing was changed.")

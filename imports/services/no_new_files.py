"""A run for which no new files had arrived, as a sync of its own: it shows in the history, and concerns nothing else."""

from collections.abc import Sequence

from accounts.models import User
from imports.models import Delivery, ImportApp, Sync, SyncDetail, Transition
from imports.services.set_state import set_state
from imports.states import State
from records.attributes import SCREEN_ORDER
from records.outcomes import COUNTS
from roster.models import RosterState

REASON = "No new files had arrived."


def end_without_files(*, app: ImportApp, by: User | None, remarks: Sequence[str] = ()) -> Sync:
    """A sync over an empty delivery that has ended as No changes, in the caller's transaction.

    No worker is needed for nothing, so it never waits behind others. It supersedes nothing that waits, and is the delivery of nobody: neither last, nor
    newer, nor the one that was expected. `remarks`: what else is to be said of files that the run did not take, in sentences.
    """
    if app.config is None:
        raise ValueError(f"{app} was never activated")
    delivery = Delivery.objects.create(district=app.district, app=app, source=Delivery.Source.SFTP, received_by=by, is_empty=True)
    state = RosterState.objects.of(app.district_id).first()
    live = state.counts if state else {}
    sync = Sync.objects.create(
        district=app.district, app=app, delivery=delivery, config=app.config, created_by=by, base_version=state.version if state else 0
    )
    counts = {str(kind): dict.fromkeys(COUNTS, 0) | {"live": int(live.get(kind, 0))} for kind in SCREEN_ORDER}
    SyncDetail.objects.create(sync=sync, counts=counts, notes=[REASON, *remarks])
    Transition.objects.create(sync=sync, to_state=State.QUEUED, by=by)
    set_state(sync, State.NO_CHANGES, reason=REASON)
    return sync

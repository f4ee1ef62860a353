"""What was held back of a sync waits as a sync of its own.

Source: docs/decisions/0019-parts-and-rests.md
"""

from functools import partial

from django.db import transaction

from imports.models import Sync, SyncDetail, Transition
from imports.services.start_sync import wake_worker
from imports.states import State, SyncKind

_NEVER_RAN = (State.FAILED, State.CANCELLED)


def start_rest(applied: Sync) -> Sync | None:
    """Queue the rest of a sync that was applied in part, in the transaction of its apply: the same delivery, worked again on what is live now.

    None where a newer delivery of the app has come meanwhile: what is left is decided by that one.
    """
    if newer_delivery(applied):
        return None
    rest = Sync.objects.create(
        district=applied.district, app=applied.app, delivery=applied.delivery, config=applied.config, created_by=applied.created_by,
        kind=SyncKind.REST, rest_of=applied, hold_kind=applied.hold_kind, hold_detail=applied.hold_detail,
    )  # fmt: skip
    SyncDetail.objects.create(sync=rest)
    Transition.objects.create(
        sync=rest, to_state=State.QUEUED, by=applied.created_by, reason=f"Held back when sync {applied.pk} was applied."
    )
    transaction.on_commit(partial(wake_worker, rest.pk))
    return rest


def newer_delivery(sync: Sync) -> Sync | None:
    """The first newer import of the same app that was not cancelled and did not fail: the one that decides instead of this sync's rest."""
    newer = Sync.objects.of(sync.district_id).filter(app_id=sync.app_id, kind=SyncKind.IMPORT, pk__gt=sync.pk, delivery__is_empty=False)
    return newer.exclude(state__in=_NEVER_RAN).order_by("pk").first()

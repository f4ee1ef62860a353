"""Take deleted and created records of a held sync for the same ones: their keys are changed, and the difference is worked out and shown anew.

Source: docs/decisions/0021-rekeying.md
"""

from collections.abc import Collection
from functools import partial

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.models import Sync, SyncDetail
from imports.selectors.churn import keys_of_pairs
from imports.selectors.part_words import listed
from imports.services.decide_sync import DecisionRefused, check_not_suspended
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import State, SyncKind
from records.attributes import RecordType

Pairs = dict[str, dict[str, str]]
AGAIN = "The difference was worked out anew; please look at it again."


@transaction.atomic
def accept_rekeys(
    *, sync: Sync, by: User | None, record_types: Collection[str] = (), pairs: Pairs | None = None, wake: bool = True
) -> Pairs:
    """Treat pairs that were proposed as the same records, and let the held sync be worked out again. Nothing is approved by this.

    Args:
        sync: a held import that proposes pairs.
        by: who decides; whether they may is asked by the caller.
        record_types: the types of which all proposed pairs are taken.
        pairs: record type -> {new key: old key}: single pairs.
        wake: whether a worker is told.

    Returns:
        The pairs that are taken in now, earlier ones included.

    Raises:
        DecisionRefused: it is not held, is no import, or a pair was not proposed.
    """
    locked = _held(sync)
    proposed = keys_of_pairs(locked, {*record_types, *(pairs or {})})
    chosen = {kind: proposed.get(kind, {}) for kind in record_types}
    for kind, some in (pairs or {}).items():
        if any(proposed.get(kind, {}).get(new) != old for new, old in some.items()):
            raise DecisionRefused("A pair is not among those that were proposed. Reload the page and choose again.")
        chosen[kind] = {**chosen.get(kind, {}), **some}
    chosen = {kind: some for kind, some in chosen.items() if some}
    if not chosen:
        raise DecisionRefused("There is nothing to be treated as the same: no pair of that kind was proposed.")
    held: Pairs = locked.detail.rekeys
    whole = {kind: {**held.get(kind, {}), **chosen.get(kind, {})} for kind in {**held, **chosen}}
    words = listed([_counted(kind, len(some)) for kind, some in chosen.items()])
    _work_again(locked, whole, by, f"{words} {_are(chosen)} treated as the same as before, under new ids. {AGAIN}", wake)
    counts = {kind: len(some) for kind, some in chosen.items()}
    record_event(district=locked.district, action="sync.rekeyed", by=by, target=f"sync {sync.pk}", pairs=counts)
    return whole


@transaction.atomic
def withdraw_rekeys(*, sync: Sync, by: User | None, wake: bool = True) -> None:
    """Take all re-keying of a held sync back, and let it be worked out again.

    Raises:
        DecisionRefused: it is not held, or nothing was taken in.
    """
    locked = _held(sync)
    if not any(locked.detail.rekeys.values()):
        raise DecisionRefused("No records are treated as the same in this sync, so there is nothing to take back.")
    _work_again(locked, {}, by, f"No records are treated as the same under new ids any more. {AGAIN}", wake)
    record_event(district=locked.district, action="sync.rekey_withdrawn", by=by, target=f"sync {sync.pk}")


def _held(sync: Sync) -> Sync:
    locked = (
        Sync.objects.of(sync.district_id).select_for_update(of=("self",)).select_related("detail", "district").filter(pk=sync.pk).first()
    )
    if locked is None or locked.state != State.HELD:
        state = locked.get_state_display().lower() if locked else "a simulation"
        raise DecisionRefused(f"Sync {sync.pk} is {state}; only of a held sync can records be treated as the same.")
    if locked.kind == SyncKind.ROLLBACK:
        raise DecisionRefused("A rollback brings old records back as they were; nothing of it can be treated as the same.")
    check_not_suspended(locked, "worked out anew")
    return locked


def _work_again(locked: Sync, rekeys: Pairs, by: User | None, reason: str, wake: bool) -> None:
    SyncDetail.objects.filter(sync=locked).update(rekeys=rekeys)
    locked.approved = False
    locked.save(update_fields=["approved"])
    set_state(locked, State.QUEUED, by=by, reason=reason)
    if wake:
        transaction.on_commit(partial(wake_worker, locked.pk))


def _counted(kind: str, count: int) -> str:
    record_type = RecordType(kind)
    return f"{count:,} {(record_type.label if count == 1 else record_type.plural).lower()}"


def _are(chosen: Pairs) -> str:
    return "is" if sum(map(len, chosen.values())) == 1 else "are"

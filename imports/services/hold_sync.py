"""Decide whether a worked-out sync needs a person, and hold it."""

from django.db import transaction

from imports.config import ImportConfig
from imports.models import Sync
from imports.pipeline import PipelineResult
from imports.services.claim import lock_claimed
from imports.services.set_state import set_state
from imports.states import HoldKind, State
from imports.steps.thresholds import Excess
from records.attributes import RecordType

SAID = 3  # excesses that are named in the sentence
Hold = tuple[HoldKind, str]  # why a sync must wait for a person, and the words

AGAIN = "The live roster has changed since this was shown. The difference was worked out anew; please look at it again."


def hold_for(sync: Sync, config: ImportConfig, result: PipelineResult) -> Hold | None:
    """Why this sync must wait for a person, in words; None: it may be applied. The first import never holds for thresholds.

    A sync that was held before comes here only when the live roster has changed since: it is shown again, whatever the new difference is.
    """
    found = _reason(config, result)
    if not sync.hold_kind:
        return found
    kind, detail = found or (HoldKind(sync.hold_kind), "")
    return kind, f"{AGAIN} {detail}".strip()


def _reason(config: ImportConfig, result: PipelineResult) -> Hold | None:
    if result.empty_files:
        names = " and ".join(f"{file}.csv" for file in result.empty_files)
        return (
            HoldKind.EMPTY_FILE,
            f"{names} has no rows, though live records came from it before. Applying this would delete or clear them.",
        )
    if config.preview:
        return HoldKind.PREVIEW, "Preview Mode is enabled: every sync waits for approval."
    if result.excesses:
        return HoldKind.THRESHOLD, _excess_words(result.excesses)
    return None


def _excess_words(excesses: list[Excess]) -> str:
    """The largest excesses in words; the rest is counted, for the page shows them all."""
    named = [
        f"{_words(one.record_type)}: {one.share_pct:.1f} % would be {one.what} ({one.rows:,} of {one.live_before:,}); "
        f"the limit is {one.limit_pct:g} %."
        for one in excesses[:SAID]
    ]
    more = len(excesses) - len(named)
    return " ".join([*named, *([f"{more} more {'shares are' if more > 1 else 'share is'} over the limit."] if more else [])])


def _words(record_type: str) -> str:
    return "All records" if record_type == "all" else RecordType(record_type).plural


@transaction.atomic
def hold_sync(sync: Sync, kind: HoldKind, detail: str) -> None:
    """Hold the sync; the live roster stays untouched until a person approves.

    Raises:
        ClaimLost: another worker has the sync, or it was cancelled.
    """
    locked = lock_claimed(sync)
    locked.hold_kind, locked.hold_detail = kind, detail
    locked.save(update_fields=["hold_kind", "hold_detail"])
    set_state(locked, State.HELD, reason=detail)

"""Decide whether a worked-out sync needs a person, and hold it.

Source: hold, preview, approve; docs/decisions/0018-holds-per-school-and-file.md
"""

from dataclasses import dataclass, field

from django.db import transaction

from imports.config import ImportConfig
from imports.models import Sync, SyncDetail
from imports.pipeline import PipelineResult
from imports.selectors.last_good import last_good_rows
from imports.selectors.rollover import WITHOUT_DELETIONS
from imports.services.claim import lock_claimed
from imports.services.set_state import set_state
from imports.services.tell import tell_held
from imports.states import HoldKind, State, SyncKind
from imports.steps.thresholds import PERCENT, Excess, SchoolParams, check_rows, check_schools
from records.attributes import RecordType
from roster.models import RosterState
from roster.selectors.browse import school_names

SAID = 3  # excesses that are named in the sentence
AGAIN = "The live roster has changed since this was shown. The difference was worked out anew; please look at it again."
APPROVED = "Approved."  # how the reason of an approval begins
PREVIEW = "Preview Mode is enabled: every sync waits for approval."


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a sync must wait for a person, in words, and what is over its limit. `is_removals`: it is for what the sync would delete alone."""

    kind: HoldKind
    detail: str
    is_removals: bool = False
    excesses: list[Excess] = field(default_factory=list)


def hold_for(sync: Sync, config: ImportConfig, result: PipelineResult) -> Hold | None:
    """Why this sync must wait for a person; None: it may be applied. The first import never holds for limits.

    A sync that was held before comes here only when what was shown is not what would be done any more: it is shown again, whatever the new
    difference is. What was held back of another sync always waits.
    """
    found = _reason(sync, config, result)
    if sync.kind == SyncKind.REST:
        kind, words = (found.kind, found.detail) if found else (HoldKind(sync.hold_kind), "")
        return Hold(
            kind, f"This was held back when sync {sync.rest_of_id} was applied. {words}".strip(), excesses=found.excesses if found else []
        )
    said = sync.transitions.filter(from_state=State.HELD, to_state=State.QUEUED).order_by("pk").last()
    if said is None:
        return found
    kind, words, excesses = (found.kind, found.detail, found.excesses) if found else (HoldKind(sync.hold_kind), "", [])
    return Hold(kind, f"{_again(sync, said.reason)} {words}".strip(), excesses=excesses)


def _again(sync: Sync, said: str) -> str:
    """Why what was held before is shown again: what the person said who sent it back, or what has changed since it was approved."""
    last = sync.transitions.filter(to_state=State.QUEUED).order_by("pk").last()
    if last is not None and last.reason == WITHOUT_DELETIONS:
        return f"{WITHOUT_DELETIONS} Please look at it again."
    return AGAIN if said.startswith(APPROVED) else said


def _reason(sync: Sync, config: ImportConfig, result: PipelineResult) -> Hold | None:
    excesses = [*result.excesses, *_more_excesses(sync, config, result)]
    broken = _broken_words(result)
    if broken:
        clears = "demographics" in result.empty_files
        is_removals = not clears and not config.preview and _are_removals(excesses)
        return Hold(HoldKind.EMPTY_FILE, broken, is_removals, excesses)
    if config.preview:
        return Hold(HoldKind.PREVIEW, PREVIEW, excesses=excesses)
    if excesses:
        return Hold(HoldKind.THRESHOLD, _excess_words(sync, excesses), _are_removals(excesses), excesses)
    return None


def _are_removals(excesses: list[Excess]) -> bool:
    return all(one.what != "updated" for one in excesses)


def _more_excesses(sync: Sync, config: ImportConfig, result: PipelineResult) -> list[Excess]:
    """What is over a limit of single schools, and the files that have fewer rows than their floor."""
    limits = SchoolParams(
        config.school_update_threshold, config.school_deletion_threshold, config.school_update_rows, config.school_deletion_rows
    )
    found: list[Excess] = []
    if limits.is_on:
        state = RosterState.objects.of(sync.district_id).first()
        found += check_schools(result.by_school, state.by_school if state else {}, limits)
    if config.row_floor is not None:
        found += check_rows(result.rows_read, last_good_rows(sync), config.row_floor)
    return found


def _broken_words(result: PipelineResult) -> str:
    words = []
    if result.empty_files:
        names = _files(result.empty_files)
        words.append(f"{names} has no rows, though live records came from it before. Applying this would delete or clear them.")
    if result.cut_files:
        names = _files(result.cut_files)
        words.append(
            f"{names} ends in the middle of a row, so it looks cut off. Rows may be missing, and applying this would delete their records."
        )
    return " ".join(words)


def _files(names: tuple[str, ...]) -> str:
    return " and ".join(f"{file}.csv" for file in names)


def _excess_words(sync: Sync, excesses: list[Excess]) -> str:
    """The largest excesses in words; the rest is counted, for the page shows them all."""
    named = excesses[:SAID]
    schools = school_names(sync.district, {one.school for one in named if one.school})
    words = [_words(one, schools) for one in named]
    more = len(excesses) - len(named)
    return " ".join([*words, *([f"{more} more {'shares are' if more > 1 else 'share is'} over the limit."] if more else [])])


def _words(one: Excess, schools: dict[str, str]) -> str:
    if one.file:
        return (
            f"{one.file}.csv has {one.rows:,} rows, {one.share_pct:.1f} % of the {one.live_before:,} it had in the last sync that was applied; "
            f"the least is {one.limit:g} %."
        )
    who = "All records" if one.record_type == "all" else RecordType(one.record_type).plural
    if one.school:
        who = f"{who} of {schools.get(one.school, one.school)}"
    limit = f"{one.limit:g} %" if one.unit == PERCENT else f"{one.limit:,.0f} records"
    return f"{who}: {one.share_pct:.1f} % would be {one.what} ({one.rows:,} of {one.live_before:,}); the limit is {limit}."


@transaction.atomic
def hold_sync(sync: Sync, hold: Hold) -> None:
    """Hold the sync; the live roster stays untouched until a person approves.

    Raises:
        ClaimLost: another worker has the sync, or it was cancelled.
    """
    locked = lock_claimed(sync)
    locked.hold_kind, locked.hold_detail, locked.reminded_at = hold.kind, hold.detail, None
    locked.save(update_fields=["hold_kind", "hold_detail", "reminded_at"])
    SyncDetail.objects.filter(sync=sync).update(excesses=[one.to_json() for one in hold.excesses])
    set_state(locked, State.HELD, reason=hold.detail)
    tell_held(locked)

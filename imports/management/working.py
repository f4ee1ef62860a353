"""What the commands about syncs share: finding a district, and working a sync to its end in this process."""

import time
from collections.abc import Callable

from django.core.management.base import CommandError

from accounts.models import District
from imports.models import Sync
from imports.selectors.rollover import suspended_words, waits_until
from imports.services.claim import release_lapsed
from imports.services.run_sync import run_sync
from imports.states import CLAIMED, WORKING, State

PATIENCE_SECONDS = 30 * 60
_PAUSE_SECONDS = 0.5

COMPLETED, FAILED, UNDECIDED = 0, 1, 2  # exit codes
_EXIT_CODES = {
    State.COMPLETED: COMPLETED,
    State.COMPLETED_WITH_ISSUES: COMPLETED,
    State.NO_CHANGES: COMPLETED,
    State.HELD: UNDECIDED,
    State.NEEDS_SCHOOL_MAPPING: UNDECIDED,
}


def exit_code(sync: Sync) -> int:
    """0 completed or without changes, 2 waiting for a person, 1 anything else; of a simulation, what the import would give."""
    return _EXIT_CODES.get(State(sync.ends_as), FAILED)


def find_district(slug: str) -> District:
    """The district of that slug.

    Raises:
        CommandError: there is none.
    """
    district = District.objects.filter(slug=slug).first()
    if district is None:
        known = ", ".join(District.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no district {slug!r}. " + (f"There are: {known}." if known else "Create one with create_district."))
    return district


def work_through(sync: Sync, *, say: Callable[[str], None], patience_seconds: float = PATIENCE_SECONDS) -> Sync:
    """Work the sync in this process until no worker has anything to do with it, and return it as it is then.

    Syncs of the district that were queued before it are worked first; while another process works one, this waits and says so.

    Raises:
        CommandError: the others took too long, or imports are suspended; the sync stays queued.
    """
    give_up_at, has_spoken = time.monotonic() + patience_seconds, False
    while True:
        queued = Sync.objects.all_of(sync.district_id).filter(state=State.QUEUED, pk__lte=sync.pk).order_by("pk")
        for sync_id in list(queued.values_list("pk", flat=True)):
            run_sync(sync_id, wakes_next=False)
        present = Sync.objects.all_of(sync.district_id).select_related("app", "district", "detail").get(pk=sync.pk)
        if present.state not in WORKING:
            return present
        if present.state == State.QUEUED and (until := waits_until(present)):
            raise CommandError(
                f"{suspended_words(until, present.district)}. {present.noun} {present.pk} stays queued and goes on by itself after that."
            )
        if time.monotonic() > give_up_at:
            raise CommandError(f"{sync.noun} {sync.pk} is still {present.get_state_display().lower()}. The portal's workers go on with it.")
        if not has_spoken:
            say(_waiting_for(present))
            has_spoken = True
        time.sleep(_PAUSE_SECONDS)
        release_lapsed()


def _waiting_for(sync: Sync) -> str:
    other = Sync.objects.all_of(sync.district_id).filter(state__in=CLAIMED).first()
    if other is None or other.pk == sync.pk:
        return f"{sync.noun} {sync.pk} is being worked by another process; waiting for it."
    return f"{other.noun} {other.pk} of this district is being worked by {other.worker}; waiting for it."

"""Hold back imports for a period, or deletions for as long as a switch is on; and tell when a period is about to end.

Source: docs/decisions/0017-data-rollover.md
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import District, User
from accounts.services.audit import record_event
from imports.models import Rollover, Sync
from imports.selectors.rollover import SUSPEND, is_planned, is_suspended, workable
from imports.services.start_sync import wake_worker
from imports.services.tell import tell_rollover_ends
from imports.states import State

LONGEST = timedelta(days=366)  # of a period: a longer one is a slip of the pen
TOLD_BEFORE = timedelta(hours=24)  # how long before the end people are told of it


class RolloverRefused(Exception):
    """The period cannot be; the message says why. Nothing was changed."""


@transaction.atomic
def suspend_import(*, district: District, starts: datetime | None, ends: datetime, by: User | None, address: str | None = None) -> Rollover:
    """Suspend imports from `starts` (None or in the past: from now, but a period that holds goes on) to `ends`; this replaces the period there was.

    Raises:
        RolloverRefused: it ends before it starts or in the past, begins more than a year ahead or is longer than a year.
    """
    rollover, now = _locked(district), timezone.now()
    starts = now if starts is None else max(starts, now)
    if starts == now and is_suspended(rollover, now) and rollover.suspends_from:
        starts = rollover.suspends_from  # only its end is moved
    if ends <= now:
        raise RolloverRefused("The end has passed already. Choose a later one.")
    if ends <= starts:
        raise RolloverRefused("The end is not after the start. Choose a later end or an earlier start.")
    if starts - now > LONGEST:
        raise RolloverRefused("The start is more than a year ahead. Check its year.")
    if ends - max(starts, now) > LONGEST:
        raise RolloverRefused("The period is longer than a year. Check the year of the end.")
    rollover.suspends_from, rollover.suspends_until = starts, ends
    rollover.save()
    record_event(
        district=district,
        action="rollover.suspended",
        by=by,
        address=address,
        starts=starts.isoformat(timespec="minutes"),
        ends=ends.isoformat(timespec="minutes"),
    )
    _wake_on_commit(district)  # a period that was put off lets wait nobody
    return rollover


@transaction.atomic
def end_suspension(*, district: District, by: User | None, address: str | None = None) -> bool:
    """End the period that holds now, or call off the one that is planned; queued syncs go on at once. False: there is none."""
    rollover, now = _locked(district), timezone.now()
    if is_suspended(rollover, now):
        rollover.suspends_until, action = now, "rollover.resumed"
    elif is_planned(rollover, now):
        rollover.suspends_from = rollover.suspends_until = None
        action = "rollover.called_off"
    else:
        return False
    rollover.save()
    record_event(district=district, action=action, by=by, address=address)
    _wake_on_commit(district)
    return True


@transaction.atomic
def disable_deletion(*, district: District, is_disabled: bool, by: User | None, address: str | None = None) -> bool:
    """Keep from now on what imports would delete, or let them delete again. False: it was so already."""
    rollover = _locked(district)
    if rollover.disables_deletion == is_disabled:
        return False
    rollover.disables_deletion, rollover.deletion_changed_at = is_disabled, timezone.now()
    rollover.save()
    action = "rollover.deletion_disabled" if is_disabled else "rollover.deletion_enabled"
    record_event(district=district, action=action, by=by, address=address)
    return True


def _locked(district: District) -> Rollover:
    """The district's rollover, locked; two owners who change it at once do so one after the other."""
    District.objects.select_for_update(no_key=True).get(pk=district.pk)
    return Rollover.objects.of(district).first() or Rollover(district=district)


def _wake_on_commit(district: District) -> None:
    """Wake a worker for what waited; the sweeper would find it too."""
    transaction.on_commit(partial(_wake_first, district.pk))


def _wake_first(district_id: int) -> None:
    queued = workable(Sync.objects.all_of(district_id).filter(state=State.QUEUED)).order_by("pk")
    if first := queued.values_list("pk", flat=True).first():
        wake_worker(first)


def tell_rollovers(now: datetime | None = None) -> int:
    """Tell of every suspension that ends within a day, once for each end. Returns how many there are."""
    moment = now or timezone.now()
    ending = Rollover.unscoped.filter(suspends_from__lte=moment, suspends_until__gt=moment, suspends_until__lte=moment + TOLD_BEFORE)
    for rollover in (found := list(ending.select_related("district"))):
        assert rollover.suspends_until is not None  # noqa: S101 - the filter says so
        with transaction.atomic():
            tell_rollover_ends(rollover.district, what=SUSPEND, ends_at=rollover.suspends_until, url=reverse("rollover"))
    return len(found)

"""A run of an SFTP app: take what waits in its landing zone at that moment, and queue a sync over it.

Source: docs/decisions/0023-landing-zones.md
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from formats.problems import FileProblem, Refused
from imports.models import Arrival, Delivery, ImportApp, LandingRun, LandingZone, Sync
from imports.selectors.landing import required_files
from imports.sentences import Problem, say_file_problem
from imports.services.arrivals import note_arrivals
from imports.services.batches import Batch, begin_batch, day_in, finish_batch, recover, scanning
from imports.services.landing_zone import ensure_zone
from imports.services.no_new_files import REASON, end_without_files
from imports.services.pull import pull_new
from imports.services.receive_delivery import Kept, choose, keep_files, record_delivery
from imports.services.run_words import listed, say_arriving, say_problems, say_unread, say_waiting_first, them, was
from imports.services.start_sync import ImportSuspended, check_not_suspended, start_sync
from imports.services.tell import tell_refused
from imports.zone import Zone
from imports.zone_files import list_files, shown

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
PULL_FAILED = "pull-failed"
THEY_WAIT = "What lies in the landing zone waits for the next run after that."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run, and what was wrong with the files where it was refused."""

    run: LandingRun
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Order:
    """What a run was asked to be."""

    app: ImportApp
    reason: LandingRun.Reason
    by: User | None
    due_at: datetime | None

    def write(self, *, outcome: str, sync: Sync | None = None, is_refused: bool = False) -> LandingRun:
        """Write down that it ran and what came of it."""
        return LandingRun.objects.create(
            district=self.app.district, app=self.app, reason=self.reason, by=self.by, due_at=self.due_at, sync=sync, is_refused=is_refused,
            outcome=outcome,
        )  # fmt: skip

    def written(self) -> LandingRun | None:
        """The run, where this moment of the schedule had it already."""
        if self.reason != LandingRun.Reason.SCHEDULE or self.due_at is None:
            return None
        return LandingRun.objects.of(self.app.district_id).filter(app=self.app, reason=self.reason, due_at=self.due_at).first()


@dataclass(slots=True)
class _Haul:
    """What a run has moved out of the zone."""

    batch: Batch
    taken: dict[str, Arrival]  # by the name on disk
    passed_over: dict[str, Arrival] = field(default_factory=dict)


def run_landing(
    *, app: ImportApp, reason: LandingRun.Reason, by: User | None = None, due_at: datetime | None = None, wake: bool = True
) -> LandingRun:
    """Take the files that wait and queue a sync over them. Without any, a sync says that nothing had come.

    Never raises for the files: where they cannot be taken, the run is refused, its outcome says why, and everything stays where it was. A file that is
    still being written is named and left for the next run. A moment of the schedule that ran already is not run again.
    """
    return attempt_run(app=app, reason=reason, by=by, due_at=due_at, wake=wake).run


def attempt_run(
    *, app: ImportApp, reason: LandingRun.Reason, by: User | None = None, due_at: datetime | None = None, wake: bool = True
) -> Attempt:
    """As `run_landing`, with the problems one by one."""
    order = _Order(app, reason, by, due_at)
    if (written := order.written()) is not None:
        return Attempt(written)
    row = ensure_zone(app)
    zone = Zone(row.pk)
    try:
        check_not_suspended(app.district)
        pulled = _pull(row)
        _wait_until_settled(zone)
        note_arrivals(app)
        haul = _take(zone, app)
        if haul is None:
            return Attempt(_end_without(order, [*say_unread(app, zone), *say_arriving(zone), *pulled]))
        return Attempt(_import(order, haul, pulled, wake=wake))
    except ImportSuspended as suspended:
        return _refused(order, [replace(problem, fix=THEY_WAIT) for problem in suspended.problems], [])
    except Refused as refusal:
        problems = [say_file_problem(problem) for problem in refusal.problems]
        first = say_waiting_first(app) if any(problem.code == "file-missing" for problem in problems) else []
        return _refused(order, problems, [*first, *say_arriving(zone)])
    except _NotPulled as failed:
        return _refused(order, [Problem(PULL_FAILED, "Files could not be fetched", str(failed), "")], [])
    except _AlreadyRun as already:
        return Attempt(already.run)


class _NotPulled(Exception):
    """The district's own server gave nothing; the message says why."""


class _AlreadyRun(Exception):
    """Another process ran this moment of the schedule."""

    def __init__(self, run: LandingRun) -> None:
        super().__init__(str(run))
        self.run = run


def _pull(row: LandingZone) -> list[str]:
    """Fetch from a custom server what is new there; returns what is to be said about what was left behind."""
    if row.server != LandingZone.Server.CUSTOM:
        return []
    result = pull_new(row)
    if result.problem:
        raise _NotPulled(result.problem)
    return [f"{left.name} was not fetched: {left.why}" for left in result.left]


def _wait_until_settled(zone: Zone) -> None:
    """Give files that are closed the time to settle; those that are being written are not waited for."""
    ends = time.monotonic() + settings.PORTAL_SFTP_SETTLE_SECONDS + 1
    while time.monotonic() < ends:
        files = list_files(zone).files.values()
        if not any(file.is_roster and not file.is_settled and not file.is_marked for file in files):
            return
        time.sleep(PAUSE_SECONDS)


def _take(zone: Zone, app: ImportApp) -> _Haul | None:
    """Move what the next delivery is made of into a batch, all in one moment; None where nothing waits.

    Raises:
        Refused: the files that wait are no delivery; nothing was moved.
    """
    required = required_files(app)
    with zone.lock():
        ready = _ready(zone, app)
        if not ready:
            return None
        chosen, ignored = choose([zone.root / name for name in ready], required)
        haul = _Haul(begin_batch(zone), {path.name: ready[path.name] for path in chosen}, {path.name: ready[path.name] for path in ignored})
        try:
            for name in haul.taken:
                haul.batch.take(name, is_ignored=False)
            for name in haul.passed_over:
                haul.batch.take(name, is_ignored=True)
        except BaseException:
            haul.batch.release()
            raise
    return haul


def _ready(zone: Zone, app: ImportApp) -> dict[str, Arrival]:
    """By name on disk the files that wait, have no mark, and are as they were when they were hashed."""
    waiting = Arrival.objects.of(app.district_id).select_related("district").filter(app=app, state=Arrival.State.WAITING)
    known = {(arrival.path, arrival.stamp): arrival for arrival in waiting}
    files = [file for file in list_files(zone).files.values() if file.is_roster and not file.is_marked]
    return {file.path: arrival for file in files if (arrival := known.get((shown(file.path), file.stamp))) is not None}


def _import(order: _Order, haul: _Haul, pulled: Sequence[str], *, wake: bool) -> LandingRun:
    """Store the batch and queue a sync over it; whatever stops that, the files go back into the zone."""
    batch, app = haul.batch, order.app
    try:
        files = keep_files(app, [batch.folder / name for name in haul.taken])
        _check_unchanged(files, haul)
        with transaction.atomic():
            run, delivery = _record(order, haul, files, pulled, wake=wake)
        _finish(batch, delivery)
    except IntegrityError:
        if (written := order.written()) is None:
            raise
        raise _AlreadyRun(written) from None
    finally:
        batch.release()
        if batch.folder.exists():
            with scanning(batch.zone):
                recover(batch.zone, app)
    return run


def _finish(batch: Batch, delivery: Delivery) -> None:
    """Receipts and archive; what goes wrong here is done by the next scan."""
    try:
        finish_batch(batch, delivery)
    except OSError:
        log.exception("The files of delivery %s could not be archived now; the next scan tries again.", delivery.pk)


def _check_unchanged(files: Sequence[Kept], haul: _Haul) -> None:
    """Take nothing else than what was seen to arrive.

    Raises:
        Refused: somebody wrote to a file without a mark.
    """
    changed = [file.name for file in files if file.sha256 != haul.taken[file.name].sha256]
    if changed:
        raise Refused([FileProblem("file-changed", shown(name), severity="refused") for name in changed])


def _record(order: _Order, haul: _Haul, files: Sequence[Kept], pulled: Sequence[str], *, wake: bool) -> tuple[LandingRun, Delivery]:
    """Delivery, sync, arrivals and run, in the caller's transaction."""
    app, zone = order.app, haul.batch.zone
    LandingZone.objects.of(app.district_id).select_for_update(no_key=True).get(pk=zone.zone_id)  # a recovery waits until this is over
    passed_over = [shown(name) for name in haul.passed_over]
    delivery = record_delivery(
        app=app, files=files, source=Delivery.Source.SFTP, by=order.by, ignored=passed_over, batch=haul.batch.token
    )  # fmt: skip
    sync = start_sync(delivery=delivery, by=order.by, wake=wake)
    delivery.archived_as = f"{day_in(app)}-{sync.pk}"
    delivery.save(update_fields=["archived_as"])
    winner = shown(next(iter(haul.taken)))
    _settle(app, haul.taken, delivery, Arrival.State.TAKEN, f"Taken by sync {sync.pk}; it lies in archive/{delivery.archived_as}/ now.")
    why = f"Passed over by sync {sync.pk}: {winner} of the same batch was taken instead. It lies in archive/{delivery.archived_as}/ignored/ now."
    _settle(app, haul.passed_over, delivery, Arrival.State.IGNORED, why)
    words = [f"Took {listed(haul.taken)}."]
    if passed_over:
        words.append(f"{listed(passed_over)} {was(passed_over)} passed over, for {winner} came with {them(passed_over)}.")
    return order.write(outcome=" ".join([*words, *say_arriving(zone), *pulled]), sync=sync), delivery


def _settle(app: ImportApp, arrivals: dict[str, Arrival], delivery: Delivery, state: Arrival.State, reason: str) -> None:
    mine = Arrival.objects.of(app.district_id).filter(pk__in=[arrival.pk for arrival in arrivals.values()])
    mine.update(state=state, reason=reason, settled_at=timezone.now(), delivery=delivery)


def _end_without(order: _Order, remarks: Sequence[str]) -> LandingRun:
    try:
        with transaction.atomic():
            sync = end_without_files(app=order.app, by=order.by, remarks=remarks)
            return order.write(outcome=" ".join([REASON, *remarks]), sync=sync)
    except IntegrityError:
        if (written := order.written()) is None:
            raise
        return written


def _refused(order: _Order, problems: Sequence[Problem], remarks: Sequence[str]) -> Attempt:
    try:
        with transaction.atomic():
            run = order.write(outcome=" ".join([*say_problems(problems), *remarks]), is_refused=True)
            tell_refused(run, {problem.code: problem.title for problem in problems})
    except IntegrityError:
        if (written := order.written()) is None:
            raise
        return Attempt(written)
    return Attempt(run, tuple(problems))

"""Work a queued sync from its delivery to its end: applied, held, waiting for school mapping, without changes, simulated, cancelled or failed."""

import logging
import time
from functools import partial
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef

from formats.problems import FileProblem, Refused
from imports.files import local_artifacts, remove, remove_artifacts, scratch_folder, store_folder
from imports.memory import peak_memory_mb, reset_peak_memory
from imports.models import StoredFile, Sync, SyncDetail
from imports.pipeline import PipelineResult
from imports.progress import Progress
from imports.reading import as_findings
from imports.selectors.rollover import workable
from imports.selectors.sync_inputs import Inputs, delivery_digest, find_same, read_inputs
from imports.sentences import say_file_problem
from imports.services.apply_sync import NotNow, apply_sync
from imports.services.claim import ClaimLost, Heartbeat, check_claim, claim, lock_claimed
from imports.services.decide_changes import Decided, decide, decide_part, tell_stage
from imports.services.hold_sync import Hold, hold_for, hold_sync
from imports.services.school_list import remember_schools
from imports.services.set_state import set_state
from imports.services.simulate import end_simulation, end_worked_simulation, moves
from imports.services.start_sync import wake_worker
from imports.services.tell import tell_failed
from imports.services.work_rollback import work_rollback
from imports.states import CLAIMED, State, SyncKind
from imports.version import VERSION
from records import changeset
from records.frames import gather
from records.part import Part

log = logging.getLogger(__name__)
OUR_FAULT = (
    "The portal made a mistake while it worked on this sync. Nothing was changed. The operator finds the trace in the log under sync {id}."
)
PATIENCE_SECONDS = 3600
WITHOUT_REMOVALS = Part.of(outcomes=["created", "updated"])


def run_sync(sync_id: int, *, wakes_next: bool = True) -> None:
    """Claim the sync and work it; harmless when it was worked already, is being worked, or must wait its turn."""
    _be_patient()
    sync = claim(sync_id)
    if sync is None:
        return
    reset_peak_memory()
    started = time.monotonic()
    with Heartbeat(sync):
        try:
            _work(sync)
        except ClaimLost:
            _end_cancelled(sync)
        except Refused as refusal:
            _fail(sync, list(refusal.problems))
        except (OperationalError, InterfaceError):  # nothing can be written down now; the lease lapses and the sweeper goes on
            log.exception("The database could not be used while sync %s was worked.", sync.pk)
            return
        except Exception:
            log.exception("sync %s failed", sync.pk)
            _fail(sync, [], OUR_FAULT.format(id=sync.pk))
    Sync.unscoped.filter(pk=sync.pk, attempt=sync.attempt).update(
        duration_seconds=round(time.monotonic() - started, 3), peak_memory_mb=peak_memory_mb()
    )
    if wakes_next:
        queued = workable(Sync.objects.all_of(sync.district_id).filter(state=State.QUEUED))
        following = queued.order_by("pk").values_list("pk", flat=True).first()
        if following:
            wake_worker(following)


def _be_patient() -> None:
    """On SQLite one writer writes at a time: wait for as long as the apply of another district takes. Nobody sits in front of a worker."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000}")


def _work(sync: Sync) -> None:
    progress = Progress(sync)
    if sync.approved and sync.artifacts:
        return _apply(sync, local_artifacts(sync.artifacts), progress)
    if sync.kind == SyncKind.ROLLBACK:
        return work_rollback(sync, progress)
    may_be_same = _may_be_same(sync)
    if may_be_same and (same := find_same(sync, delivery_digest(sync))):
        return _end_unchanged(sync, same)
    with scratch_folder() as scratch:
        tell_stage(sync, "reading", progress)
        inputs = read_inputs(sync, scratch)
        if may_be_same and (same := find_same(sync, inputs.digest)):
            return _end_unchanged(sync, same)
        decided = decide(sync, inputs, scratch, progress)
        if decided.result.stopped_for_schools:
            return _wait_for_schools(sync, decided.result)
        hold = None if sync.is_simulation else hold_for(sync, decided.inputs.config, decided.result)
        if hold and _applies_the_rest(sync, hold, decided):
            if sync.scope is None:
                decided = decide_part(sync, decided, WITHOUT_REMOVALS, scratch, progress)
            sync.scope, sync.hold_kind, sync.hold_detail, hold = WITHOUT_REMOVALS.to_json(), hold.kind, hold.detail, None
        _store(sync, decided, progress)
        if sync.is_simulation:
            return end_worked_simulation(sync, decided.inputs, decided.result)
        if sync.kind == SyncKind.REST and not moves(decided.result):
            return _end_empty_rest(sync)
        return hold_sync(sync, hold) if hold else _apply(sync, decided.folder, progress)


def _may_be_same(sync: Sync) -> bool:
    """Whether the sync may end early where everything is as it was last time. A simulation shows every row, so it does the whole work."""
    return sync.kind == SyncKind.IMPORT and not sync.is_simulation and sync.scope is None and not sync.detail.rekeys


def _applies_the_rest(sync: Sync, hold: Hold, decided: Decided) -> bool:
    """Whether what the sync adds and updates is applied now, and only its deletions wait for a person."""
    return (
        decided.inputs.config.hold_deletions_only
        and hold.is_removals
        and sync.kind == SyncKind.IMPORT
        and not sync.transitions.filter(to_state=State.HELD).exists()
    )


def _store(sync: Sync, decided: Decided, progress: Progress) -> None:
    """Put the change set into storage and write down what was decided."""
    check_claim(sync)
    tell_stage(sync, "storing", progress)
    prefix = f"syncs/{sync.district_id}/{sync.pk}-{sync.attempt}"
    try:
        store_folder(decided.folder, prefix)
        _record(sync, decided.inputs, decided.result, prefix)
    except BaseException:
        remove_artifacts(prefix)
        raise


def _end_empty_rest(sync: Sync) -> None:
    """What was held back of another sync has come true or gone meanwhile."""
    with transaction.atomic():
        set_state(lock_claimed(sync), State.NO_CHANGES, reason="Nothing is left of what was held back.")


def _apply(sync: Sync, folder: Path, progress: Progress) -> None:
    """Apply the change set. If it may not be any more, queue the sync again: what was approved is then shown anew, or waits as it is."""
    try:
        apply_sync(sync, folder, progress=progress.tell)
    except NotNow as refusal:
        with transaction.atomic():
            locked = lock_claimed(sync)
            locked.approved = locked.approved and refusal.is_still_right
            locked.save(update_fields=["approved"])
            set_state(locked, State.QUEUED, reason=refusal.reason)


def _record(sync: Sync, inputs: Inputs, result: PipelineResult, prefix: str) -> None:
    """Write down what the sync decided, before it is applied or held."""
    counts = result.counts
    sync.artifacts, sync.digest, sync.software = prefix, inputs.digest, VERSION
    sync.rows_in_files = sum(count["in_file"] for count in counts.values())
    sync.rows_accepted = sum(count["created"] + count["updated"] + count["unchanged"] for count in counts.values())
    sync.error_count = result.error_rows
    sync.issue_count = result.issue_rows
    with transaction.atomic():
        lock_claimed(sync)
        sync.save(
            update_fields=[
                "artifacts",
                "digest",
                "software",
                "rows_in_files",
                "rows_accepted",
                "error_count",
                "issue_count",
                "base_version",
                "scope",
                "hold_kind",
                "hold_detail",
            ]
        )
        SyncDetail.objects.filter(sync=sync).update(
            counts=counts, by_school=result.by_school, findings=result.findings, thresholds=result.thresholds, files=inputs.files,
            unmapped=result.unmapped, notes=inputs.notes, causes=result.causes, churn=result.churn, rekeys=result.rekeys,
        )  # fmt: skip
        remember_schools(sync=sync, named=result.schools)


def _wait_for_schools(sync: Sync, result: PipelineResult) -> None:
    with transaction.atomic():
        locked = lock_claimed(sync)
        SyncDetail.objects.filter(sync=sync).update(unmapped=result.unmapped)
        remember_schools(sync=sync, named=result.schools)
        if sync.is_simulation:
            end_simulation(locked, State.NEEDS_SCHOOL_MAPPING)
        else:
            set_state(locked, State.NEEDS_SCHOOL_MAPPING, reason=f"{len(result.unmapped)} schools are not mapped yet.")


def _end_unchanged(sync: Sync, same: Sync) -> None:
    """Files, configuration and software are those of the last accepted sync: repeat its outcomes, created and updated as unchanged."""
    detail = same.detail
    counts = {kind: _unchanged(count) for kind, count in detail.counts.items()}
    by_school = {school: {kind: _unchanged(count) for kind, count in kinds.items()} for school, kinds in detail.by_school.items()}
    with transaction.atomic():
        locked = lock_claimed(sync)
        SyncDetail.objects.filter(sync=sync).update(
            counts=counts, by_school=by_school, findings=detail.findings, files=detail.files, notes=detail.notes,
            thresholds={kind: {"update_share": 0.0, "deletion_share": 0.0} for kind in detail.thresholds},
        )  # fmt: skip
        for name in ("artifacts", "digest", "software", "rows_in_files", "rows_accepted", "error_count", "issue_count", "base_version"):
            setattr(sync, name, getattr(same, name))
        sync.repeats = same
        sync.save(
            update_fields=[
                "artifacts",
                "digest",
                "software",
                "rows_in_files",
                "rows_accepted",
                "error_count",
                "issue_count",
                "base_version",
                "repeats",
            ]
        )
        set_state(locked, State.NO_CHANGES, reason=f"Files and configuration are those of sync {same.pk}.")


def _unchanged(count: dict[str, int]) -> dict[str, int]:
    moved = count["created"] + count["updated"]
    return {**count, "created": 0, "updated": 0, "unchanged": count["unchanged"] + moved, "deleted": 0}


def _end_cancelled(sync: Sync) -> None:
    """End a sync that somebody asked to cancel; one that another worker has is left to it."""
    with transaction.atomic():
        asked = Sync.unscoped.select_for_update().filter(pk=sync.pk, attempt=sync.attempt, state=State.RUNNING, cancel_requested=True)
        if locked := asked.first():
            transaction.on_commit(partial(remove_artifacts, locked.artifacts))
            locked.artifacts = ""
            locked.save(update_fields=["artifacts"])
            set_state(locked, State.CANCELLED, reason="Cancelled before anything was applied.")


def _fail(sync: Sync, problems: list[FileProblem], sentence: str = "") -> None:
    """End the sync as failed: nothing was applied. What is wrong with the files is kept as findings; refused files are not kept at all."""
    prefix = ""
    if problems:
        sentence = " ".join(say_file_problem(problem).message for problem in problems[:3]) + (
            f" And {len(problems) - 3} more." if len(problems) > 3 else ""
        )
        with scratch_folder() as folder:
            changeset.write_findings(folder, gather(as_findings(problems)).assign(name="", school=""), otherwise="error")
            prefix = f"syncs/{sync.district_id}/{sync.pk}-{sync.attempt}-failed"
            store_folder(folder, prefix)
    with transaction.atomic():
        locked = Sync.unscoped.select_for_update().filter(pk=sync.pk, attempt=sync.attempt, state__in=CLAIMED).first()
        if locked is None:
            return
        locked.failure, locked.artifacts, locked.error_count = sentence, prefix, len(problems)
        locked.save(update_fields=["failure", "artifacts", "error_count"])
        set_state(locked, State.FAILED, reason=sentence)
        tell_failed(locked)
    if any(problem.severity == "refused" for problem in problems):
        _drop_files(sync)


def _drop_files(sync: Sync) -> None:
    """Take the bytes of a refused delivery out of storage, unless a delivery of the district that was not refused holds the same content."""
    syncs = Sync.unscoped.filter(delivery=OuterRef("delivery"))
    in_use = StoredFile.objects.of(sync.district_id).filter(~Exists(syncs) | Exists(syncs.exclude(state=State.FAILED)))
    for file in sync.delivery.files.all():
        if not in_use.filter(sha256=file.sha256).exists():
            remove(file.stored_as)

"""The states of a sync and the one table of moves between them.

Source: the rules of holding and approving.
"""

from django.db import models


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    NEEDS_SCHOOL_MAPPING = "needs_school_mapping", "Needs school mapping"
    HELD = "held", "Held"
    APPLYING = "applying", "Applying"
    COMPLETED = "completed", "Completed"
    COMPLETED_WITH_ISSUES = "completed_with_issues", "Completed with issues"
    NO_CHANGES = "no_changes", "No changes"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"
    SUPERSEDED = "superseded", "Superseded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    ROLLED_BACK = "rolled_back", "Rolled back"
    SIMULATED = "simulated", "Simulated"  # a simulation has ended; no import ever ends so


class HoldKind(models.TextChoices):
    PREVIEW = "preview", "Preview"
    THRESHOLD = "threshold", "Threshold"
    EMPTY_FILE = "empty_file", "Empty or cut-off file"


class SyncKind(models.TextChoices):
    """What a sync makes its change set of: a delivery, another sync that it undoes, or the part of another that was not approved with the rest."""

    IMPORT = "import", "Import"
    ROLLBACK = "rollback", "Rollback"
    REST = "rest", "Rest of a sync"


_S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    _S.QUEUED: frozenset({_S.RUNNING, _S.CANCELLED, _S.SUPERSEDED, _S.NO_CHANGES}),  # no changes: a run that no new files had come for
    _S.RUNNING: frozenset({_S.QUEUED, _S.NEEDS_SCHOOL_MAPPING, _S.HELD, _S.APPLYING, _S.NO_CHANGES, _S.FAILED, _S.CANCELLED, _S.SIMULATED}),
    _S.NEEDS_SCHOOL_MAPPING: frozenset({_S.QUEUED, _S.CANCELLED, _S.SUPERSEDED, _S.EXPIRED}),
    _S.HELD: frozenset({_S.QUEUED, _S.REJECTED, _S.EXPIRED, _S.SUPERSEDED}),
    _S.APPLYING: frozenset({_S.COMPLETED, _S.COMPLETED_WITH_ISSUES, _S.QUEUED, _S.FAILED}),
    _S.COMPLETED: frozenset({_S.ROLLED_BACK}),
    _S.COMPLETED_WITH_ISSUES: frozenset({_S.ROLLED_BACK}),
    _S.NO_CHANGES: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.SUPERSEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.ROLLED_BACK: frozenset({_S.COMPLETED, _S.COMPLETED_WITH_ISSUES}),  # its rollback was rolled back
    _S.SIMULATED: frozenset(),
}

WORKING = frozenset({_S.QUEUED, _S.RUNNING, _S.APPLYING})  # a worker has it or will have it
CLAIMED = frozenset({_S.RUNNING, _S.APPLYING})  # a worker has it, under a lease
WAITING = frozenset({_S.NEEDS_SCHOOL_MAPPING, _S.HELD})  # a person must decide
ACCEPTED = frozenset({_S.COMPLETED, _S.COMPLETED_WITH_ISSUES})
CANCELLABLE = frozenset({_S.QUEUED, _S.RUNNING, _S.NEEDS_SCHOOL_MAPPING})
FINAL = frozenset(state for state in State if state not in WORKING | WAITING)

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import District
from accounts.scoping import DistrictManager, DistrictOwned
from imports.states import ACCEPTED, WAITING, WORKING, HoldKind, State, SyncKind


class SyncManager(DistrictManager["Sync"]):
    """Syncs of a district; simulations change nothing and are no part of its history, so they must be asked for."""

    def of(self, district: District | int) -> "models.QuerySet[Sync]":
        """The imports of one district."""
        return super().of(district).filter(is_simulation=False)

    def all_of(self, district: District | int) -> "models.QuerySet[Sync]":
        """The imports and simulations of one district."""
        return super().of(district)


class Sync(DistrictOwned):
    """One run of one app over one delivery under one configuration version.

    Its state is moved by `imports.services.set_state` alone. `attempt` is the fencing token: a worker whose attempt is no longer the sync's writes nothing.
    """

    app = models.ForeignKey("imports.ImportApp", on_delete=models.CASCADE, related_name="syncs")
    delivery = models.ForeignKey("imports.Delivery", on_delete=models.PROTECT, related_name="syncs")
    config = models.ForeignKey("imports.ConfigVersion", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=32, choices=State.choices, default=State.QUEUED)
    kind = models.CharField(max_length=16, choices=SyncKind.choices, default=SyncKind.IMPORT)
    undoes = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="rollbacks", help_text="of a rollback"
    )
    rest_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="rests", help_text="the sync it was held back from"
    )
    scope = models.JSONField(null=True, blank=True, help_text="the part it is limited to, see records.part.Part; null for all")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # the worker's claim
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0, help_text="workers that fell silent while they had it")
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    approved = models.BooleanField(default=False, help_text="a person approved the held change set")

    # progress, from real counters
    stage = models.CharField(max_length=64, blank=True)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)

    # what it decided
    base_version = models.BigIntegerField(null=True, blank=True, help_text="version of the live roster the difference was made against")
    hold_kind = models.CharField(max_length=16, choices=HoldKind.choices, blank=True)
    hold_detail = models.TextField(blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="when people were reminded that it waits")
    applied_version = models.BigIntegerField(null=True, blank=True, help_text="version of the live roster that its apply made")
    artifacts = models.CharField(max_length=200, blank=True, help_text="folder in storage of the change set and outcomes")
    rows_in_files = models.BigIntegerField(default=0)
    rows_accepted = models.BigIntegerField(default=0)
    error_count = models.BigIntegerField(default=0)
    issue_count = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True, help_text="why it failed, in a sentence for the admin")
    duration_seconds = models.FloatField(null=True, blank=True)
    peak_memory_mb = models.FloatField(null=True, blank=True)
    repeats = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    software = models.CharField(max_length=32, blank=True, help_text="version of the rules that decided")
    digest = models.CharField(max_length=64, blank=True, help_text="of files, configuration and software: equal digests need no work")

    # a simulation: the same work, but nothing is applied
    is_simulation = models.BooleanField(default=False)
    is_rehearsal = models.BooleanField(
        default=False, help_text="a simulation of the new year's files, which deletes whatever they leave out"
    )
    trial_document = models.JSONField(null=True, blank=True, help_text="the configuration a simulation obeys, where it is no saved version")
    would_end = models.CharField(max_length=32, choices=State.choices, blank=True, help_text="the state in which the sync would have ended")

    objects: ClassVar[SyncManager] = SyncManager()
    unscoped: ClassVar["models.Manager[Sync]"] = models.Manager()

    class Meta(DistrictOwned.Meta):
        indexes = [
            models.Index(fields=["district", "-created_at"], name="sync_newest"),
            models.Index(fields=["state", "lease_until"], name="sync_sweep"),
        ]
        constraints = [
            models.UniqueConstraint("district", condition=Q(state__in=["running", "applying"]), name="one_sync_per_district"),
        ]

    def __str__(self) -> str:
        return f"sync {self.pk}"

    @property
    def noun(self) -> str:
        """What the screens call it."""
        return "Rehearsal" if self.is_rehearsal else "Simulation" if self.is_simulation else "Sync"

    @property
    def ends_as(self) -> str:
        """Its state; of a simulation that has ended, the one in which the import would have ended."""
        return self.would_end or self.state

    @property
    def document(self) -> dict[str, Any]:
        """The configuration document it obeys."""
        return self.trial_document if self.trial_document is not None else self.config.document

    @property
    def is_working(self) -> bool:
        return State(self.state) in WORKING

    @property
    def is_waiting(self) -> bool:
        return State(self.state) in WAITING

    @property
    def is_accepted(self) -> bool:
        return State(self.state) in ACCEPTED


class SyncDetail(models.Model):
    """The larger parts of a sync's result, apart so that lists of syncs stay light.

    counts: record type -> count name -> rows. by_school: organization key -> record type -> count name -> rows; key "" is no school.
    findings: [{code, outcome, record_type, count}]. thresholds: record type or "all" -> {update_share, deletion_share}.
    excesses: [{scope: type|school|file, name, what, rows, live_before, limit, unit}]: what was over its limit.
    causes: what changes by cause and field, see imports.steps.causes. churn: record type -> pairs of deleted and created that look like one person.
    rekeys: record type -> {new key: old key}: pairs that a person took for the same one. conflicts: of a rollback, records that later syncs changed again.
    processed: name of a processed file -> sha256 of what was downloaded first.
    files: [{name, rows, encoding, sha256, mode, size, headers}]. unmapped: [{source_id, name, identifier, rows}]. warnings: file-level findings.
    """

    sync = models.OneToOneField(Sync, on_delete=models.CASCADE, related_name="detail", primary_key=True)
    counts = models.JSONField(default=dict)
    by_school = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    thresholds = models.JSONField(default=dict)
    files = models.JSONField(default=list)
    unmapped = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    excesses = models.JSONField(default=list)
    causes = models.JSONField(default=list)
    churn = models.JSONField(default=dict)
    rekeys = models.JSONField(default=dict)
    conflicts = models.JSONField(default=list)
    processed = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"detail of {self.sync_id}"


class Transition(models.Model):
    """One change of state of a sync: who, when, why."""

    sync = models.ForeignKey(Sync, on_delete=models.CASCADE, related_name="transitions")
    from_state = models.CharField(max_length=32, blank=True)
    to_state = models.CharField(max_length=32, choices=State.choices)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"

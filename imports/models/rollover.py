from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.scoping import DistrictOwned


class Rollover(DistrictOwned):
    """What a district holds back between two school years: imports for a period, and deletions for as long as the switch is on.

    One row per district, made when something is first held back. What it decides is asked in `imports.selectors.rollover`.
    """

    suspends_from = models.DateTimeField(null=True, blank=True, help_text="from then on nothing is imported; null for no period")
    suspends_until = models.DateTimeField(null=True, blank=True, help_text="from then on imports go on")
    disables_deletion = models.BooleanField(default=False, help_text="what would be deleted is kept")
    deletion_changed_at = models.DateTimeField(null=True, blank=True, help_text="when deletion was last disabled or enabled again")

    class Meta(DistrictOwned.Meta):
        indexes: ClassVar = [models.Index(fields=["suspends_until"], name="rollover_ends")]
        constraints: ClassVar = [
            models.UniqueConstraint("district", name="rollover_once"),
            models.CheckConstraint(
                condition=Q(suspends_from__isnull=True, suspends_until__isnull=True) | Q(suspends_from__lte=F("suspends_until")),
                name="rollover_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"rollover of district {self.district_id}"


class Rehearsal(DistrictOwned):
    """The live roster against which the new year's files were rehearsed: what each school had then. The simulation itself is a `Sync`.

    live_before: organization key -> record type -> live records.
    """

    sync = models.OneToOneField("imports.Sync", on_delete=models.CASCADE, related_name="rehearsal")
    live_before = models.JSONField(default=dict)

    class Meta(DistrictOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"rehearsal {self.sync_id}"

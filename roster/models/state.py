from django.db import models

from accounts.scoping import DistrictOwned


class RosterState(DistrictOwned):
    """One row per district: the roster's version, raised by every apply, and its counts, so that no page counts a million rows."""

    version = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True, help_text="record type -> live records")
    by_school = models.JSONField(default=dict, blank=True, help_text="organization key -> record type -> live records")

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", name="roster_state_once")]

    def __str__(self) -> str:
        return f"version {self.version}"

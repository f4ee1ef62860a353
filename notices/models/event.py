from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.scoping import DistrictOwned
from notices.kinds import KINDS


class Event(DistrictOwned):
    """Something that happened and is to be told: the outbox. Written by `notices.services.emit` in the transaction of the act itself.

    `facts` hold numbers and words only, no personal data. `subject_url` is a path of the portal. `uid` is what receivers know it by.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=32)
    subject_url = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    once_key = models.CharField(max_length=200, blank=True, help_text="an event of the same key in the district is not told again")
    at = models.DateTimeField(default=timezone.now)
    fanned_out_at = models.DateTimeField(null=True, blank=True, help_text="when it was decided who is told")

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "once_key", condition=~Q(once_key=""), name="event_once")]
        indexes = [models.Index(fields=["at"], condition=Q(fanned_out_at=None), name="event_outbox")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def title(self) -> str:
        """Its kind in words."""
        return KINDS[self.kind].title if self.kind in KINDS else self.kind

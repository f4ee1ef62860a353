from uuid import uuid4

from django.db import models
from django.utils import timezone

from accounts.scoping import DistrictOwned


class Webhook(DistrictOwned):
    """An address that is told of events. Its secret is not stored: `notices.services.secrets` derives it from the portal's key and `nonce`.

    `mark` tells whether the derived secret is still the one that was shown.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)
    events = models.JSONField(default=list, help_text="names of the kinds it is told")
    is_on = models.BooleanField(default=True)
    nonce = models.CharField(max_length=64)
    mark = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictOwned.Meta):
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url

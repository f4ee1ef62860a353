from django.db import models

from accounts.scoping import DistrictOwned


class AuditEvent(DistrictOwned):
    """Who did what, when. Only ever added to, through `accounts.services.audit.record_event`."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    actor_label = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=254, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta(DistrictOwned.Meta):
        indexes = [models.Index(fields=["district", "-at"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.target}"

from django.db import models

from accounts.scoping import DistrictOwned


class Role(models.TextChoices):
    """What a member may do; each role may do all that the one after it may, but approver and editor differ (see `Membership`)."""

    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    APPROVER = "approver", "Approver"
    VIEWER = "viewer", "Viewer"


CAN_ADMINISTER = {Role.OWNER}
CAN_EDIT = {Role.OWNER, Role.EDITOR}
CAN_APPROVE = {Role.OWNER, Role.APPROVER}


class Membership(DistrictOwned):
    """A person's role in one district.

    Owner: everything, people included. Editor: uploads, configuration, cancelling. Approver: approves and rejects held syncs. Viewer: reads.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    invited_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "user", name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def can_administer(self) -> bool:
        return self.role in CAN_ADMINISTER

    @property
    def can_edit(self) -> bool:
        return self.role in CAN_EDIT

    @property
    def can_approve(self) -> bool:
        return self.role in CAN_APPROVE

from django.db import models
from django.utils import timezone

from accounts.scoping import DistrictOwned


class Notice(DistrictOwned):
    """One event on its way to one receiver: a person's mailbox or a webhook.

    `claim` names the worker's hold on it until `claimed_until`; whoever does not hold it neither sends nor writes. `to` is the address as it was.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"
        DROPPED = "dropped", "Not sent"  # the receiver went away or opted out meanwhile

    event = models.ForeignKey("notices.Event", on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    person = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    webhook = models.ForeignKey("notices.Webhook", null=True, blank=True, on_delete=models.SET_NULL, related_name="notices")
    to = models.CharField(max_length=500)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now, help_text="when it is tried next")
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="of a webhook's answer")
    last_error = models.CharField(max_length=200, blank=True)

    class Meta(DistrictOwned.Meta):
        constraints = [
            models.UniqueConstraint("event", "person", name="notice_once_per_person"),
            models.UniqueConstraint("event", "webhook", name="notice_once_per_webhook"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="notice_due"),
            models.Index(fields=["district", "-created_at", "-id"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.to}"


class Attempt(models.Model):
    """One try to send a notice. `status` and `answer` (at most 200 characters) are what a webhook's receiver said; no more of it is kept."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    is_ok = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"try of {self.notice_id}"

from django.core.validators import MaxValueValidator
from django.db import models

from accounts.scoping import DistrictOwned

DIGEST_HOUR = 7
REMINDER_HOURS = 24


class NoticeSettings(DistrictOwned):
    """What a district tells its people; one row, made when it is first saved. `groups`: group -> on or off, the default for everybody.

    A group that is not in `groups` is on.
    """

    groups = models.JSONField(default=dict)
    digest_on = models.BooleanField(default=True)
    digest_hour = models.PositiveSmallIntegerField(
        default=DIGEST_HOUR, validators=[MaxValueValidator(23)], help_text="in the district's zone"
    )
    reminder_hours = models.PositiveSmallIntegerField(default=REMINDER_HOURS, null=True, blank=True, help_text="null: nobody is reminded")

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", name="notice_settings_once")]

    def __str__(self) -> str:
        return f"notices of {self.district_id}"


class ExpectedDelivery(DistrictOwned):
    """Within how many hours of the last delivery of an app the next is expected; no row, nothing is. `app` is the app's kind."""

    app = models.CharField(max_length=32)
    hours = models.PositiveIntegerField()
    since = models.DateTimeField(help_text="when it was set: counts from here at the earliest")

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "app", name="expected_delivery_once")]

    def __str__(self) -> str:
        return f"{self.app} every {self.hours} h"


class PersonSettings(DistrictOwned):
    """What one person chose to be told in a district: group -> on or off. Whoever has no row follows the district."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    groups = models.JSONField(default=dict)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "user", name="person_settings_once")]

    def __str__(self) -> str:
        return f"notices of {self.user_id} in {self.district_id}"


class DigestTurn(DistrictOwned):
    """The last day whose digest was looked after, and up to when changes were reported (null: never)."""

    day = models.DateField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", name="digest_turn_once")]

    def __str__(self) -> str:
        return f"digest of {self.day}"

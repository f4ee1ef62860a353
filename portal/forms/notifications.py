"""What a district tells its people, and its webhooks."""

from typing import Any

from django import forms

from accounts.forms.fields import StyledForm
from notices.kinds import GROUPS, OFFERED
from notices.services.save_settings import Chosen

MOST_HOURS = 24 * 90
EXPECTED = "expected_"


class NotificationsForm(StyledForm):
    """Groups, the digest and its hour, the reminder, and within how many hours each app's next delivery is expected."""

    groups = forms.MultipleChoiceField(required=False, choices=[(group.name, group.title) for group in GROUPS])
    digest_on = forms.BooleanField(label="Daily digest", required=False)
    digest_hour = forms.TypedChoiceField(
        label="Hour of the digest",
        coerce=int,
        choices=[(hour, f"{hour % 12 or 12}:00 {'AM' if hour < 12 else 'PM'}") for hour in range(24)],
    )
    reminder_hours = forms.IntegerField(
        label="Remind after hours",
        required=False,
        min_value=1,
        max_value=MOST_HOURS,
        help_text="A sync that is still held after so many hours is told again, once. Empty: no reminder.",
    )

    def __init__(self, *args: Any, apps: list[tuple[str, str]], zone: str, **kwargs: Any) -> None:
        """Add a field for each active app: (kind, label), and say whose clock strikes the hour."""
        super().__init__(*args, **kwargs)
        self.apps = apps
        self.fields["digest_hour"].help_text = f"By the clock of {zone}."
        for kind, label in apps:
            self.fields[EXPECTED + kind] = forms.IntegerField(
                label=f"{label}: expect a delivery within hours",
                required=False,
                min_value=1,
                max_value=MOST_HOURS,
                widget=forms.NumberInput(attrs={"class": "form-control"}),
                help_text="Counted from the last delivery. If none arrives in time, it is told once. Empty: nothing is expected.",
            )

    @property
    def expected(self) -> list[forms.BoundField]:
        """The fields of the apps."""
        return [self[EXPECTED + kind] for kind, _ in self.apps]

    def chosen(self) -> Chosen:
        """What was chosen; of a valid form."""
        values = self.cleaned_data
        return Chosen(
            groups={group.name: group.name in values["groups"] for group in GROUPS},
            digest_on=values["digest_on"],
            digest_hour=values["digest_hour"],
            reminder_hours=values["reminder_hours"],
            expected={kind: values[EXPECTED + kind] for kind, _ in self.apps},
        )


class WebhookForm(StyledForm):
    """Where a webhook goes, what it is told, and whether it is on."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.org/portal", "autocomplete": "off", "spellcheck": "false"}),
        help_text="An https address of the open internet. Redirects are not followed.",
    )
    events = forms.MultipleChoiceField(label="Events", choices=[(kind.name, kind.title) for kind in OFFERED], required=False)
    is_on = forms.BooleanField(label="On", required=False)

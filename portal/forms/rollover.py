"""What a district holds back between two school years."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.fields import StyledForm

TYPED = "%Y-%m-%dT%H:%M"  # as browsers send a date and time
CLOCKS_CHANGE = "The clocks are changed in that hour, so this time comes twice or not at all. Choose another one."


class MomentField(forms.DateTimeField):
    """A date and time by the clock of the current time zone, which the caller activates."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TYPED)
        super().__init__(widget=widget, input_formats=[TYPED, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **options)

    def to_python(self, value: Any) -> datetime | None:
        """The moment; an hour in which the clocks are changed is refused in plain words."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code == "ambiguous_timezone":
                raise ValidationError(CLOCKS_CHANGE, code=error.code) from error
            raise


class SuspensionForm(StyledForm):
    """Whether imports are suspended, and the period."""

    is_on = forms.BooleanField(required=False)
    starts = MomentField(label="Start", required=False, error_messages={"invalid": "This is no date and time."})
    ends = MomentField(label="End", required=False, error_messages={"invalid": "This is no date and time."})

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        """Say whose clock counts."""
        super().__init__(*args, **kwargs)
        self.fields["starts"].help_text = f"By the clock of {zone}. Empty: at once."
        self.fields["ends"].help_text = "Imports resume by themselves at this moment."

    def clean(self) -> dict[str, Any]:
        """A period needs its end, and the switch."""
        values = super().clean() or {}
        if values.get("is_on") and not values.get("ends") and "ends" not in self.errors:
            self.add_error("ends", "Say when imports resume.")
        return values


class DeletionForm(forms.Form):
    """Whether deletions are kept."""

    is_on = forms.BooleanField(required=False)

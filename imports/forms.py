"""What people fill in about syncs."""

from django import forms
from django.http import QueryDict

from records.attributes import RecordType

LONGEST_REASON = 1000  # characters


class ReasonForm(forms.Form):
    """Why a sync is approved, rejected or cancelled; may be left empty."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        required=False,
        strip=True,
        error_messages={"max_length": f"The reason is too long: at most {LONGEST_REASON:,} characters."},
    )


class FindingFilter(forms.Form):
    """The fields above the columns of Show Errors."""

    file = forms.CharField(max_length=64, required=False)
    kind = forms.CharField(max_length=64, required=False)
    message = forms.CharField(max_length=100, required=False)


class RowFilter(forms.Form):
    """What narrows a list of rows."""

    q = forms.CharField(max_length=100, required=False)
    school = forms.CharField(max_length=255, required=False, strip=False)
    changed = forms.CharField(max_length=255, required=False, strip=False)
    code = forms.CharField(max_length=64, required=False)


class DecisionForm(ReasonForm):
    """What a person decides about a held sync: the reason, the password where the sign-in is old, and the part, where only one is wanted.

    shown: the attempt whose difference the page showed.
    """

    shown = forms.IntegerField(required=False, min_value=0)
    password = forms.CharField(max_length=1000, required=False, strip=False)
    types = forms.MultipleChoiceField(choices=[(kind.value, kind.plural) for kind in RecordType], required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.schools = [key for key in data.getlist("schools") if key]

    @property
    def is_part(self) -> bool:
        """Whether only a part is wanted."""
        return bool(self.cleaned_data.get("types") or self.schools)


class NewSchoolName(forms.Form):
    """The name of a school that Schools Mapping creates."""

    name = forms.CharField(
        max_length=255,
        error_messages={
            "required": "Give the new school a name.",
            "max_length": "The name is too long: at most 255 characters.",
        },
    )

"""What people fill in about syncs."""

from django import forms

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
    school = forms.CharField(max_length=255, required=False)


class NewSchoolName(forms.Form):
    """The name of a school that Schools Mapping creates."""

    name = forms.CharField(
        max_length=255,
        error_messages={
            "required": "Give the new school a name.",
            "max_length": "The name is too long: at most 255 characters.",
        },
    )

"""Where an organization is and whom to ask there."""

from django import forms

from accounts.forms.fields import StyledForm
from portal.services.edit_organization import EDITABLE
from roster.models import Organization

LABELS = {"zip_code": "Zip code", "contact_name": "Contact", "contact_title": "Title", "contact_phone": "Phone", "contact_email": "Email"}


class OrganizationForm(StyledForm, forms.ModelForm):
    """The fields that people fill in; name and identifier come from the files."""

    class Meta:
        model = Organization
        fields = EDITABLE
        labels = LABELS

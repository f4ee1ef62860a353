"""What people fill in about the server of an SFTP app. The services check the values; a secret is never put back into a form."""

from django import forms

from imports.models import LandingZone
from imports.public_keys import MOST_BYTES
from imports.remote_server import LONGEST_PASSWORD

WAYS = LandingZone.SignIn.choices
_TEXT = 10_000  # characters; the rules are the services'


class _ServerForm(forms.Form):
    sign_in = forms.ChoiceField(
        choices=WAYS, error_messages={"required": "Choose how to sign in.", "invalid_choice": "Choose how to sign in."}
    )
    username = forms.CharField(required=False, max_length=_TEXT)
    password = forms.CharField(required=False, max_length=LONGEST_PASSWORD, strip=False)

    def explain(self, problems: dict[str, str]) -> None:
        """Put the sentences of a refusal to their fields."""
        for field, sentence in problems.items():
            self.add_error(field, sentence)


class SignInForm(_ServerForm):
    """Signing in to the portal's own server."""

    addresses = forms.CharField(required=False, max_length=_TEXT)


class RemoteServerForm(_ServerForm):
    """The district's own server."""

    host = forms.CharField(required=False, max_length=_TEXT)
    port = forms.CharField(required=False, max_length=_TEXT)
    path = forms.CharField(required=False, max_length=_TEXT)
    private_key = forms.CharField(required=False, max_length=MOST_BYTES, strip=False)


class PublicKeyForm(forms.Form):
    """A public key, as a file or pasted."""

    name = forms.CharField(required=False, max_length=200)
    pasted = forms.CharField(required=False, max_length=MOST_BYTES, strip=False)


class TryForm(forms.Form):
    """What Test Connection may try beside its own key."""

    password = forms.CharField(required=False, max_length=LONGEST_PASSWORD, strip=False)

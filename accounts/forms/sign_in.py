"""Sign-in, and choosing a password."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, PasswordResetForm, SetPasswordForm

from accounts.forms.fields import StyledForm
from accounts.models import User

WRONG = "This email and password do not match an account. Check both, or reset the password."


class SignInForm(StyledForm, AuthenticationForm):
    """Email and password. The answer is the same whether the email is unknown or the password wrong."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the name field an email field."""
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget = forms.EmailInput(attrs={"class": "form-control", "autocomplete": "username", "autofocus": True})

    def clean_username(self) -> str:
        """Write the email as it is kept, so that lock-out counts one mailbox once however it is typed."""
        return str(self.cleaned_data["username"]).strip().lower()


class ResetForm(StyledForm, PasswordResetForm):
    """The email of the account whose password was forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Focus the only field."""
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autofocus"] = True

    def get_users(self, email: str) -> Iterator[User]:
        """Find the account, also one that was invited and has no password yet: its first link may have died."""
        yield from User.objects.filter(email=email.strip().lower(), is_active=True)


class NewPasswordForm(StyledForm, SetPasswordForm):
    """A new password, twice."""


class ChangePasswordForm(StyledForm, PasswordChangeForm):
    """The old password and a new one, twice."""

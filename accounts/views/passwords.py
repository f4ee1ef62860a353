"""Forgotten, new and changed passwords; the link in an invitation leads here too."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from accounts.current import address_of, membership_not_required
from accounts.forms.sign_in import ChangePasswordForm, NewPasswordForm, ResetForm
from accounts.services.audit_person import record_event_of_person


@method_decorator(login_not_required, name="dispatch")
class ForgottenPasswordView(auth_views.PasswordResetView):
    """Asks for the email and sends the link. Says the same whether an account exists or not."""

    template_name = "accounts/password_forgotten.html"
    form_class = ResetForm
    subject_template_name = "mails/password_reset_subject.txt"
    email_template_name = "mails/password_reset.txt"
    html_email_template_name = "mails/password_reset.html"
    extra_email_context = {"base_url": settings.PORTAL_BASE_URL}  # not the Host header, which a stranger may forge
    success_url = reverse_lazy("accounts:password_sent")


@method_decorator(login_not_required, name="dispatch")
class PasswordSentView(auth_views.PasswordResetDoneView):
    """Says that a mail is on its way."""

    template_name = "accounts/password_sent.html"


@method_decorator(login_not_required, name="dispatch")
class SetPasswordView(auth_views.PasswordResetConfirmView):
    """What the link of a mail opens: choose a password. The link works once and for 24 hours."""

    template_name = "accounts/password_set.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("accounts:sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password and write it into the audit trail."""
        response = super().form_valid(form)
        record_event_of_person(person=form.user, action="password.set", address=address_of(self.request))
        messages.success(self.request, "Your password is set. Sign in with it.")
        return response


@method_decorator(membership_not_required, name="dispatch")
class ChangePasswordView(auth_views.PasswordChangeView):
    """Changes the password of the person who is signed in; other sessions of theirs end."""

    template_name = "accounts/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password and write it into the audit trail."""
        response = super().form_valid(form)
        record_event_of_person(person=form.user, action="password.changed", address=address_of(self.request))
        messages.success(self.request, "Your password is changed. You were signed out everywhere else.")
        return response

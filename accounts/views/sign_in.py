"""Signing in and out, and what a person sees who failed too often."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_cool_off
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator

from accounts.current import membership_not_required
from accounts.forms.sign_in import SignInForm


@method_decorator(login_not_required, name="dispatch")
class SignInView(auth_views.LoginView):
    """The first page: email and password."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@method_decorator(membership_not_required, name="dispatch")
class SignOutView(auth_views.LogoutView):
    """Ends the session; POST only."""

    next_page = "accounts:sign_in"


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer a person who is locked out (429) and say when they may try again. django-axes calls it."""
    wait = get_cool_off(request) or timedelta()
    minutes = max(1, round(wait.total_seconds() / 60))
    response = render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(round(wait.total_seconds()))
    return response

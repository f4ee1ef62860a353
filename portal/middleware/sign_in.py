"""Closed by default, and a part of a page that is asked for after the session has ended leads the whole page to the sign-in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect


class SignInMiddleware(LoginRequiredMiddleware):
    """Let nobody in who is not signed in, but where a view says so with @login_not_required."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        """Lead to the sign-in, and from there back to the page one was on."""
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = page._replace(scheme="", netloc="", fragment="").geturl() or "/"
        return HttpResponseClientRedirect(redirect_to_login(back, self.get_login_url(view_func)).url)

"""Ask again for the password before what matters most, where the sign-in lies some time back."""

import time

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

SESSION_KEY = "confirmed_at"
SECONDS_PER_MINUTE = 60


def note_confirmed(request: HttpRequest) -> None:
    """The person of the session has just shown that they know the password."""
    if hasattr(request, "session"):
        request.session[SESSION_KEY] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether the password was given within the minutes of the setting; a session that does not know when is not fresh."""
    confirmed = request.session.get(SESSION_KEY)
    if not isinstance(confirmed, int | float):
        return False
    limit: int = settings.PORTAL_REAUTH_MINUTES * SECONDS_PER_MINUTE
    return 0 <= time.time() - confirmed <= limit


def confirm_password(request: HttpRequest, password: str) -> bool:
    """Check the password of the signed-in person, and remember when it was right.

    A wrong one counts as a failed sign-in does: after too many the person is locked out for a while.
    """
    if not request.user.is_authenticated or not password:
        return False
    person = authenticate(request, username=request.user.get_username(), password=password)
    if person is None or person.pk != request.user.pk:
        return False
    note_confirmed(request)
    return True

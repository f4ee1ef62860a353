"""The tabs of the Administration page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

TABS = (
    ("Organizations", "administration"),
    ("Notifications", "notifications"),
    ("Data Rollover", "rollover"),
    ("People and roles", "people"),
    ("Audit trail", "audit"),
)


def search_text(request: HttpRequest) -> str:
    """Return what is searched for; no database takes the null character."""
    return request.GET.get("q", "").replace("\0", "").strip()


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs for components/tabs.html; `current` is the URL name of the open one."""
    return [{"title": title, "url": reverse(name), "is_current": name == current} for title, name in TABS]

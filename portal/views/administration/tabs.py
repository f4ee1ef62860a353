"""The tabs of the Administration page."""

from typing import Any

from django.urls import reverse

TABS = (("Organizations", "administration"), ("People and roles", "people"), ("Audit trail", "audit"))


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs for components/tabs.html; `current` is the URL name of the open one."""
    return [{"title": title, "url": reverse(name), "is_current": name == current} for title, name in TABS]

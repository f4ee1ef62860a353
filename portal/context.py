"""What the frame of every page needs: the navigation, and what waits for a decision."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from imports.models import Sync
from imports.states import WAITING


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the left navigation. It is lit on every page whose path begins with one of `paths`."""

    title: str
    short: str  # for the bottom bar of small screens
    icon: str
    url_name: str
    paths: tuple[str, ...]


NAVIGATION = (
    NavigationItem("Home", "Home", "home", "home", ("/apps/",)),
    NavigationItem("Application Gallery", "Gallery", "gallery", "gallery", ("/gallery/",)),
    NavigationItem("Data Sync History", "History", "history", "history", ("/history/",)),
    NavigationItem("Data Quality", "Quality", "quality", "quality", ("/quality/",)),
    NavigationItem("Data Browsing", "Browse", "browse", "browse", ("/browse/",)),
    NavigationItem("Administration", "Admin", "administration", "administration", ("/administration/",)),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of templates/base.html; nothing for people who are not signed in or have no district."""
    district = getattr(request, "district", None)
    if district is None:
        return {}
    waiting = Sync.objects.of(district).filter(state__in=WAITING).count()
    return {
        "district": district,
        "membership": request.membership,  # type: ignore[attr-defined]
        "memberships": request.memberships,  # type: ignore[attr-defined]
        "navigation": [
            {
                "title": item.title,
                "short": item.short,
                "icon": item.icon,
                "url": reverse(item.url_name),
                "is_current": request.path == reverse(item.url_name) or request.path.startswith(item.paths),
                "badge": waiting if item.url_name == "history" else 0,
            }
            for item in NAVIGATION
        ],
    }

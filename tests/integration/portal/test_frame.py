"""What every page shares: closed by default, the navigation, the pages of errors, and nothing inline."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from tests.integration.accounts.people import signed_in

OPEN = {
    "healthz",
    "readyz",
    "favicon.ico",
    "robots.txt",
    "sign-in/",
    "password/forgotten/",
    "password/sent/",
    "password/set/<uidb64>/<token>/",
}


def routes(resolver: URLResolver, prefix: str = ""):
    """Every address of the portal with its view."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern, route)


def test_every_address_demands_a_sign_in_but_those_that_are_meant_to_be_open():
    found = {route for route, view in routes(get_resolver()) if not getattr(view, "login_required", True)}
    assert found == OPEN


@pytest.mark.parametrize("name", ["home", "gallery", "history", "quality", "browse", "administration", "people", "audit", "help"])
def test_who_is_not_signed_in_is_led_to_sign_in_and_back(db, name):
    url = reverse(name)
    assert Client().get(url).url == f"/sign-in/?next={url}"


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("home", "Home"),
        ("gallery", "Application Gallery"),
        ("history", "Data Sync History"),
        ("quality", "Data Quality"),
        ("browse", "Data Browsing"),
        ("administration", "Administration"),
        ("audit", "Administration"),
    ],
)
def test_the_navigation_has_six_entries_that_answer_and_says_where_one_is(members, name, entry):
    client = signed_in(members[Role.VIEWER])
    navigation = client.get(reverse(name)).context["navigation"]
    assert [each["title"] for each in navigation if each["is_current"]] == [entry]
    assert len(navigation) == 6
    assert [client.get(each["url"]).status_code for each in navigation] == [200] * 6


@pytest.mark.parametrize("name", ["home", "gallery", "administration", "people", "audit", "help", "accounts:password_change"])
def test_pages_have_a_language_a_title_one_heading_and_a_strict_policy(members, name):
    response = signed_in(members[Role.OWNER]).get(reverse(name))
    page = response.content.decode()
    assert '<html lang="en"' in page
    assert re.search(r"<title>\S.* · Roster Portal</title>", page)
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert re.search(r'(?:src|href|action)="(?:https?:)?//', page) is None, "a page must fetch nothing from elsewhere"


def test_ids_are_unique_on_the_page_with_the_most_dialogs(members):
    page = signed_in(members[Role.OWNER]).get(reverse("people")).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_missing_page_says_so_in_plain_words(members):
    response = signed_in(members[Role.OWNER]).get("/nothing/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_a_lacking_role_is_explained(members):
    response = signed_in(members[Role.VIEWER]).post(reverse("invite"), {})
    page = response.content.decode()
    assert response.status_code == 403
    assert "You are a viewer in Maple Valley. Ask an owner to do it" in page


def test_a_form_without_its_token_is_explained(members):
    client = Client(enforce_csrf_checks=True)
    client.force_login(members[Role.OWNER].user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(reverse("invite"), {"email": "ana@maple.example", "role": "viewer"})
    assert response.status_code == 403
    assert "This page was open too long" in response.content.decode()


def test_a_fault_of_the_portal_shows_a_page_that_needs_nothing_to_work(members, monkeypatch):
    def crash(*args):
        raise RuntimeError("secret detail")

    client = signed_in(members[Role.OWNER])
    client.raise_request_exception = False
    monkeypatch.setattr("portal.views.home.tiles_of", crash)
    response = client.get("/")
    page = response.content.decode()
    assert response.status_code == 500
    assert "Something went wrong here" in page
    assert "secret detail" not in page


def test_robots_stay_out_and_the_icon_is_found(db):
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    assert Client().get("/favicon.ico").url == f"{settings.STATIC_URL}favicon.svg"


def test_an_unreadable_time_zone_falls_back_to_utc(members, district):
    district.time_zone = "Mars/Olympus"
    district.save()
    client = signed_in(members[Role.OWNER])
    assert " UTC" in client.get(reverse("audit")).content.decode()
    assert b"+00:00" in b"".join(client.get(reverse("audit_csv")))

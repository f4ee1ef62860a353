"""How numbers, shares, sizes and times are written, and that the parts of pages render."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from imports.states import State
from portal.templatetags import portal_ui
from records.outcomes import MARKS, OUTCOMES

pytestmark = pytest.mark.no_database
NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("value", "text"), [(4210, "4,210"), (0, "0"), (1_000_000, "1,000,000"), (None, ""), ("", ""), ("many", "many")])
def test_numbers_are_grouped(value, text):
    assert portal_ui.grouped(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (412, 4210, "9.8 %"),
        (0, 10, "0.0 %"),
        (10, 10, "100.0 %"),
        (1, 1_000_000, "under 0.1 %"),
        (999_999, 1_000_000, "over 99.9 %"),
        (5, 0, "–"),
        (None, 3, "–"),
        (35, None, "35.0 %"),
    ],
)
def test_shares_have_one_decimal_and_never_round_to_nothing_or_all(part, whole, text):
    assert portal_ui.share(part, whole) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (20_480, "20.5 kB"), (312_000_000, "312 MB"), (5 * 10**15, "5,000 TB"), (None, "")],
)
def test_sizes_have_units(size, text):
    assert portal_ui.filesize(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.24, "0.2 s"), (42, "42 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (3723, "1 h 2 min"), (None, "")]
)
def test_spans_of_time_have_two_units(seconds, text):
    assert portal_ui.duration(seconds) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=40), "1 minute ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(minutes=59, seconds=40), "1 hour ago"),
        (timedelta(hours=23, minutes=50), "1 day ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(hours=-2), "in 2 hours"),
        (timedelta(days=10), "Aug 4"),
        (timedelta(days=400), "Jul 10, 2025"),
    ],
)
def test_times_are_said_in_words(ago, text):
    assert portal_ui.in_words(NOW - ago, NOW) == text


def test_a_time_carries_the_exact_one_in_the_districts_zone():
    context = Context({"district": SimpleNamespace(time_zone="America/New_York"), "at": NOW})
    html = Template('{% load portal_ui %}{% time at "exact" %}').render(context)
    assert html == ('<time datetime="2026-08-14T08:00:00-04:00" title="Aug 14, 2026, 8:00 AM EDT">Aug 14, 2026, 8:00 AM EDT</time>')


def test_a_missing_time_is_never():
    assert Template("{% load portal_ui %}{% time at %}").render(Context({"at": None})) == '<span class="faint">never</span>'


@pytest.mark.parametrize("outcome", [*OUTCOMES, *MARKS])
def test_a_pill_of_an_outcome_has_icon_word_and_count(outcome):
    html = render_to_string("components/pill.html", {"outcome": outcome, "count": 1200})
    assert f"pill o-{outcome}" in html
    assert f"icons.svg#{portal_ui.outcome_icon(outcome)}" in html
    assert f"1,200</span> {outcome}" in html
    assert outcome.capitalize() in render_to_string("components/pill.html", {"outcome": outcome})


@pytest.mark.parametrize("state", State)
def test_a_pill_of_a_state_has_icon_and_word(state):
    html = render_to_string("components/pill.html", {"state": state.value})
    assert f"icons.svg#{portal_ui.STATE_LOOKS[state][1]}" in html
    assert state.label in html


def test_a_number_links_to_what_it_counts_unless_it_is_nothing():
    assert '<a class="number" href="/x/">4,210</a>' in render_to_string("components/number.html", {"value": 4210, "url": "/x/"})
    assert render_to_string("components/number.html", {"value": 0, "url": "/x/"}).strip() == '<span class="number is-zero">0</span>'
    assert "–" in render_to_string("components/number.html", {"value": None})


def test_tabs_carry_counts_and_say_which_is_open():
    tabs = [
        {"title": "A", "url": "/a/", "is_current": True, "count": 1200, "tone": "bad"},
        {"title": "B", "url": "/b/", "is_current": False},
    ]
    html = render_to_string("components/tabs.html", {"tabs": tabs, "label": "Parts"})
    assert '<a href="/a/" aria-current="page">A<span class="count-badge tone-bad">1,200</span></a>' in html
    assert '<a href="/b/">B</a>' in html


def test_the_pager_keeps_the_other_parameters():
    request = RequestFactory().get("/x/", {"q": "a&b", "page": "2"})
    page = Paginator(range(5000), 50).page(2)
    html = Template('{% include "components/pager.html" with things="records" %}').render(Context({"request": request, "page": page}))
    assert "51–100 of 5,000 records" in html
    assert 'href="?q=a%26b&amp;page=1"' in html
    assert 'href="?q=a%26b&amp;page=3"' in html
    assert "Page 2 of 100" in html


def test_empty_pages_strips_breadcrumbs_and_messages_render():
    assert "Nothing here" in render_to_string("components/empty.html", {"title": "Nothing here", "icon_name": "completed", "tone": "good"})
    strip = render_to_string("components/attention.html", {"tone": "bad", "text": "a < b", "url": "/x/", "action": "Look"})
    assert 'role="alert"' in strip
    assert "a &lt; b" in strip
    crumbs = render_to_string("components/breadcrumb.html", {"items": [("Home", "/"), ("Here", "")]})
    assert '<span aria-current="page">Here</span>' in crumbs
    message = SimpleNamespace(level_tag="error", __str__=lambda self: "Gone")
    assert "tone-bad" in render_to_string("components/messages.html", {"messages": [message]})


@pytest.mark.parametrize(("person", "letters"), [("Dana Whitfield", "DW"), ("dana.w@maple.example", "DW"), ("X", "X"), ("", "?")])
def test_a_person_has_initials(person, letters):
    assert portal_ui.initials(person) == letters


def test_words_of_names():
    assert portal_ui.words("in_file") == "In file"
    assert portal_ui.item({"a": 1}, "a") == 1
    assert portal_ui.item(None, "a") == ""

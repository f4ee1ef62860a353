"""The templates as files: nothing inline, every icon and class of an outcome exists, everything compiles."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from imports.states import State
from records.outcomes import MARKS, OUTCOMES

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an hx-on or js: expression": re.compile(r"hx-on|js:|javascript:", re.IGNORECASE),
    "something fetched from elsewhere": re.compile(r'(?:src|href)\s*=\s*["\'](?:https?:)?//', re.IGNORECASE),
}
ICON_USES = re.compile(r"""\{%\s*icon\s+["']([a-z-]+)["']|icon_name=["']([a-z-]+)["']""")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.no_database
@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_template_is_free_of_what_the_content_security_policy_forbids(path):
    text = path.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("html", "what"),
    [
        ('<p class="a" style="color:red">', "a style attribute"),
        ("<script>1</script>", "an inline script"),
        ('<a onclick="x()">', "an event attribute"),
        ('<script src="https://cdn.example/x.js">', "something fetched from elsewhere"),
    ],
)
def test_the_scan_finds_what_it_looks_for(html, what):
    assert FORBIDDEN[what].search(html)


@pytest.mark.no_database
@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_template_compiles(path):
    engines["django"].get_template(str(path.relative_to(ROOT)))


def sprite() -> set[str]:
    return set(re.findall(r'<symbol id="([a-z-]+)"', (Path(settings.BASE_DIR) / "static/icons.svg").read_text()))


@pytest.mark.no_database
def test_every_icon_that_is_named_is_in_the_sprite():
    from portal.context import NAVIGATION
    from portal.selectors.home import APP_ICONS
    from portal.templatetags.portal_ui import OUTCOME_ICONS, STATE_LOOKS
    from portal.views.gallery import OFFERS

    named = {name for path in TEMPLATES for pair in ICON_USES.findall(path.read_text()) for name in pair if name}
    named |= set(OUTCOME_ICONS.values()) | {icon for _, icon in STATE_LOOKS.values()} | set(APP_ICONS.values())
    named |= {entry.icon for entry in NAVIGATION} | {offer.icon for offer in OFFERS} | {icon for offer in OFFERS for icon, _ in offer.facts}
    assert named - sprite() == set()


@pytest.mark.no_database
def test_every_outcome_mark_and_state_has_an_icon_and_a_colour():
    from portal.templatetags.portal_ui import OUTCOME_ICONS, STATE_LOOKS

    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    assert set(OUTCOME_ICONS) == {*OUTCOMES, *MARKS}
    assert set(STATE_LOOKS) == set(State)
    for name in [f"o-{outcome}" for outcome in OUTCOME_ICONS] + [f"is-{look}" for look, _ in STATE_LOOKS.values()]:
        assert f".{name}," in css or f".{name} " in css, name

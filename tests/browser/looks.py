"""A page as it looks to everybody: wide and narrow, light and dark."""

from playwright.sync_api import Page, expect

from tests.integration.portal.test_in_browser import RULES, faults

TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"  # so that no colour is caught half-way
COLOURS = ["color-contrast"]  # all that a change of the colours can break
LOOKS = ((1440, "light", RULES), (1440, "dark", COLOURS), (390, "dark", RULES), (390, "light", COLOURS))


def look_at(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands in each look, and where it is too wide; it is left wide."""
    found = []
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        page.evaluate(TWO_FRAMES)
        where = f"{width} px, {scheme}, {page.url}: "
        found += [where + fault for fault in faults(page, rules)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{where}too wide")
    page.set_viewport_size({"width": 1440, "height": 900})
    return found

"""A simulation in Chromium: asked for on a step, followed while it is worked, accessible on all its pages."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from imports.models import Sync
from imports.services.run_sync import run_sync
from tests.integration.imports_ui.test_wizard_in_browser import counted, district, sign_in
from tests.integration.imports_ui.world import World
from tests.integration.portal.test_in_browser import faults

__all__ = ["district"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_simulation_is_asked_for_followed_and_read(
    district: World,
    live_server: Any,
    page: Page,
    console_guard: Any,
    width: int,
    scheme: Any,
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server, district)
    page.goto(f"{live_server.url}/apps/csv_upload/configure/delivery/")
    counted(page)
    page.locator("#preview").check()
    expect(page.get_by_text("1 change not saved yet")).to_be_visible()
    page.get_by_role("button", name="Simulate").click()
    expect(page).to_have_title("Queued · Simulation of CSV Upload · Roster Portal")
    found = _look(page, width)
    sync = Sync.objects.all_of(district.district).filter(is_simulation=True).get()
    run_sync(sync.pk, wakes_next=False)
    expect(page).to_have_title("Simulated · Simulation of CSV Upload · Roster Portal")  # the page asks again by itself
    expect(page.locator("#sync-state")).to_contain_text("Would be held")
    found += _look(page, width)
    for path in (f"/history/{sync.pk}/student/unchanged/", f"/history/{sync.pk}/errors/", "/apps/csv_upload/versions/?from=1&to=2"):
        page.goto(f"{live_server.url}{path}")
        found += _look(page, width)
    page.goto(f"{live_server.url}/history/{sync.pk}/")
    page.get_by_role("link", name="Back to the configuration").click()
    expect(page.get_by_role("heading", name="Delivery Configuration", level=1)).to_be_visible()
    expect(page.locator("#preview")).to_be_checked()
    assert found == []


def _look(page: Page, width: int) -> list[str]:
    """What is not accessible on the page, with everything unfolded, and whether it is too wide."""
    for fold in page.query_selector_all("main details"):
        fold.evaluate("fold => { fold.open = true; }")
    wide = page.evaluate("document.documentElement.scrollWidth") > width
    return [*faults(page), *([f"{page.url} is wider than {width} px"] if wide else [])]

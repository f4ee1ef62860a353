"""The review in Chromium: accessible, fits the screen, causes open, and it is decided without a mouse and without a script."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from imports.models import Sync
from imports.states import State
from tests.integration.imports_ui.world import PASSWORD, World
from tests.integration.portal.test_in_browser import faults
from tests.integration.review.conftest import LIMITS
from tests.integration.review.files import as_texts, first_day, second_day

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Held = tuple[World, Sync]


@pytest.fixture
def shown(transactional_db: None, data_dir: Path, tmp_path: Path) -> Held:
    """The second day, held."""
    world = World()
    world.configure({"schools": {"all_missing_as_new": True, "mapping": {}}, "delivery": LIMITS})
    world.import_files(as_texts(first_day()), tmp_path)
    return world, world.import_files(as_texts(second_day()), tmp_path)


def open_review(page: Any, live_server: Any, shown: Held) -> None:
    world, sync = shown
    page.set_default_timeout(8_000)
    page.goto(f"{live_server.url}/sign-in/?next=/history/{sync.pk}/review/")
    page.fill("#id_username", world.owner.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/history/{sync.pk}/review/")


def test_it_is_accessible_and_fits_the_screen(shown: Held, live_server: Any, page: Any, console_guard: Any) -> None:
    open_review(page, live_server, shown)
    found = []
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        page.reload()
        page.locator("details.cause > summary", has_text="grade promotions").click()
        expect(page.locator(".cause-body ins.diff-new").first).to_have_text("04")
        page.get_by_text("Approve only…").click()
        page.get_by_text("Approve… Delete 7").click()
        found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"wider than {width} px")
    page.goto(f"{page.url}../churn/student/")
    assert found + faults(page) == []


def test_it_is_rejected_by_keyboard(shown: Held, live_server: Any, page: Any, console_guard: Any) -> None:
    open_review(page, live_server, shown)
    page.get_by_text("Reject…").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Last year's files.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("is rejected. Nothing was changed.").wait_for()
    shown[1].refresh_from_db()
    assert shown[1].state == State.REJECTED


def test_it_is_approved_without_a_script(shown: Held, live_server: Any, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_review(page, live_server, shown)
    page.locator("details.cause > summary", has_text="grade promotions").click()
    page.get_by_role("link", name="Show all 4").click()
    page.get_by_role("link", name="Back to the review").click()
    page.get_by_text("Approve… Delete 7").click()
    page.get_by_role("button", name="Approve: delete 7").click()
    page.wait_for_url(f"{live_server.url}/history/{shown[1].pk}/")
    shown[1].refresh_from_db()
    assert (shown[1].state, shown[1].approved) == (State.QUEUED, True)
    context.close()

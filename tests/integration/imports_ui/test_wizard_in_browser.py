"""The wizard in Chromium: every step accessible in light and dark, and all of it with the keyboard alone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from imports.config import merge_document
from imports.models import ImportApp
from imports.views.wizard.steps import steps_of
from tests.integration.imports_ui.test_wizard_counts import files
from tests.integration.imports_ui.world import PASSWORD, World
from tests.integration.portal.test_in_browser import faults
from tests.unit.steps.kit import to_csv

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_TABS = 400
FOCUSED = """() => {
  const e = document.activeElement;
  return [e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || "", e.tagName, e.id, e.name || "", e.value || ""].map((t) => String(t).replace(/\\s+/g, " ").trim());
}"""


@pytest.fixture
def district(data_dir: Path, tmp_path: Path, transactional_db: None) -> World:
    """A district with one import, and something of every part in its configuration."""
    world = World()
    world.configure(
        {
            "delivery": {"update_threshold": 35},
            "schools": {"all_missing_as_new": True},
            "attributes": {"student": {"nickname": "users.middleName"}},
            "filters": [
                {
                    "record_type": "student",
                    "match": "all",
                    "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["03", "12"]}],
                }
            ],
            "uniqueness": [{"record_type": "student", "attributes": ["username"]}],
            "master_fields": [{"record_type": "student", "attribute": "email", "mode": "master"}],
        }
    )
    assert world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in files().items()}, tmp_path).is_accepted
    return world


def sign_in(page: Page, live_server: Any, world: World) -> None:
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/sign-in/")
    page.fill("#id_username", world.owner.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")


def counted(page: Page) -> None:
    """Wait until the effect on the last delivery is there."""
    expect(page.locator("#effect")).not_to_contain_text("Counting on your last delivery")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "dark")])
def test_every_step_is_accessible_and_fits_the_screen(district, live_server, page, console_guard, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server, district)
    found = []
    for step in steps_of(district.app):
        page.goto(f"{live_server.url}{step.url(district.app)}")
        counted(page)
        found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{step.slug} is wider than {width} px")
    for path in ("settings/", "versions/", "versions/?from=1&to=2"):
        page.goto(f"{live_server.url}/apps/csv_upload/{path}")
        found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{path} is wider than {width} px")
    assert found == []


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus is called so."""
    seen = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        seen.append(focused[0])
        if words.lower() in " ".join(focused).lower():
            return
    raise AssertionError(f"Tab never reaches {words!r}; it reached {sorted(set(seen))}")


def test_a_newcomer_sets_the_app_up_with_the_keyboard_alone(transactional_db, data_dir, live_server, page, console_guard):
    world = World()
    ImportApp.objects.of(world.district).update(config=None)
    ImportApp.objects.of(world.district).delete()
    sign_in(page, live_server, world)
    page.goto(f"{live_server.url}/gallery/?mode=import")
    tab_to(page, "Activate CSV Upload")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Delivery Configuration", level=1)).to_be_visible()
    counted(page)
    tab_to(page, "Data deletions hold a sync")
    page.keyboard.press("Space")
    tab_to(page, "deletion_threshold-range")
    page.keyboard.press("ArrowRight")  # 11 %
    expect(page.locator("#deletion_threshold")).to_have_value("11")
    expect(page.get_by_text("1 change not saved yet")).to_be_visible()
    app = ImportApp.objects.of(world.district).get()
    steps = [step.title for step in steps_of(app)]
    for title in steps[1:]:
        tab_to(page, title)
        while page.evaluate("document.activeElement.value") != "next":  # the step bar has buttons of the same name
            tab_to(page, title)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        counted(page)
        if title == "Data Requirements":
            tab_to(page, "tab-student")
            page.keyboard.press("ArrowRight")
            expect(page.locator("#panel-teacher")).to_be_visible()
            page.keyboard.press("Home")
            tab_to(page, "Report Phone if missing")
            page.keyboard.press("Space")
            expect(page.get_by_text("2 changes not saved yet")).to_be_visible()
    tab_to(page, "Finish Configuration")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="CSV Upload", level=1)).to_be_visible()
    app.refresh_from_db()
    assert app.config is not None
    document = merge_document(app.config.document)
    assert document["delivery"]["deletion_threshold"] == 11
    assert document["requirements"]["student"]["phone"] == "report"


def test_counts_follow_what_is_ticked_without_leaving_the_page(district, live_server, page, console_guard):
    sign_in(page, live_server, district)
    page.goto(f"{live_server.url}/apps/csv_upload/configure/requirements/")
    counted(page)
    before = int(page.inner_text("#accepted-student"))
    page.get_by_label("Skip the student if Phone is missing").check()
    expect(page.get_by_label("Report Phone if missing, student")).to_be_checked()  # skipping reports, too
    expect(page.locator("#accepted-student")).not_to_have_text(str(before))
    expect(page.locator("#cascade")).to_contain_text("Skips")
    expect(page.locator("#step-bar")).to_contain_text("1 changed, not saved")
    page.get_by_role("tab", name="Teacher").click()
    expect(page.get_by_label("Report Email Address if missing, teacher")).to_be_visible()
    page.reload()
    counted(page)
    expect(page.locator("#panel-teacher")).to_be_visible()  # the tab one was in
    page.get_by_role("tab", name="Student").click()
    expect(page.get_by_label("Skip the student if Phone is missing")).to_be_checked()


def test_a_slider_and_its_number_follow_each_other(district, live_server, page, console_guard):
    sign_in(page, live_server, district)
    page.goto(f"{live_server.url}/apps/csv_upload/configure/delivery/")
    counted(page)
    page.get_by_role("button", name="Recommended: 10 %").click()
    expect(page.locator("#deletion_threshold-on")).to_be_checked()
    page.fill("#deletion_threshold", "25")
    expect(page.locator("#deletion_threshold-range")).to_have_value("25")
    expect(page.locator("#deletion_threshold-means")).to_contain_text("25 % of")
    page.get_by_label("Preview of data upload").check()
    expect(page.locator("#deletion_threshold-range")).to_be_disabled()
    expect(page.locator("#preview-notice")).to_contain_text("Preview Mode is enabled")

"""Delivery Configuration of the SFTP app in Chromium: accessible, quiet, and usable without scripts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.imports_ui.world import PASSWORD
from tests.integration.portal.test_in_browser import faults
from tests.integration.sftp_config.kit import DELIVERY, GOOD, PUBLIC, Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db: None, landing: Path, data_dir: Path) -> Desk:
    return Desk()


def sign_in(page: Page, live_server: Any, desk: Desk) -> None:
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/sign-in/")
    page.fill("#id_username", desk.world.owner.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")


def test_a_password_is_typed_generated_and_keys_are_chosen(
    page: Page, live_server: Any, desk: Desk, console_guard: Any, tmp_path: Path
) -> None:
    sign_in(page, live_server, desk)
    page.goto(f"{live_server.url}{DELIVERY}")
    assert faults(page) == []
    name = page.get_by_label("Username", exact=True)
    expect(name).to_have_attribute("readonly", "")
    page.get_by_role("button", name="Edit the username").click()
    name.fill("sis-export")
    field = page.get_by_label("Password", exact=True)
    field.fill("sis-export-1")
    assert page.locator(".rule-ticks .is-kept").count() == 3 and page.locator(".rule-ticks .is-broken").count() == 1
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    field.fill(GOOD)
    field.press("Enter")  # saves; it does not generate
    expect(page.locator("#toasts")).to_contain_text("The sign-in is saved.")
    expect(page.locator("#new-password")).to_have_count(0)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#new-password")).to_be_visible()
    assert faults(page) == []
    page.reload()
    expect(page.locator("#new-password")).to_have_count(0)
    page.get_by_label("Key-based").check()
    expect(page.locator("#password-part")).to_be_hidden()
    (tmp_path / "id.pub").write_text(f"{PUBLIC} laptop")
    page.get_by_label("Choose File").set_input_files(tmp_path / "id.pub")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("row", name="laptop")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Remove the key laptop").click()
    assert faults(page) == []
    page.get_by_role("button", name="Remove the key", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("is removed")
    page.goto(f"{live_server.url}{DELIVERY}?server=custom")
    page.get_by_label("Key-based").check()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_works_without_scripts(browser: Browser, live_server: Any, desk: Desk) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server, desk)
    page.goto(f"{live_server.url}{DELIVERY}")
    page.get_by_label("Username", exact=True).fill("sis-export")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#new-password")).to_be_visible()
    assert desk.zone.username == "sis-export"
    page.get_by_role("button", name="Test Connection").click()
    expect(page.locator("#test-result")).to_contain_text("The connection does not work yet.")
    page.get_by_role("link", name="Custom").click()
    page.get_by_label("Host", exact=True).fill("sftp.district.example")
    page.locator("#remote-username").fill("sis")
    page.get_by_label("Password", exact=True).fill("remote-secret-1")
    page.locator("#remote-form").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("run Test Connection")
    assert desk.zone.server == "custom"

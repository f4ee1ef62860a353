"""The step Schedule: entered, shown before it is saved, refused where it has faults, saved, compared, and put together with another edit."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from imports.models import ConfigDraft, ImportApp, LandingZone, Rollover
from imports.selectors.schedule import schedule_of
from imports.services.activate_app import activate_app
from imports.services.save_config import save_config
from imports.views.wizard.steps import steps_of
from notices.models import ExpectedDelivery
from tests.integration.imports_ui.test_wizard_in_browser import sign_in
from tests.integration.imports_ui.wizard import Wizard, text_of
from tests.integration.imports_ui.world import World
from tests.integration.portal.test_in_browser import faults

WEEKLY: dict[str, Any] = {
    "schedule_on": "on", "when": "weekly", "days": ["thu", "mon"], "hour": "2", "minute": "30", "end_date": "2030-06-30",
}  # fmt: skip
SAVED = {"when": "weekly", "days": ["mon", "thu"], "hour": 2, "minute": 30, "end_date": "2030-06-30"}


@pytest.fixture
def sftp(db: None, data_dir: Any, settings: Any) -> World:
    """A district whose app is SFTP, configured as usual."""
    settings.PORTAL_LANDING_DIR = data_dir / "landing"
    world = World()
    world.app = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=world.owner)
    world.configure({})
    return world


def wizard(world: World, role: Role = Role.OWNER) -> Wizard:
    return Wizard(world.client(role), "sftp")


def drafted(world: World) -> dict[str, Any]:
    return ConfigDraft.objects.of(world.district).get().document


def in_force(world: World) -> dict[str, Any]:
    world.app.refresh_from_db()
    assert world.app.config
    return world.app.config.document


def test_it_is_the_last_step_and_of_the_sftp_app_alone(sftp):
    assert [step.slug for step in steps_of(sftp.app)][-1] == "schedule"
    upload = activate_app(district=sftp.district, kind=ImportApp.Kind.CSV_UPLOAD, by=sftp.owner)
    assert "schedule" not in [step.slug for step in steps_of(upload)]
    assert sftp.client().get("/apps/csv_upload/configure/schedule/").status_code == 404


def test_a_schedule_is_entered_and_saved(sftp):
    answer = wizard(sftp).post("schedule", WEEKLY, go="finish")
    assert answer.status_code == 302
    assert in_force(sftp)["schedule"] == SAVED
    settled = LandingZone.objects.of(sftp.district).get(app=sftp.app).schedule_settled
    assert settled
    assert timezone.now() - settled < timedelta(minutes=1)
    page = sftp.client().get("/apps/sftp/settings/").content.decode()
    assert "Weekly on Monday and Thursday at 2:30 AM, until June 30, 2030" in page
    listed = sftp.client().get("/apps/sftp/versions/?from=1&to=2").content.decode()
    assert "Sync Schedule" in listed


@pytest.mark.parametrize(
    ("entered", "saved"),
    [
        ({"when": "hourly"}, {"when": "hourly", "minute": 30, "end_date": None}),
        ({"when": "daily"}, {"when": "daily", "hour": 2, "minute": 30, "end_date": None}),
        ({"when": "weekdays", "hour": "0"}, {"when": "weekdays", "hour": 0, "minute": 30, "end_date": None}),
        ({"when": "monthly", "day": "31"}, {"when": "monthly", "day": 31, "hour": 2, "minute": 30, "end_date": None}),
    ],
)
def test_what_a_frequency_has_no_use_for_is_left_out(sftp, entered, saved):
    wizard(sftp).post("schedule", {**WEEKLY, "end_date": "", **entered}, go="stay")
    assert drafted(sftp)["schedule"] == saved


def test_it_is_switched_off_and_shows_again_what_is_in_force_when_it_is_switched_on(sftp):
    sftp.configure({"schedule": SAVED})
    one = wizard(sftp)
    one.post("schedule", without=("schedule_on",), go="stay")
    assert drafted(sftp)["schedule"] is None
    fields = one.fields("schedule")
    assert (fields["when"], fields["days"], fields["hour"], fields["minute"]) == (["weekly"], ["mon", "thu"], ["2"], ["30"])
    assert "schedule_on" not in fields


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"days": []}, "needs at least one day of the week"),
        ({"when": "yearly"}, "is not known here"),
        ({"when": "daily", "hour": "24"}, "out of range"),
        ({"when": "daily", "minute": "x"}, "must be a number"),
        ({"end_date": "30.6.2030"}, "is not a date"),
        ({"end_date": "2030-02-30"}, "is not a date"),
        ({"when": "monthly", "day": "0"}, "out of range"),
        ({"days": ["mon", "someday"]}, "is not known here"),
    ],
)
def test_faults_are_named_at_their_field_and_nothing_is_taken(sftp, entered, sentence):
    answer = wizard(sftp).post("schedule", {**WEEKLY, **entered})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert re.search(rf'class="field-error"[^>]*>(?:(?!</div>).)*{sentence}', page, re.DOTALL)
    assert "Correct the marked fields" in text_of(page, "effect")
    assert drafted(sftp)["schedule"] is None
    live = wizard(sftp).counts("schedule", {**WEEKLY, **entered})
    assert sentence in text_of(live, "effect")


def test_the_next_runs_follow_every_change(sftp):
    one = wizard(sftp)
    assert "Files wait in the landing zone until somebody runs the import." in text_of(one.page("schedule"), "effect")
    live = one.counts("schedule", WEEKLY)
    assert "Weekly on Monday and Thursday at 2:30 AM, New York time, until June 30, 2030." in text_of(live, "effect")
    days = re.findall(r'<span class="strong">(\w+)</span> <time', live)
    assert len(days) == 5
    assert set(days) == {"Monday", "Thursday"}
    assert drafted(sftp)["schedule"] == SAVED
    ended = text_of(one.counts("schedule", {**WEEKLY, "end_date": "2020-06-30"}), "effect")
    assert "The schedule ended on June 30, 2020. Nothing runs by itself any more." in ended
    off = one.counts("schedule", {"run_on_arrival": "on"}, without=("schedule_on",))
    assert "Nothing runs by the clock. A complete set is imported as soon as it has arrived." in text_of(off, "effect")


def test_a_run_into_which_the_clock_or_a_suspension_cuts_says_so(sftp, monkeypatch):
    now = timezone.datetime(2027, 3, 13, 12, tzinfo=timezone.get_current_timezone())
    monkeypatch.setattr(timezone, "now", lambda: now)
    Rollover.objects.create(district=sftp.district, suspends_from=now + timedelta(days=2), suspends_until=now + timedelta(days=3))
    words = text_of(wizard(sftp).counts("schedule", {**WEEKLY, "when": "daily"}), "effect")
    assert "Mar 14, 2027, 3:00 AM EDT The clock jumps over 2:30 AM that day, so it runs right after." in words
    assert "Mar 16, 2027, 2:30 AM EDT Data import is suspended then: it takes nothing." in words
    now = now.replace(month=11, day=6)
    words = text_of(wizard(sftp).counts("schedule", {**WEEKLY, "when": "daily", "hour": "1"}), "effect")
    assert "Nov 7, 2027, 1:30 AM EDT The clock shows 1:30 AM twice that day; it runs the first time." in words


def test_running_on_arrival_is_a_setting_of_this_step(sftp):
    one = wizard(sftp)
    one.post("schedule", {"run_on_arrival": "on"}, go="stay")
    assert drafted(sftp)["delivery"]["run_on_arrival"] is True
    page = one.page("schedule")
    assert "1 changed, not saved" in page
    assert text_of(page, "step-bar").count("changed, not saved") == 1
    one.post("delivery", {"preview": "on"}, go="finish")
    assert (in_force(sftp)["delivery"]["run_on_arrival"], in_force(sftp)["delivery"]["preview"]) == (True, True)
    one.post("schedule", without=("run_on_arrival",), go="finish")
    assert (in_force(sftp)["delivery"]["run_on_arrival"], in_force(sftp)["delivery"]["preview"]) == (False, True)


def test_a_page_without_the_form_changes_nothing(sftp):
    sftp.configure({"schedule": SAVED, "delivery": {"run_on_arrival": True}})
    one = wizard(sftp)
    seen = one.fields("schedule")["seen"]
    answer = one.client.post(one.url("schedule"), {"seen": seen, "go": "back"})
    assert answer.status_code == 302
    assert (drafted(sftp)["schedule"], drafted(sftp)["delivery"]["run_on_arrival"]) == (SAVED, True)


def test_an_imported_document_leaves_out_how_one_signs_in(sftp):
    save_config(app=sftp.app, document={"delivery": {"username": "sis", "password": "long-enough-secret"}, "schedule": SAVED}, by=None)
    assert not {"username", "password", "public_keys"} & set(in_force(sftp)["delivery"])
    assert in_force(sftp)["schedule"] == SAVED


def test_two_people_who_change_the_schedule_choose(sftp):
    mine = wizard(sftp)
    mine.post("schedule", WEEKLY, go="stay")
    sftp.configure({"schedule": {"when": "hourly", "minute": 5}})
    assert mine.post("schedule", go="finish").headers["Location"].endswith("/configure/merge/")
    page = mine.client.get("/apps/sftp/configure/merge/").content.decode()
    assert "Hourly, 5 minutes past the hour" in page
    assert "Weekly on Monday and Thursday at 2:30 AM, until June 30, 2030" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    assert mine.client.post("/apps/sftp/configure/merge/", {"seen": seen[1], 'keep:["schedule"]': "mine"}).status_code == 302
    assert drafted(sftp)["schedule"] == SAVED
    assert mine.post("schedule", go="finish").status_code == 302
    sftp.app.refresh_from_db()
    assert schedule_of(sftp.app)


def test_the_expectation_is_shown_and_leads_to_where_owners_set_it(sftp):
    page = wizard(sftp).page("schedule")
    assert "Nobody is told when no file arrives." in page
    assert 'href="/administration/notifications/#id_expected_sftp"' in page
    assert 'id="id_expected_sftp"' in sftp.client().get("/administration/notifications/").content.decode()
    ExpectedDelivery.objects.create(district=sftp.district, app="sftp", hours=30, since=timezone.now())
    page = wizard(sftp, Role.EDITOR).page("schedule")
    assert "no file has arrived for <strong>30 hours</strong>" in page
    assert "Owners set it" in page


def test_who_may_not_edit_does_not_see_it(sftp):
    for role in (Role.VIEWER, Role.APPROVER):
        assert sftp.client(role).get("/apps/sftp/configure/schedule/").status_code == 403
    assert World("south").client().get("/apps/sftp/configure/schedule/").status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_in_the_browser_fields_follow_the_frequency_and_runs_follow_the_fields(sftp, live_server, page, console_guard, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server, sftp)
    page.goto(f"{live_server.url}/apps/sftp/configure/schedule/")
    found = faults(page)
    expect(page.get_by_label("When", exact=True)).to_be_hidden()
    page.get_by_role("switch", name="Sync Schedule").focus()
    page.keyboard.press("Space")
    expect(page.locator("#effect")).to_contain_text("Daily at 2:00 AM, New York time")
    expect(page.get_by_label("Monday")).to_be_hidden()
    page.get_by_label("When", exact=True).select_option("Monthly")
    page.get_by_label("Day of the month").select_option("31")
    expect(page.locator("#effect")).to_contain_text("Monthly on day 31, or the last day of a shorter month, at 2:00 AM")
    page.get_by_label("When", exact=True).select_option("Hourly")
    expect(page.get_by_label("Hour", exact=True)).to_be_hidden()
    page.get_by_label("When", exact=True).select_option("Weekly")
    page.get_by_label("Wednesday").check()
    page.get_by_label("End date").fill("2030-06-30")
    expect(page.locator("#effect")).to_contain_text("Weekly on Monday and Wednesday at 2:00 AM, New York time, until June 30, 2030")
    expect(page.locator("#next-runs li")).to_have_count(5)
    page.get_by_label("Monday").uncheck()
    page.get_by_label("Wednesday").uncheck()
    expect(page.locator("#effect")).to_contain_text("needs at least one day")
    page.get_by_label("Friday").check()
    expect(page.locator("#effect")).to_contain_text("Weekly on Friday")
    found += faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url("**/settings/")
    expect(page.locator("main")).to_contain_text("Weekly on Friday at 2:00 AM, until June 30, 2030")
    assert found == []
    assert console_guard == []

"""Filter Rules: rules in words, counted on the last delivery as the sync that follows counts them."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from records.attributes import RecordType
from roster.models import Organization
from tests.integration.imports_ui.filters import STEP, Editor, deliver, drafted, rule, with_draft
from tests.integration.imports_ui.test_wizard_counts import report, sync_again
from tests.integration.imports_ui.test_wizard_in_browser import counted, sign_in, tab_to
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World
from tests.integration.portal.test_in_browser import faults


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    return deliver(world, tmp_path)


@pytest.fixture
def wizard(world: World) -> Wizard:
    return Wizard(world.client())


@pytest.fixture
def district_in_browser(transactional_db: None, data_dir: Path, tmp_path: Path) -> World:
    """The same for a browser, which sees only what is committed."""
    return deliver(World(), tmp_path)


@pytest.mark.django_db
class TestList:
    """The rules there are."""

    def test_without_rules_the_page_says_that_all_pass(self, world: World, wizard: Wizard) -> None:
        page = wizard.page(STEP)
        assert "Every record passes" in page
        assert "Add Filter Rule" in page
        assert 'id="new-rule"' not in page

    def test_rules_are_sentences_by_type_and_alternatives_are_joined_by_or(self, delivered: World, wizard: Wizard) -> None:
        with_draft(
            delivered, rule("student", "grades", "KG", "04"), rule("teacher", "email", operator="is_not_empty"),
            rule("student", "primary_school", "O2"),
        )  # fmt: skip
        page = wizard.page(STEP)
        assert "Students pass if Grades is KG or 04." in page
        assert "Students pass if Primary School is South High." in page  # not its key
        assert "Teachers pass if Email Address is not empty." in page
        assert page.count('class="rule-or"') == 1
        assert page.index("Primary School is") < page.index("Teachers pass")

    def test_each_rule_and_each_type_is_counted(self, delivered: World, wizard: Wizard) -> None:
        with_draft(delivered, rule("student", "grades", "04"), rule("student", "grades", "05"))
        page = wizard.counts(STEP)
        assert text_of(page, "rule-count-0") == "Lets 2 of 6 students through."
        assert text_of(page, "rule-count-1") == "Lets 2 of 6 students through."
        assert text_of(page, "type-student") == "3 of 6 students pass; 3 are left out and with them 3 enrollments."

    def test_a_rule_can_be_removed_and_another_one_stays(self, world: World, wizard: Wizard) -> None:
        with_draft(world, rule("student", "grades", "04"), rule("teacher", "email", operator="is_not_empty"))
        wizard.post(STEP, go="", do="remove:0")
        assert drafted(world)["filters"] == [rule("teacher", "email", operator="is_not_empty")]
        assert wizard.post(STEP, go="", do="remove:7").status_code == 422
        assert wizard.post(STEP, go="", do="shuffle").status_code == 422
        assert len(drafted(world)["filters"]) == 1

    def test_values_that_match_nothing_are_named(self, delivered: World, wizard: Wizard) -> None:
        with_draft(
            delivered, rule("student", "grades", "04", "12", "11"), rule("course", "title", "algebra", "Botany", operator="contains"),
            rule("session", "start_date", "2030-01-01", operator="after"), rule("class", "class_name", "Lab", operator="does_not_contain"),
        )  # fmt: skip
        page = wizard.counts(STEP)
        assert text_of(page, "rule-warnings-0") == "No student of the last delivery has Grades 12 or 11."
        assert text_of(page, "rule-warnings-1") == "No course of the last delivery has a value of Course Title that contains Botany."
        assert text_of(page, "rule-warnings-2") == "No session of the last delivery has a value of Start Date that is after 2030-01-01."
        assert "that contains Lab" in text_of(page, "rule-warnings-3")
        assert text_of(page, "rule-count-3") == "Lets 3 of 3 classes through."

    def test_schools_that_are_gone_are_named_and_others_are_not(self, delivered: World, wizard: Wizard) -> None:
        with_draft(delivered, rule("student", "primary_school", "o1", "O9"), rule("course", "org_id", "D1"))
        for text in (wizard.page(STEP), wizard.counts(STEP)):
            assert "“O9” is no school of the portal any more" in text_of(text, "rule-warnings-0")
            assert "o1" not in text_of(text, "rule-warnings-0")
        assert "any more" not in wizard.page(STEP).split('id="rule-warnings-1"')[1]
        Organization.objects.of(delivered.district).filter(key="O1").delete()
        assert "“o1” is no school" in wizard.page(STEP)

    def test_rules_with_faults_are_marked_and_mended_one_after_the_other(self, world: World, wizard: Wizard) -> None:
        with_draft(world, rule("student", "shoe_size", "3"), rule("student", "grades", "04"), rule("student", "hat_size", "4"))
        page = wizard.page(STEP)
        assert page.count("is not an attribute of students") >= 2
        assert "Correct the marked fields" in wizard.counts(STEP)
        assert wizard.post(STEP, go="next").status_code == 422
        assert wizard.post(STEP, go="", do="remove:0").status_code == 302
        editor = Editor(wizard, "1")
        assert "hat_size (not known)" in editor.page
        editor.press("show", {"attribute:0": "username"})
        assert editor.press("done", {"text:0": "s1"}).status_code == 302
        assert [one["conditions"][0]["attribute"] for one in drafted(world)["filters"]] == ["grades", "username"]


@pytest.mark.django_db
class TestLive:
    """What follows every change with scripts."""

    def test_only_the_fields_that_no_longer_suit_are_drawn_anew(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        same = editor.counts({"value:0": ["04"]})
        assert 'id="condition-0"' not in same
        assert 'id="values-0"' not in same
        other = editor.counts({"attribute:0": "gender", "value:0": ["04"]})
        assert 'id="condition-0" hx-swap-oob="true"' in other
        assert "Choose at least one value" in text_of(other, "entered-count")
        assert 'id="new-rule"' in editor.counts({"rule_type": "teacher"})
        assert 'id="new-rule"' in editor.counts({"do": "add-condition"})
        found = editor.counts({"find:0": "5"})
        assert 'id="values-0" hx-swap-oob="true"' in found
        assert 'id="condition-0"' not in found

    def test_the_first_count_takes_nothing(self, delivered: World, wizard: Wizard) -> None:
        page = Editor(wizard).counts({"as_drafted": "yes", "drop_empty_classes": "on", "value:0": ["04"]})
        assert number_of(page, "entered-count") == 2
        assert drafted(delivered)["drop_empty_classes"] is False

    def test_a_value_that_cannot_be_is_said_while_it_is_typed(self, delivered: World, wizard: Wizard) -> None:
        page = Editor(wizard).counts({"text:0": "XX"})
        assert "is no value that" in text_of(page, "entered-warnings")
        assert number_of(page, "accepted-student") == 3  # the draft is counted all the same

    def test_counts_equal_the_report_of_the_sync_that_follows(self, delivered: World, wizard: Wizard) -> None:
        Editor(wizard).press("done", {"value:0": ["04", "05"]})
        Editor(wizard, "0")
        page = wizard.counts(STEP, {"drop_empty_classes": "on"})
        dropped, kept_out = number_of(page, "drop-count"), text_of(page, "type-student")
        accepted = {kind: number_of(page, f"accepted-{kind}") for kind in RecordType if f'id="accepted-{kind}"' in page}
        assert kept_out == "3 of 6 students pass; 3 are left out and with them 1 class and 3 enrollments."
        assert dropped == 1
        wizard.post(STEP, go="finish")
        sync = sync_again(delivered)
        counted = report(sync)
        assert counted["filtered-out", "student"] == 3
        assert counted["depends-on-excluded", "enrollment"] >= 2
        assert counted.get(("class-without-students", "class"), 0) + counted.get(("class-without-its-students", "class"), 0) == dropped
        for kind, number in accepted.items():
            assert number == sum(sync.detail.counts[kind][name] for name in ("created", "updated", "unchanged")), kind

    def test_a_rule_that_lets_nobody_through_says_so(self, delivered: World, wizard: Wizard) -> None:
        both = rule("student", "grades", "04")
        both["conditions"].append({"attribute": "email", "operator": "is_empty"})
        with_draft(delivered, both, rule("student", "phone", operator="is_not_empty"))
        page = wizard.counts(STEP)
        for place in ("rule-warnings-0", "rule-warnings-1"):
            assert text_of(page, place) == "No student of the last delivery meets this rule."
        assert text_of(page, "type-student").startswith("0 of 6 students pass; 6 are left out")

    def test_empty_classes_are_counted_either_way(self, delivered: World, wizard: Wizard) -> None:
        with_draft(delivered, rule("student", "grades", "KG", "03"))
        off = text_of(wizard.counts(STEP), "drop-count")
        on = text_of(wizard.counts(STEP, {"drop_empty_classes": "on"}), "drop-count")
        assert off == "Would leave out 1 class, and with it 1 enrollment."
        assert on == "Leaves out 1 class, and with it 1 enrollment."
        with_draft(delivered, rule("school", "name", "North High"))
        assert "1 of 2 schools passes; 1 is left out and with it 1 student and 1 enrollment" in text_of(wizard.counts(STEP), "type-school")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_rule_is_entered_with_the_keyboard_and_its_fields_follow(district_in_browser, live_server, page, console_guard):
    sign_in(page, live_server, district_in_browser)
    page.goto(f"{live_server.url}{reverse('imports:configure', args=['csv_upload', STEP])}")
    counted(page)
    tab_to(page, "Add Filter Rule")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New Filter Rule")).to_be_visible()
    counted(page)
    tab_to(page, "attribute-0")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#values-0")).to_contain_text("North High")
    assert page.evaluate("document.activeElement.id") == "attribute-0"  # one goes on where one was
    page.locator("#values-0").get_by_label("South High").focus()
    page.keyboard.press("Space")
    expect(page.locator("#entered-count")).to_have_text("Lets 1 of 6 students through.")
    page.get_by_role("button", name="Add condition").press("Enter")
    expect(page.locator("#condition-1")).to_be_visible()
    expect(page.locator("#values-0").get_by_label("South High")).to_be_checked()
    page.locator("#values-1").get_by_label("KG").check()
    expect(page.locator("#entered-count")).to_have_text("Lets 0 of 6 students through.")
    page.get_by_label("any of the conditions").check()
    expect(page.locator("#entered-count")).to_have_text("Lets 2 of 6 students through.")
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Values that are not in the list").last.press("Enter")  # shows the form again, and leaves nothing
    expect(page.locator("#entered-count")).to_have_text("Lets 2 of 6 students through.")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#rule-0")).to_contain_text("Students pass if Primary School is South High, or Grades is KG.")
    expect(page.locator("#type-student")).to_contain_text("2 of 6 students pass; 4 are left out")

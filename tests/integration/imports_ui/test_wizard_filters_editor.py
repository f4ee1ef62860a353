"""New Filter Rule without scripts: every button answers with a page, and nothing faulty is taken."""

from pathlib import Path
from typing import Any

import pytest

from records.attributes import RecordType
from tests.integration.imports_ui.filters import STEP, Editor, deliver, drafted, rule, with_draft
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    return deliver(world, tmp_path)


@pytest.fixture
def wizard(world: World) -> Wizard:
    return Wizard(world.client())


@pytest.mark.django_db
class TestEditor:
    """New Filter Rule, without scripts."""

    def test_add_filter_rule_opens_the_form_with_the_values_of_the_delivery(self, delivered: World, wizard: Wizard) -> None:
        response = wizard.post(STEP, go="", do="new")
        assert response.url.endswith("?rule=new#new-rule")
        page = Editor(wizard).page
        assert "New Filter Rule" in page
        assert [f"Filter by {kind.label}" in page for kind in RecordType] == [True] * 9
        assert 'value="KG"' in page
        assert page.index('value="KG"') < page.index('name="value:0" value="03"') < page.index('name="value:0" value="05"')
        assert "is any of" in page
        assert "is before" not in page  # grades are no dates

    def test_done_adds_the_rule_and_values_are_written_as_they_are_read(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        assert "Lets 3 of 6 students through." in text_of(editor.counts({"value:0": ["04"], "text:0": "K , 4"}), "entered-count")
        assert drafted(delivered)["filters"] == []  # counting takes nothing
        response = editor.press("done", {"value:0": ["04"], "text:0": "K , 4"})
        assert response.status_code == 302
        assert drafted(delivered)["filters"] == [rule("student", "grades", "04", "KG")]
        assert "Students pass if Grades is 04 or KG." in wizard.page(STEP)

    def test_another_type_or_attribute_brings_its_own_fields(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        editor.press("show", {"rule_type": "enrollment", "value:0": ["04"]})
        assert 'value="teacher"' in editor.page
        assert "checked" not in editor.page.split('id="new-rule"')[1].split("</section>")[0]
        editor.press("show", {"attribute:0": "begin_date"})
        assert "is in the past" in editor.page
        editor.press("show", {"operator:0": "before"})
        assert 'type="date"' in editor.page
        editor.press("done", {"value:0": "2026-09-01"})
        assert drafted(delivered)["filters"] == [rule("enrollment", "begin_date", "2026-09-01", operator="before")]

    def test_a_date_operator_falls_back_where_the_attribute_is_no_date(self, world: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        editor.press("show", {"attribute:0": "birth_date"})
        editor.press("show", {"operator:0": "is_past"})
        editor.press("show", {"attribute:0": "gender"})
        assert editor.fields({})["operator:0"] == ["equals_any"]

    def test_schools_are_chosen_by_name_and_lists_by_item(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        editor.press("show", {"attribute:0": "primary_school"})
        assert "North High" in editor.page
        editor.press("show", {"rule_type": "course"})
        assert 'name="value:0" value="Latin"' in editor.page
        assert 'value="Latin,Math"' not in editor.page
        editor.press("show", {"attribute:0": "title"})
        editor.press("done", {"value:0": ["Latin, II"]})  # a value with a comma is one value
        assert drafted(delivered)["filters"] == [rule("course", "title", "Latin, II")]

    def test_several_conditions_all_or_any(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        editor.press("add-condition", {"value:0": ["04"]})
        assert editor.fields({})["value:0"] == ["04"]
        editor.press("show", {"attribute:1": "primary_school"})
        entered = {"value:1": ["O2"], "match": "any"}
        assert number_of(editor.counts(entered), "entered-count") == 2
        assert number_of(editor.counts({**entered, "match": "all"}), "entered-count") == 1
        editor.press("add-condition", entered)
        editor.press("remove-condition:2")
        editor.press("done")
        (saved,) = drafted(delivered)["filters"]
        assert saved["match"] == "any"
        assert [one["values"] for one in saved["conditions"]] == [["04"], ["O2"]]

    def test_the_list_is_searched_and_what_is_ticked_stays(self, delivered: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        editor.press("show", {"attribute:0": "sis_id"})
        editor.press("show", {"value:0": ["S1"], "find:0": "s5"})
        assert 'name="value:0" value="S5"' in editor.page
        assert 'name="value:0" value="S1" checked' in editor.page
        assert 'name="value:0" value="S3"' not in editor.page

    def test_a_rule_is_edited_in_its_place_and_nothing_of_it_is_lost(self, world: World, wizard: Wizard) -> None:
        first, last = rule("teacher", "email", operator="is_not_empty"), rule("student", "grades", "KG")
        both = rule("course", "title", 'Latin, "II"', "Alg", operator="contains")
        both["conditions"].append({"attribute": "grades", "operator": "equals_any", "values": ["12", "03"]})
        with_draft(world, first, both, last)
        assert wizard.post(STEP, go="", do="edit:1").url.endswith("?rule=1#new-rule")
        assert Editor(wizard, "1").press("done").status_code == 302
        unsorted = [set(one.get("values", ())) for one in drafted(world)["filters"][1]["conditions"]]
        assert unsorted == [{'Latin, "II"', "Alg"}, {"12", "03"}]
        editor = Editor(wizard, "1")
        editor.press("remove:0")  # while it is edited
        editor.press("remove-condition:0")
        editor.press("done", {"value:0": ["03"]})
        assert drafted(world)["filters"] == [rule("course", "grades", "03"), last]

    def test_cancel_changes_nothing(self, world: World, wizard: Wizard) -> None:
        assert Editor(wizard).press("cancel", {"text:0": "04"}).status_code == 302
        assert drafted(world)["filters"] == []

    def test_what_was_entered_is_taken_along_when_the_page_is_left(self, world: World, wizard: Wizard) -> None:
        response = Editor(wizard).press("", {"text:0": "04", "drop_empty_classes": "on"}, go="next")
        assert response.url == wizard.url("uniqueness")
        assert drafted(world)["filters"] == [rule("student", "grades", "04")]
        assert drafted(world)["drop_empty_classes"] is True
        assert Editor(wizard).press("", go="back").url == wizard.url("requirements")  # nothing was chosen
        assert len(drafted(world)["filters"]) == 1
        assert Editor(wizard).press("", {"text:0": "XX"}, go="finish").status_code == 422
        assert len(drafted(world)["filters"]) == 1

    @pytest.mark.parametrize(
        ("entered", "words", "field"),
        [
            ({}, "needs at least one value", "values-fault-0"),
            ({"text:0": "04, XX"}, "is no value that", "values-fault-0"),
            ({"attribute:0": "shoe_size", "text:0": "4"}, "is not an attribute of students", "attribute-fault-0"),
            ({"operator:0": "like", "text:0": "4"}, "is not known here", "operator-fault-0"),
            ({"operator:0": "after", "value:0": "2026-01-01"}, "is for dates", "operator-fault-0"),
            ({"attribute:0": "birth_date", "shown:0": "", "operator:0": "on", "value:0": "2026-02-30"}, "is not a date", "values-fault-0"),
            ({"conditions": "0"}, "has no conditions", "new-rule"),
            ({"rule_type": "goat", "text:0": "4"}, "is not known here", "new-rule"),
            ({"match": "some", "text:0": "4"}, "is not known here", "new-rule"),
        ],
    )  # fmt: skip
    def test_a_fault_is_said_at_its_field_and_what_was_typed_stays(
        self, world: World, wizard: Wizard, entered: dict[str, Any], words: str, field: str
    ) -> None:
        editor = Editor(wizard)
        editor.page = (
            editor.page.replace('name="shown:0"', 'name="once"') if "operator:0" in entered or "attribute:0" in entered else editor.page
        )
        response = editor.press("done", {**entered, "drop_empty_classes": "on"})
        assert response.status_code == 422
        assert words in editor.page.split(f'id="{field}"')[1].split("</section>")[0]
        for name, value in entered.items():
            if name in {"text:0", "match"}:
                assert editor.fields({})[name] == [value]
        assert drafted(world)["filters"] == []
        assert drafted(world)["drop_empty_classes"] is False

    def test_a_page_older_than_the_draft_takes_no_rule_and_keeps_what_was_entered(self, world: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        with_draft(world, rule("teacher", "email", operator="is_not_empty"))
        response = editor.press("done", {"text:0": "04"})
        assert response.status_code == 409
        assert drafted(world)["filters"] == [rule("teacher", "email", operator="is_not_empty")]
        assert "Teachers pass if" in editor.page
        assert editor.press("done").status_code == 302
        assert drafted(world)["filters"][1:] == [rule("student", "grades", "04")]

    def test_before_anything_was_delivered_values_are_typed(self, world: World, wizard: Wizard) -> None:
        editor = Editor(wizard)
        assert "Nothing has been imported yet" in editor.page
        editor.press("done", {"text:0": "01,02"})
        assert drafted(world)["filters"] == [rule("student", "grades", "01", "02")]
        assert 'name="value:0" value="01" checked' in Editor(wizard, "0").page

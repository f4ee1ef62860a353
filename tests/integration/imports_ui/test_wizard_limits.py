"""Delivery Configuration: the limits of single schools and of files, what they mean in the district's own records, and what is saved of them."""

from typing import Any

import pytest

from imports.states import State
from imports.steps.thresholds import SchoolParams, check_rows, check_schools
from imports.views.wizard.finer_limits import FINER
from roster.models import Organization, RosterState
from tests.integration.imports_ui.wizard import Wizard, text_of
from tests.integration.imports_ui.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def wizard(world: World) -> Wizard:
    """An owner at the wizard of a district with three schools."""
    world.roster(students=3)
    for key, name in (("S-2", "South High"), ("S-3", "Hill Elementary")):
        world.school(key, name)
    by_school = {"S-1": {"student": 412}, "S-2": {"student": 100}, "S-3": {"student": 9}, "": {"student": 7}}
    RosterState.objects.of(world.district).update(by_school=by_school)
    return Wizard(world.client())


def said(wizard: Wizard, name: str, value: str) -> str:
    return text_of(wizard.counts("delivery", {f"{name}_on": "on", name: value}), f"{name}-means")


def saved(world: World) -> dict[str, Any]:
    world.app.refresh_from_db()
    assert world.app.config is not None
    return world.app.config.document["delivery"]


def test_all_are_off_until_they_are_set_and_say_what_is_recommended(world: World, wizard: Wizard) -> None:
    page = wizard.page("delivery")
    fields = wizard.fields("delivery")
    for name, setting in FINER.items():
        assert f"{name}_on" not in fields
        assert fields[name] == [str(setting.recommended)]
        assert text_of(page, f"{name}-means").startswith("Off: ")
        assert f"Recommended: {setting.recommended:,} {setting.unit}" in page
    for heading in ("Per school", "Fewer rows than last time", "Apply additions and updates, hold deletions"):
        assert heading in page
    wizard.post("delivery", go="finish")
    assert all(saved(world)[name] is None for name in FINER)
    assert saved(world)["hold_deletions_only"] is False


def test_a_percentage_says_what_it_means_for_the_largest_and_the_smallest_school(wizard: Wizard) -> None:
    words = said(wizard, "school_deletion_threshold", "10")
    assert "North High has 412 students: more than 41 deleted would hold." in words
    assert "Hill Elementary has 9 students: a single one deleted would hold." in words
    assert "South High 10 of 100" in words
    assert "even all of them updated would not hold" in said(wizard, "school_update_threshold", "100")
    assert "more than 0" not in said(wizard, "school_update_threshold", "0")


def test_a_number_says_which_schools_it_does_not_see(wizard: Wizard) -> None:
    words = said(wizard, "school_deletion_rows", "100")
    assert "North High has 412 students: more than 100 deleted would hold." in words
    assert "Hill Elementary has 9 students: even all of them deleted would not hold." in words
    assert "2 schools have no more students than that, so only a limit in per cent holds when all of them are deleted." in words


@pytest.mark.parametrize(
    ("name", "percent"), [("school_deletion_threshold", "10"), ("school_deletion_threshold", "0.5"), ("school_deletion_rows", "41")]
)
def test_the_words_are_those_of_the_step_that_holds(wizard: Wizard, name: str, percent: str) -> None:
    words = said(wizard, name, percent)
    most = int(words.split("more than ")[1].split()[0])
    limit = (
        SchoolParams(deletion_limit_pct=float(percent)) if name.endswith("threshold") else SchoolParams(deletion_limit_rows=int(percent))
    )
    live = {"S-1": {"student": 412}}
    held = [bool(check_schools({"S-1": {"student": {"updated": 0, "deleted": rows}}}, live, limit)) for rows in (most, most + 1)]
    assert held == [False, True]


@pytest.mark.parametrize("floor", ["80", "33.3", "100", "0"])
def test_the_floor_says_how_many_rows_are_too_few(world: World, wizard: Wizard, floor: str) -> None:
    assert "No sync of this app was applied yet" in said(wizard, "row_floor", floor)
    sync = world.sync(State.COMPLETED)
    sync.detail.files = [
        {"name": name, "rows": rows, "mode": "bulk"} for name, rows in (("users.csv", 1234), ("classes.csv", 7), ("orgs.csv", 0))
    ]
    sync.detail.save()
    wizard.post("delivery", {"row_floor_on": "on", "row_floor": floor}, go="stay")
    words = text_of(wizard.page("delivery"), "row_floor-means")
    least = int(words.split("fewer than ")[1].split()[0].replace(",", ""))
    assert f"users.csv had 1,234 rows last time: fewer than {least:,} would hold." in words
    assert "classes.csv at least" in words
    assert "orgs.csv" not in words
    held = [bool(check_rows({"users": rows}, {"users": 1234}, float(floor))) for rows in (least, least - 1) if rows >= 0]
    assert held == [False, True][: len(held)]


def test_without_a_roster_they_say_so(world: World) -> None:
    words = said(Wizard(world.client()), "school_update_threshold", "50")
    assert words == "Nothing is in the live roster yet; the first import never holds for a limit."


def test_what_is_entered_is_saved_as_it_is(world: World, wizard: Wizard) -> None:
    values = {
        "school_update_threshold": "50",
        "school_update_rows": "500",
        "school_deletion_threshold": "12,5",
        "school_deletion_rows": "0",
        "row_floor": "80",
    }
    wizard.post("delivery", {**values, **{f"{name}_on": "on" for name in values}, "hold_deletions_only": "on"}, go="finish")
    delivery = saved(world)
    assert [delivery[name] for name in values] == [50, 500, 12.5, 0, 80]
    assert delivery["hold_deletions_only"] is True
    again = wizard.fields("delivery")
    assert again["school_deletion_threshold"] == ["12.5"]
    assert again["hold_deletions_only"] == ["on"]
    wizard.post("delivery", go="finish", without=("school_deletion_rows_on", "hold_deletions_only"))
    assert saved(world)["school_deletion_rows"] is None
    assert saved(world)["hold_deletions_only"] is False
    assert saved(world)["school_update_rows"] == 500


@pytest.mark.parametrize(
    ("name", "entered", "words"),
    [
        ("school_update_threshold", "101", "out of range"), ("school_deletion_threshold", "many", "must be a number"),
        ("school_update_rows", "-1", "out of range"), ("school_deletion_rows", "2.5", "not a whole number of records"),
        ("school_deletion_rows", "", "must be a number"), ("row_floor", "nan", "out of range"), ("row_floor", "1e400", "out of range"),
    ],
)  # fmt: skip
def test_what_is_no_limit_is_said_beside_it_and_not_saved(world: World, wizard: Wizard, name: str, entered: str, words: str) -> None:
    response = wizard.post("delivery", {f"{name}_on": "on", name: entered}, go="finish")
    assert response.status_code == 422
    page = " ".join(response.content.decode().split())
    assert words in page
    assert 'aria-invalid="true"' in page
    assert saved(world)[name] is None


def test_with_preview_they_are_disabled_and_keep_their_values(world: World, wizard: Wizard) -> None:
    wizard.post("delivery", {"school_deletion_rows_on": "on", "school_deletion_rows": "30", "hold_deletions_only": "on"}, go="stay")
    wizard.post("delivery", {"preview": "on"}, go="stay")
    assert "school_deletion_rows" not in wizard.fields("delivery")
    wizard.post("delivery", go="finish")
    assert (saved(world)["school_deletion_rows"], saved(world)["hold_deletions_only"]) == (30, True)


def test_the_step_bar_and_the_versions_name_them(world: World, wizard: Wizard) -> None:
    page = wizard.counts("delivery", {"row_floor_on": "on", "row_floor": "80", "hold_deletions_only": "on"})
    assert "Fewer rows than last time" in page
    assert "Hold below 80 % of the last good file" in page


def test_names_of_schools_are_written_as_text(world: World, wizard: Wizard) -> None:
    Organization.objects.of(world.district).filter(key="S-1").update(name="<b>North & Co</b>")
    page = wizard.counts("delivery", {"school_update_threshold_on": "on", "school_update_threshold": "10"})
    assert "&lt;b&gt;North &amp; Co&lt;/b&gt; has 412 students" in page
    assert "<b>North" not in page

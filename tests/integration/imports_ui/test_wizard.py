"""The wizard as a whole: drafts that are never lost, versions that are never half, and edits of two people."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User
from imports.config import merge_document
from imports.models import ConfigDraft, ConfigVersion
from imports.services.drafts import DraftStale, open_draft, publish_draft, write_draft
from imports.services.save_config import save_config
from imports.views.wizard.steps import steps_of
from tests.integration.imports_ui.wizard import Wizard
from tests.integration.imports_ui.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def wizard(world: World) -> Wizard:
    return Wizard(world.client())


def in_force(world: World) -> dict[str, Any]:
    world.app.refresh_from_db()
    assert world.app.config is not None
    return world.app.config.document


def test_going_through_all_steps_with_the_arrow_and_finishing_leaves_the_defaults(world: World, wizard: Wizard) -> None:
    steps = [step.slug for step in steps_of(world.app)]
    assert steps[0] == "delivery"
    assert "schools" not in steps  # the first sync asks
    for here, there in zip(steps, steps[1:], strict=False):
        assert "Finish Configuration" in wizard.page(here)
        assert wizard.post(here).url == wizard.url(there)
    response = wizard.post(steps[-1], go="finish")
    assert response.url == reverse("imports:app", args=["csv_upload"])
    assert world.app.versions.count() == 1
    world.app.refresh_from_db()
    assert world.app.configured_at is not None
    assert "Finish Configuration" not in wizard.page("delivery")


def test_nothing_is_lost_on_the_way_back_or_in_another_browser(world: World, wizard: Wizard) -> None:
    wizard.post("delivery", {"preview": "on"}, go="requirements")
    wizard.post("requirements", {"report:student:phone": "on"}, go="back")
    again = Wizard(world.client())
    assert again.fields("delivery")["preview"] == ["on"]
    assert "report:student:phone" in again.fields("requirements")
    assert in_force(world)["delivery"]["preview"] is False  # a draft decides nothing
    again.post("delivery", go="finish")
    assert in_force(world)["delivery"]["preview"] is True
    assert in_force(world)["requirements"]["student"]["phone"] == "report"
    assert not ConfigDraft.objects.of(world.district).exists()


def test_a_version_says_who_and_what_and_the_step_bar_what_differs(world: World, wizard: Wizard) -> None:
    page = wizard.post("delivery", {"preview": "on"}, go="stay")
    page = wizard.page("delivery")
    assert "1 changed, not saved" in page
    assert "On: every sync waits for approval" in page
    response = world.client().post(wizard.url("delivery"), {**wizard.fields("delivery"), "go": "finish"}, follow=True)
    assert "Version 2 is saved: 1 setting changed." in response.content.decode()
    assert "1 differs from the default" in wizard.page("requirements")
    version = ConfigVersion.objects.of(world.district).get(number=2)
    assert version.created_by == world.owner


def test_a_fault_is_said_at_its_field_and_nothing_is_taken(world: World, wizard: Wizard) -> None:
    for entered, words in (("150", "out of range"), ("many", "must be a number"), ("", "must be a number"), ("-1", "out of range")):
        response = wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": entered, "preview": "on"}, go="finish")
        page = response.content.decode()
        assert response.status_code == 422
        assert words in page
        assert f'value="{entered}"' in page  # what was typed stays
        assert page.count('aria-invalid="true"') == 1
    assert "preview" not in wizard.fields("delivery")
    assert in_force(world) == merge_document({})


def test_an_unknown_schema_or_attribute_in_a_forged_form_is_refused(world: World, wizard: Wizard) -> None:
    assert wizard.post("delivery", {"data_schema": "excel"}).status_code == 422
    forged = wizard.post("requirements", {"attribute": ["student:shoe_size"], "report:student:shoe_size": "on"}, go="finish")
    assert forged.status_code == 422
    assert "is not an attribute of students" in forged.content.decode()
    forged = wizard.post("requirements", {"attribute": ["goat:name"], "report:goat:name": "on"}, go="finish")
    assert forged.status_code == 422
    assert in_force(world) == merge_document({})


def test_a_page_older_than_the_draft_takes_nothing_and_shows_what_was_entered(world: World, wizard: Wizard) -> None:
    old = wizard.filled("delivery", {"aides_as_teachers": "on"})
    wizard.post("delivery", {"preview": "on"}, go="stay")  # another window
    response = world.client().post(wizard.url("delivery"), {**old, "go": "finish"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "changed in another window" in page
    assert in_force(world) == merge_document({})
    draft = ConfigDraft.objects.of(world.district).get()
    assert draft.document["delivery"]["preview"] is True
    assert draft.document["delivery"]["aides_as_teachers"] is False
    counts = world.client().post(reverse("imports:configure_counts", args=["csv_upload", "delivery"]), old)
    assert "changed in another window" in counts.content.decode()


def test_a_fault_of_another_step_is_named_with_its_step(world: World, wizard: Wizard) -> None:
    draft = open_draft(app=world.app, user=world.owner)
    draft.document = {**draft.document, "requirements": {**draft.document["requirements"], "student": {"shoe_size": "skip"}}}
    draft.save()
    response = world.client().post(wizard.url("delivery"), {**wizard.fields("delivery"), "go": "finish"}, follow=True)
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == wizard.url("requirements")
    assert "Not saved yet. Data Requirements:" in page
    assert "is not an attribute of students" in page
    assert in_force(world) == merge_document({})


def test_changes_can_be_thrown_away(world: World, wizard: Wizard) -> None:
    wizard.post("delivery", {"preview": "on"}, go="stay")
    discard = reverse("imports:configure_discard", args=["csv_upload"])
    draft = ConfigDraft.objects.of(world.district).get()
    world.client().post(discard, {"draft": draft.pk + 1})  # from a page of another draft, or of another district
    assert "preview" in wizard.fields("delivery")
    assert f'name="draft" value="{draft.pk}"' in wizard.page("delivery")
    world.client().post(discard, {"draft": draft.pk})
    assert "preview" not in wizard.fields("delivery")


def test_a_page_of_another_district_takes_nothing(world: World, wizard: Wizard) -> None:
    south = World("south")
    Membership.objects.create(district=south.district, user=world.owner, role=Role.OWNER)
    form = wizard.filled("delivery", {"preview": "on"})
    wizard.client.post(reverse("accounts:choose_district"), {"district": "south"})  # in another window
    response = wizard.client.post(wizard.url("delivery"), {**form, "go": "finish"})
    assert response.status_code == 409
    assert "another district was chosen" in response.content.decode()
    assert in_force(world) == in_force(south) == merge_document({})
    assert ConfigDraft.objects.of(south.district).get().document["delivery"]["preview"] is False


def test_a_draft_without_changes_follows_a_new_version(world: World, wizard: Wizard) -> None:
    wizard.page("delivery")
    save_config(app=world.app, document={"delivery": {"preview": True}}, by=None)
    assert wizard.fields("delivery")["preview"] == ["on"]


class TestTwoEditors:
    """The second one who saves is shown the difference, and chooses."""

    @pytest.fixture
    def other(self, world: World) -> Wizard:
        return Wizard(world.client(Role.EDITOR))

    def test_what_only_one_changed_is_taken_from_both(self, world: World, wizard: Wizard, other: Wizard) -> None:
        wizard.post("delivery", {"preview": "on"}, go="stay")
        other.post("requirements", {"report:student:phone": "on"}, go="finish")
        assert "Somebody saved another version" in wizard.page("delivery")
        response = wizard.post("delivery", go="finish")
        merge = reverse("imports:configure_merge", args=["csv_upload"])
        assert response.url == merge
        shown = world.client().get(merge)
        page = shown.content.decode()
        assert "Changed by both" not in page
        assert "Student: Phone" in page
        assert "Preview of data upload" in page
        assert in_force(world)["delivery"]["preview"] is False
        assert world.client().post(merge, {"seen": shown.context["seen"]}).status_code == 302
        wizard.post("delivery", go="finish")
        document = in_force(world)
        assert document["delivery"]["preview"] is True
        assert document["requirements"]["student"]["phone"] == "report"

    @pytest.mark.parametrize(("choice", "expected"), [("mine", 20), ("theirs", 50)])
    def test_what_both_changed_must_be_chosen(self, world: World, wizard: Wizard, other: Wizard, choice: str, expected: int) -> None:
        wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": "20"}, go="stay")
        other.post("delivery", {"update_threshold_on": "on", "update_threshold": "50"}, go="finish")
        merge = reverse("imports:configure_merge", args=["csv_upload"])
        page = world.client().get(merge)
        ((change, theirs, field, _),) = page.context["clashes"]
        assert (change.label, change.after, theirs) == ("Updated records", "Hold above 20 %", "Hold above 50 %")
        seen = page.context["seen"]
        unanswered = world.client().post(merge, {"seen": seen})
        assert unanswered.status_code == 422
        assert "Choose one of the two" in unanswered.content.decode()
        world.client().post(merge, {"seen": seen, field: choice})
        wizard.post("delivery", go="finish")
        assert in_force(world)["delivery"]["update_threshold"] == expected

    def test_a_choice_between_values_that_changed_since_is_not_taken(self, world: World, wizard: Wizard, other: Wizard) -> None:
        wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": "20"}, go="stay")
        other.post("delivery", {"update_threshold_on": "on", "update_threshold": "50"}, go="finish")
        merge = reverse("imports:configure_merge", args=["csv_upload"])
        page = world.client().get(merge)
        ((_, _, field, _),) = page.context["clashes"]
        old = {"seen": page.context["seen"], field: "theirs"}
        other.post("delivery", {"update_threshold": "60"}, go="finish")  # a third version
        response = world.client().post(merge, old)
        assert response.status_code == 409
        assert "since this page was made" in response.content.decode()
        assert "Hold above 60 %" in response.content.decode()
        assert ConfigDraft.objects.of(world.district).get(user=world.owner).document["delivery"]["update_threshold"] == 20
        seen = response.context["seen"]
        wizard.post("delivery", {"update_threshold": "25"}, go="stay")  # another window
        assert world.client().post(merge, {"seen": seen, field: "mine"}).status_code == 409

    def test_saving_a_page_without_seeing_the_difference_is_refused(self, world: World, wizard: Wizard, other: Wizard) -> None:
        form = wizard.filled("delivery", {"preview": "on"})
        other.post("delivery", {"aides_as_teachers": "on"}, go="finish")
        response = world.client().post(wizard.url("delivery"), {**form, "go": "finish"})
        assert response.status_code == 302 or response.status_code == 409
        assert in_force(world)["delivery"]["preview"] is False
        assert in_force(world)["delivery"]["aides_as_teachers"] is True


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_only_owners_and_editors_configure(world: World, role: Role) -> None:
    client = world.client(role)
    for name, arguments in (
        ("configure", ["delivery"]),
        ("configure_counts", ["delivery"]),
        ("configure_merge", []),
        ("configure_discard", []),
    ):
        address = reverse(f"imports:{name}", args=["csv_upload", *arguments])
        assert client.post(address).status_code == 403
        assert client.get(address).status_code in {403, 405}
    assert not ConfigDraft.objects.of(world.district).exists()


def test_drafts_of_another_district_are_not_touched(world: World) -> None:
    south = World("south")
    Wizard(world.client()).post("delivery", {"preview": "on"}, go="stay")
    assert "preview" not in Wizard(south.client()).fields("delivery")
    stranger = Client()
    stranger.force_login(
        User.objects.create_user("nobody@x.example", "a-long-password-1"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert stranger.get(Wizard(stranger).url("delivery")).status_code == 403


def test_an_unknown_step_does_not_exist(wizard: Wizard) -> None:
    assert wizard.client.get(reverse("imports:configure", args=["csv_upload", "nonsense"])).status_code == 404


def test_limits_say_what_they_mean_in_records_of_this_district(world: World, wizard: Wizard) -> None:
    world.roster(students=421)
    page = wizard.counts("delivery", {"deletion_threshold_on": "on", "deletion_threshold": "10"})
    assert "10 % of 421 students = 42." in " ".join(page.split())


def test_with_preview_the_limits_are_disabled_and_keep_their_values(world: World, wizard: Wizard) -> None:
    wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": "30"}, go="stay")
    wizard.post("delivery", {"preview": "on"}, go="stay")
    page = wizard.page("delivery")
    assert '<fieldset class="stack" id="limits" disabled>' in page
    assert "Preview Mode is enabled" in page
    wizard.post("delivery", go="finish")
    assert in_force(world)["delivery"]["update_threshold"] == 30


def test_counts_asked_for_after_the_session_has_ended_lead_to_the_sign_in_and_back(world: World) -> None:
    address = reverse("imports:configure_counts", args=["csv_upload", "delivery"])
    page = f"https://evil.example{Wizard(Client()).url('delivery')}?a=1"
    response = Client().post(address, headers={"HX-Request": "true", "HX-Current-URL": page})
    assert response["HX-Redirect"] == "/sign-in/?next=/apps/csv_upload/configure/delivery/%3Fa%3D1"
    assert Client().get(address).status_code == 302  # a whole page is led there as ever


def test_a_count_that_fails_says_so(world: World) -> None:
    assert 'id="count-failed"' in Wizard(world.client()).page("delivery")


def test_a_draft_that_was_saved_in_another_window_is_not_saved_twice(world: World, wizard: Wizard) -> None:
    draft = open_draft(app=world.app, user=world.owner)
    wizard.post("delivery", {"preview": "on"}, go="finish")
    with pytest.raises(DraftStale):
        publish_draft(draft=draft, by=world.owner)
    with pytest.raises(DraftStale):
        write_draft(draft=draft, document=draft.document, parts=["delivery"], seen="")
    assert world.app.versions.count() == 2

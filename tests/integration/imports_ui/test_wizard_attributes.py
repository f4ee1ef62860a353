"""Attributes Mapping: the tabs, what the files hold, and what can be mapped; counts are those of the sync that follows."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import Role
from imports.trial.columns import kept_facts
from records.attributes import RecordType
from roster.models import LIVE
from tests.integration.imports_ui.mapping_kit import (
    STEP,
    Mapper,
    choose,
    deliver,
    drafted,
    files,
    first_import,
    in_force,
    mapper,
    said,
    sync_again,
    texts,
)
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import to_csv

pytestmark = pytest.mark.django_db

FAULTS = [
    (("users.email", "shoe_size", ""), "is not an attribute of students"),
    (("users.email", "", ""), "Choose the attribute that it feeds"),
    (("", "email", ""), "Choose the source header"),
    (("users.email", "+", ""), "Give the new attribute a name"),
    (("users.email", "+", "1st language"), "cannot name an attribute"),
    (("users.email", "+", "東京"), "it has no letters from a to z"),
    (("users.email", "+", "Source ID"), "is a name the portal uses itself"),
    (("users.email", "+", "Key"), "is a name the portal uses itself"),
    (("users.email", "+", "x" * 70), "cannot name an attribute"),
    (("users.email", "+", "Email Address"), "have an attribute Email Address (email) already"),
    (("users.email", "+", "first name"), "have an attribute First Name (first_name) already"),
    (("users.shoeSize", "email", ""), 'The last delivery has no header "shoeSize" in users.csv'),
    (("users.shoeSize", "+", "Shoe size"), 'The last delivery has no header "shoeSize" in users.csv'),
    (("demographics.sex", "email", ""), "has no header"),
    (("users.password", "email", ""), "Passwords are never imported"),
    (("users.userIds[Passport]", "phone", ""), 'no Type "Passport". It has State, Local.'),
    (("users.userIds", "sis_id", ""), "The SIS ID of people is"),
    (("users.email\x00", "email", ""), "has no header"),
]  # fmt: skip


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    return first_import(world, tmp_path / "first")


@pytest.fixture
def wizard(delivered: World) -> Mapper:
    return mapper(delivered)


def listed_ids(table: str) -> list[str]:
    """The headers of user ids in a table."""
    rows = re.findall(r'<th scope="row" class="lead">(.*?)</th>', table, re.DOTALL)
    words = [re.sub(r"<[^>]*>", "", row).strip() for row in rows]
    return [word for word in words if word.startswith("userIds")]


class TestTheTabs:
    def test_before_any_delivery_the_standards_headers_are_shown_without_figures(self, world: World) -> None:
        wizard = mapper(world)
        page = wizard.page(STEP)
        assert "these are the headers of the standard" in page
        for tab in ("student-users", "student-demographics", "contact-demographics", "school-orgs", "session-academicSessions"):
            assert f'id="panel-{tab}"' in page
        assert text_of(page, "filled-student-users_email") == ""
        assert 'id="type-student-users"' in page  # no delivery has shown the Types
        assert "Nothing has been imported yet" in wizard.counts(STEP)

    def test_headers_show_fill_rates_and_samples_of_the_rows_of_their_type(self, wizard: Mapper, delivered: World) -> None:
        page = wizard.counts(STEP)
        assert number_of(page, "rows-student-users") == 4
        assert number_of(page, "rows-teacher-users") == 1
        assert text_of(page, "filled-student-users_identifier") == "3 75.0 %"
        assert text_of(page, "filled-student-users_metadata_lunch") == "2 50.0 %"
        assert text_of(page, "filled-student-users_homeLanguage") == "1 25.0 %"
        assert text_of(page, "filled-student-demographics_sex") == "2 50.0 %"
        assert text_of(page, "filled-teacher-users_metadata_lunch") == "0 0.0 %"
        assert "a-very-long-user-name-of-more-than-fort…" in page
        facts = kept_facts(delivered.app)
        assert facts is not None
        assert facts["student"].columns["users.metadata.lunch"].samples == ("free", "paid")
        assert wizard.page(STEP).count("a-very-long-user-name-of-more-than-fort…") >= 1  # from now on at once

    def test_the_types_of_user_ids_found_are_offered_with_their_own_fill_rates(self, wizard: Mapper) -> None:
        page = wizard.counts(STEP)
        assert text_of(page, "filled-student-users_userIds_State-5b-5d") == "2 50.0 %"
        assert text_of(page, "filled-student-users_userIds_Local-5b-5d") == "1 25.0 %"
        assert "<optgroup" in page  # the page was made before anybody had counted
        shown = wizard.page(STEP)
        student = shown.partition('id="headers-student-users"')[2].partition('id="fed-title')[0]
        assert listed_ids(student) == ["userIds", "userIds[State]", "userIds[Local]"]
        teacher = shown.partition('id="headers-teacher-users"')[2].partition('id="fed-title')[0]
        assert listed_ids(teacher) == ["userIds", "userIds[Badge]"]
        assert '<option value="users.userIds[State]"' in shown
        assert 'id="type-student-users"' not in shown

    def test_passwords_are_never_shown_nor_offered(self, world: World, data_dir: Path, tmp_path: Path) -> None:
        made = files()
        made["users"] = [{**row, "password": "hunter2"} for row in made["users"]]
        deliver(world, texts(files()) | {"users.csv": to_csv("users", made["users"])}, tmp_path / "p")
        wizard = mapper(world)
        page = wizard.counts(STEP) + wizard.page(STEP)
        assert "never read, never kept" in page
        assert "hunter2" not in page
        assert 'value="users.password"' not in page

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
    def test_samples_are_for_editors_only(self, delivered: World, role: Role) -> None:
        client = delivered.client(role)
        for name in ("configure", "configure_counts"):
            assert client.get(reverse(f"imports:{name}", args=["csv_upload", STEP])).status_code == 403


class TestMapping:
    def test_an_attribute_is_fed_from_elsewhere_and_the_page_says_what_it_replaces(self, wizard: Mapper, delivered: World) -> None:
        preview = wizard.counts(STEP, choose("student:users", "users.email", "username"))
        assert text_of(preview, "preview-student-users").startswith(
            "users.email has a value in 4 of 4 rows, for example s1.student@example.org"
        )
        assert "It replaces users.username, which feeds Username now." in preview
        assert drafted(delivered)["attributes"]["student"]["username"] == "users.username"  # nothing is taken while one chooses
        page = said(wizard.save("student:users", "users.email", "username"))
        assert "Username of students is now fed by users.email, instead of users.username." in page
        assert "default: users.username" in wizard.page(STEP)
        assert "Username, Email Address" in wizard.counts(STEP)  # one header, two attributes
        assert in_force(delivered)["attributes"]["student"]["username"] == "users.username"

    def test_an_own_attribute_gets_its_name_from_words(self, wizard: Mapper, delivered: World) -> None:
        page = said(wizard.save("student:users", "users.userIds[State]", "+", "State ID"))
        assert "Students have a new attribute State Id (state_id), fed by users.userIds[State]." in page
        assert drafted(delivered)["attributes"]["student"]["state_id"] == "users.userIds[State]"
        wizard.save("teacher:users", "users.homeLanguage", "+", "  Langue à la maison ")
        assert drafted(delivered)["attributes"]["teacher"]["langue_a_la_maison"] == "users.homeLanguage"
        assert number_of(wizard.counts(STEP), "fed-student-state_id") == 2

    def test_a_header_that_came_may_feed_an_attribute_of_the_standard_down_to_the_sync(self, wizard: Mapper, delivered: World) -> None:
        wizard.save("student:users", "users.homeLanguage", "middle_name")
        filled = number_of(wizard.counts(STEP), "fed-student-middle_name")
        wizard.post(STEP, go="finish")
        assert in_force(delivered)["attributes"]["student"]["middle_name"] == "users.homeLanguage"
        assert sync_again(delivered).is_accepted
        assert filled == 1
        named = LIVE[RecordType.STUDENT].objects.of(delivered.district).exclude(middle_name="")
        assert [(one.key, one.middle_name) for one in named] == [("S1", "es")]

    def test_what_is_wholly_chosen_is_taken_along_by_every_button_of_the_frame(self, wizard: Mapper, delivered: World) -> None:
        wizard.post(STEP, choose("student:users", "users.email", "username"), go="next")
        assert drafted(delivered)["attributes"]["student"]["username"] == "users.email"
        wizard.post(STEP, {"header:student:users": "users.phone"}, go="next")  # half of a choice is none
        response = wizard.post(STEP, choose("student:users", "users.phone", "sis_id"), go="finish")
        assert response.status_code == 422
        assert "The SIS ID of people is" in response.content.decode()

    def test_change_and_map_come_with_their_side_chosen(self, wizard: Mapper) -> None:
        page = wizard.client.get(wizard.url(STEP) + "?change=student:email").content.decode()
        assert '<option value="email" selected>' in page
        assert '<option value="users.email" selected>' in page
        assert page.count('<details class="new-mapping" data-forgets id="new-student-users" open>') == 1
        page = wizard.client.get(wizard.url(STEP) + "?header=student:users.metadata.lunch").content.decode()
        assert '<option value="users.metadata.lunch" selected>' in page
        for forged in ("?change=goat:x", "?change=student:nothing", "?header=student:users.nothing", "?header=", "?change=student"):
            assert wizard.client.get(wizard.url(STEP) + forged).status_code == 200

    def test_a_fault_is_said_at_its_field_and_nothing_is_saved(self, wizard: Mapper, delivered: World) -> None:
        wizard.counts(STEP)
        form, before = wizard.fields(STEP), drafted(delivered)
        for chosen, words in FAULTS:
            fields = {**form, **choose("student:users", *chosen), "do": "save:student:users"}
            response = wizard.client.post(wizard.url(STEP), fields)
            assert response.status_code == 422, chosen
            page = response.content.decode().replace("&quot;", '"')
            at_fields = " ".join(re.findall(r'<div class="field-error" id="[a-z]+-error-student-users">(.*?)</div>', page, re.DOTALL))
            assert words in at_fields, chosen
        assert drafted(delivered) == before

    def test_a_type_is_typed_before_a_delivery_and_checked_after_it(self, world: World) -> None:
        wizard = mapper(world)
        fields = wizard.filled(STEP, {**choose("student:users", "users.userIds", "+", "State ID"), "type:student:users": "State"})
        wizard.client.post(wizard.url(STEP), {**fields, "do": "save:student:users"})
        assert drafted(world)["attributes"]["student"]["state_id"] == "users.userIds[State]"
        fields = wizard.filled(STEP, {**choose("student:users", "users.userIds", "+", "Other"), "type:student:users": "a[b]"})
        page = wizard.client.post(wizard.url(STEP), {**fields, "do": "save:student:users"})
        assert page.status_code == 422
        assert "without brackets" in page.content.decode()

    def test_a_forged_button_does_nothing(self, wizard: Mapper, delivered: World) -> None:
        form, before = wizard.fields(STEP), drafted(delivered)
        for button in ("", "save", "save:goat:users", "save:student:orgs", "delete:student:nothing", "reset:x", "explode:student:email"):
            response = wizard.client.post(wizard.url(STEP), {**form, "do": button})
            assert response.status_code == (422 if button else 302)
        assert drafted(delivered) == before


def test_two_districts_see_their_own_columns_only(delivered: World) -> None:
    south = World("south")
    assert "homeLanguage" not in Wizard(south.client()).page(STEP)
    assert kept_facts(south.app) is None


def test_counts_of_attributes_are_those_of_the_records_that_follow(wizard: Mapper, delivered: World) -> None:
    wizard.save("student:users", "users.metadata.lunch", "+", "Lunch")
    wizard.save("student:users", "users.email", "birth_date")  # no date at all
    page = wizard.counts(STEP)
    assert "4 cannot be read" in text_of(page, "fed-student-birth_date")
    accepted = number_of(page, "accepted-student")
    lunch, described = number_of(page, "fed-student-lunch"), number_of(page, "fed-student-gender")
    wizard.post(STEP, go="finish")
    sync = sync_again(delivered)
    counts = sync.detail.counts["student"]
    assert accepted == sum(counts[name] for name in ("created", "updated", "unchanged")) == 4
    told = {(one["code"], one["record_type"]): one["count"] for one in sync.detail.findings}
    assert told["value-unreadable", "student"] == 4
    live = LIVE[RecordType.STUDENT].objects.of(delivered.district).filter(deleted_at=None)
    assert sum(1 for one in live if (one.extra or {}).get("lunch")) == lunch == 2
    assert live.exclude(gender="").count() == described == 2

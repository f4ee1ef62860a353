"""Attributes Mapping: what deleting and resetting mean, the guard of SIS IDs, and headers that went or came."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from imports.config_parser import parse_config
from imports.models import ConfigDraft
from imports.services.drafts import rekeyed_types
from imports.services.save_config import save_config
from records.attributes import RecordType
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
    plain,
    said,
    sync_again,
    texts,
)
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import to_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    return first_import(world, tmp_path / "first")


@pytest.fixture
def wizard(delivered: World) -> Mapper:
    return mapper(delivered)


class TestDeletingAndResetting:
    def test_an_attribute_of_the_standard_is_not_fed_any_more(self, wizard: Mapper, delivered: World) -> None:
        page = said(wizard.press("delete:student:email"))
        assert "Email Address of students is not fed any more: it is empty in every record." in page
        assert "still used by Data Requirements (Skip if Missing)" in page
        assert drafted(delivered)["attributes"]["student"]["email"] is None
        counted = wizard.counts(STEP)
        assert number_of(counted, "accepted-student") == 0  # every row lacks it and is skipped
        wizard.post(STEP, go="finish")
        counts = sync_again(delivered).detail.counts["student"]
        assert (counts["skipped"], counts["created"] + counts["updated"] + counts["unchanged"]) == (4, 0)
        wizard.press("reset:student:email")
        assert drafted(delivered)["attributes"]["student"]["email"] == "users.email"

    def test_what_must_be_fed_cannot_be_deleted(self, wizard: Mapper, delivered: World) -> None:
        assert 'value="delete:student:sis_id"' not in wizard.page(STEP)
        response = wizard.press("delete:student:sis_id")
        assert response.status_code == 422
        assert "so it must be fed" in response.content.decode()
        assert drafted(delivered)["attributes"]["student"]["sis_id"] == "users.sourcedId"

    def test_an_own_attribute_leaves_the_document_unless_something_uses_it(self, wizard: Mapper, delivered: World) -> None:
        rule = {"record_type": "student", "conditions": [{"attribute": "lunch", "operator": "equals_any", "values": ["free"]}]}
        document = {
            "schools": {"all_missing_as_new": True},
            "attributes": {"student": {"lunch": "users.metadata.lunch", "spare": "users.phone"}},
            "requirements": {"student": {"lunch": "report", "spare": "none"}},
            "filters": [rule],
            "uniqueness": [{"record_type": "student", "attributes": ["lunch", "username"]}],
            "master_fields": [{"record_type": "student", "attribute": "lunch", "mode": "master"}],
        }
        save_config(app=delivered.app, document=document, by=None)
        response = wizard.press("delete:student:lunch")
        page = response.content.decode()
        assert response.status_code == 422
        for used in (
            "Data Requirements (Report",
            "Filter Rules (Lunch is free)",
            "Domains of Uniqueness (Lunch with",
            "Master Fields (Master)",
        ):
            assert used in page
        assert "lunch" in drafted(delivered)["attributes"]["student"]
        wizard.press("delete:student:spare")
        assert "spare" not in drafted(delivered)["attributes"]["student"]
        assert wizard.post(STEP, go="finish").status_code == 302
        assert "spare" not in in_force(delivered)["attributes"]["student"]

    def test_a_whole_tab_goes_back_to_its_defaults_and_own_attributes_stay(self, wizard: Mapper, delivered: World) -> None:
        wizard.save("student:users", "users.email", "username")
        wizard.save("student:users", "users.phone", "+", "Second phone")
        wizard.save("student:users", "users.homeLanguage", "country_of_birth")
        wizard.press("delete:student:sms")
        wizard.press("delete:student:gender")
        page = said(wizard.press("reset-tab:student:users"))
        assert "3 attributes are fed as by default again. Second Phone of your own stays." in page
        mapped = drafted(delivered)["attributes"]["student"]
        assert (mapped["username"], mapped["country_of_birth"]) == ("users.username", "demographics.countryOfBirthCode")
        assert mapped["second_phone"] == "users.phone"
        assert (mapped["sms"], mapped["gender"]) == ("users.sms", None)  # gender is of the other tab

    def test_several_faults_are_mended_one_by_one(self, wizard: Mapper, delivered: World) -> None:
        wizard.page(STEP)
        draft = ConfigDraft.objects.of(delivered.district).get()
        draft.document["attributes"]["student"] |= {"email": "users.gone", "phone": "users.lost"}
        draft.save()
        assert wizard.page(STEP).count("has no header") >= 2
        assert wizard.press("reset:student:email").status_code == 302
        assert drafted(delivered)["attributes"]["student"]["email"] == "users.email"
        assert wizard.post(STEP, go="finish").status_code == 422
        wizard.press("reset:student:phone")
        assert wizard.post(STEP, go="finish").status_code == 302

    def test_a_draft_with_faults_crashes_nothing(self, wizard: Mapper, delivered: World) -> None:
        wizard.page(STEP)
        draft = ConfigDraft.objects.of(delivered.district).get()
        for broken in (None, [], {"student": 5}, {"student": {"sis_id": 7, "email": []}}, {"goat": {}}):
            draft.document["attributes"] = broken
            assert rekeyed_types(delivered.app, draft.document) == {}

    def test_a_stale_page_takes_nothing_and_does_not_say_that_it_did(self, wizard: Mapper, delivered: World) -> None:
        fields = wizard.filled(STEP, choose("student:users", "users.email", "username"))
        wizard.press("delete:student:sms")
        response = wizard.client.post(wizard.url(STEP), {**fields, "do": "save:student:users"})
        assert response.status_code == 409
        assert "Username of students is now fed" not in response.content.decode()
        assert drafted(delivered)["attributes"]["student"]["username"] == "users.username"


class TestSisIds:
    """Another source of SIS IDs re-keys people, so it must be meant."""

    def rekey(self, wizard: Mapper, source: str = "users.identifier") -> Any:
        return wizard.save("student:users", source, "sis_id")

    def confirm(self, wizard: Mapper, words: str = "RE-KEY") -> Any:
        hidden = re.findall(r'name="rekeyed" value="([^"]+)"', wizard.page(STEP))
        fields = {"seen": wizard.filled(STEP, {})["seen"], "rekeyed": hidden, "rekey_words": words, "do": "confirm"}
        return wizard.client.post(wizard.url(STEP), fields)

    def finish(self, wizard: Mapper) -> str:
        """Where Finish leads."""
        return str(wizard.post(STEP, go="finish").url)

    def test_it_says_how_many_would_be_other_records_and_the_sync_shows_just_that(self, wizard: Mapper, delivered: World) -> None:
        assert "confirm it on top before you save" in said(self.rekey(wizard))
        words = text_of(wizard.counts(STEP), "rekey-student")
        assert words.startswith("3 live students would get another SIS ID. 1 row would have no SIS ID at all")
        assert self.finish(wizard).endswith("/configure/attributes/#rekey")
        assert in_force(delivered)["attributes"]["student"]["sis_id"] == "users.sourcedId"
        assert "Confirmed" in said(self.confirm(wizard))
        assert "#rekey" not in self.finish(wizard)
        assert in_force(delivered)["attributes"]["student"]["sis_id"] == "users.identifier"
        counts = sync_again(delivered).detail.counts["student"]
        assert (counts["created"], counts["skipped"]) == (3, 1)
        assert counts["deleted"] >= 3
        assert AuditEvent.objects.of(delivered.district).get(action="config.rekey_confirmed").detail == {"student": "users.identifier"}

    def test_live_people_whose_id_stays_are_not_counted(self, wizard: Mapper, delivered: World, tmp_path: Path) -> None:
        made = files()
        made["users"] = [{**row, "identifier": row["sourcedId"] if row["sourcedId"] in {"S1", "S2"} else "9"} for row in made["users"]]
        deliver(delivered, texts(made) | {"users.csv": to_csv("users", made["users"])}, tmp_path / "same")
        self.rekey(wizard)
        words = text_of(wizard.counts(STEP), "rekey-student")
        assert words.startswith("0 live students would get another SIS ID.")
        assert "2 rows share theirs with another row" in words

    def test_other_words_confirm_nothing(self, wizard: Mapper, delivered: World) -> None:
        self.rekey(wizard)
        for words in ("", "re-key", "yes", "REKEY"):
            response = self.confirm(wizard, words)
            assert response.status_code == 422
            assert 'id="rekey-error"' in response.content.decode()
        assert self.finish(wizard).endswith("#rekey")

    def test_another_source_needs_another_confirmation(self, wizard: Mapper, delivered: World) -> None:
        self.rekey(wizard)
        self.confirm(wizard)
        assert "Other SIS IDs are confirmed" in wizard.page(STEP)
        self.rekey(wizard, "users.userIds[State]")
        assert "Other SIS IDs for live records" in wizard.page(STEP)
        assert self.finish(wizard).endswith("#rekey")
        self.rekey(wizard)  # back again: that was confirmed once, but another choice lies between
        assert self.finish(wizard).endswith("#rekey")

    def test_what_is_confirmed_is_what_was_shown(self, wizard: Mapper, delivered: World) -> None:
        self.rekey(wizard)
        seen = wizard.filled(STEP, {})["seen"]
        fields = {"seen": seen, "rekeyed": "student=users.userIds[State]", "rekey_words": "RE-KEY", "do": "confirm"}
        wizard.client.post(wizard.url(STEP), fields)
        assert self.finish(wizard).endswith("#rekey")

    def test_where_nobody_is_live_nothing_needs_to_be_confirmed(self, world: World) -> None:
        wizard = mapper(world)
        self.rekey(wizard)
        assert 'id="rekey"' not in wizard.page(STEP)
        assert "#rekey" not in self.finish(wizard)


class TestDrift:
    @pytest.fixture
    def drifted(self, world: World, data_dir: Path, tmp_path: Path) -> World:
        """A second delivery without users.phone and orgs.identifier, and with two more columns; sms never came."""
        world.configure({"schools": {"all_missing_as_new": True}})
        deliver(world, texts(plain(files()), {"users": ["homeLanguage", "sms"]}), tmp_path / "1")
        second = plain(files())
        second["orgs"] = [{**row, "metadata.county": "Washoe"} for row in second["orgs"]]
        assert deliver(world, texts(second, {"users": ["phone", "sms"], "orgs": ["identifier"]}), tmp_path / "2").is_accepted
        return world

    def test_headers_that_went_and_came_are_said_on_the_step_and_on_the_app_page(self, drifted: World) -> None:
        page = Wizard(drifted.client()).page(STEP)
        feeds = "users.phone feeds Phone of students, teachers, admins and contacts, but the last delivery has no such header"
        assert f"{feeds}: it is empty in every record." in page
        assert "orgs.identifier feeds Identifier of schools, but the last delivery has no such header" in page
        assert "2 mapped headers did not come" in page
        assert "1 header of the standard is not in your files" in page  # sms alarms nobody
        assert "users.homeLanguage" in page.partition("New since the delivery before")[2].partition("</p>")[0]
        app_page = drifted.client().get(reverse("imports:app", args=["csv_upload"])).content.decode()
        assert "orgs.identifier feeds Identifier of schools" in app_page
        assert "So with 1 more mapped header." in app_page
        new = re.search(r"not mapped yet are ([^<]*)\.", app_page)
        assert new
        assert sorted(new[1].split(", ")) == ["orgs.metadata.county", "users.homeLanguage"]

    def test_without_drift_nothing_is_said(self, delivered: World) -> None:
        assert "did not come" not in Wizard(delivered.client()).page(STEP)
        assert "no such header" not in delivered.client().get(reverse("imports:app", args=["csv_upload"])).content.decode()

    def test_a_mapped_header_that_went_does_not_stand_in_the_way_of_other_changes(
        self, wizard: Mapper, delivered: World, tmp_path: Path
    ) -> None:
        wizard.save("student:users", "users.homeLanguage", "middle_name")
        wizard.post(STEP, go="finish")
        deliver(delivered, texts(plain(files()), {"users": ["homeLanguage"]}), tmp_path / "2")
        page = wizard.page(STEP)
        assert "users.homeLanguage feeds Middle Name of students, but the last delivery has no such header" in page
        assert "not in the last delivery: empty in every record" in page
        assert number_of(wizard.counts(STEP), "fed-student-middle_name") == 0
        wizard.post("delivery", {"preview": "on"}, go="finish")
        assert in_force(delivered)["delivery"]["preview"] is True
        assert parse_config(in_force(delivered), headers=None).sources[RecordType.STUDENT]["middle_name"].header == "homeLanguage"

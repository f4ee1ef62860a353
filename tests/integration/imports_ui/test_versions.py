"""Versions: listed with what changed, compared, restored, exported and imported."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from imports.config import default_document, merge_document
from imports.documents import MOST_BYTES
from imports.models import ConfigDraft, ConfigVersion
from imports.services.save_config import save_config
from imports.states import State
from tests.integration.imports_ui.wizard import Wizard
from tests.integration.imports_ui.world import World
from tests.unit.imports.documents import FULL

pytestmark = pytest.mark.django_db

VERSIONS = reverse("imports:versions", args=["csv_upload"])
IMPORT = reverse("imports:version_import", args=["csv_upload"])


def restore_url(number: int) -> str:
    return reverse("imports:version_restore", args=["csv_upload", number])


@pytest.fixture
def grown(world: World) -> World:
    """Version 2 changed two settings, version 3 one."""
    save_config(app=world.app, document={"delivery": {"preview": True, "aides_as_teachers": True}}, by=world.owner, note="For August")
    save_config(app=world.app, document={"delivery": {"aides_as_teachers": True}}, by=None, note="From the command line")
    world.app.refresh_from_db()
    return world


def drafted(world: World) -> dict[str, Any]:
    return ConfigDraft.objects.of(world.district).get().document


def upload(client: Client, content: Any, name: str = "config.json", **more: str) -> Any:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(IMPORT, {"document": SimpleUploadedFile(name, data), **more})


# --- list and compare -------------------------------------------------------------------------------------------------


def test_each_version_says_who_when_why_and_what_it_changed(grown: World) -> None:
    response = grown.client(Role.VIEWER).get(VERSIONS)
    lines = response.context["lines"]
    assert [(line.version.number, len(line.changes), line.is_in_force) for line in lines] == [(3, 1, True), (2, 2, False), (1, 0, False)]
    page = response.content.decode()
    for words in (
        "For August",
        "From the command line",
        "2 settings changed",
        "Preview of data upload",
        "by the command line",
        grown.owner.email,
    ):
        assert words in page, words
    assert "Restore" not in page  # a viewer reads
    assert 'type="file"' not in page
    assert "Restore version 2" in grown.client(Role.EDITOR).get(VERSIONS).content.decode()


def test_two_versions_are_compared_in_words_under_their_steps(grown: World) -> None:
    save_config(app=grown.app, document={"requirements": {"student": {"phone": "skip"}}}, by=grown.owner)
    found = grown.client().get(f"{VERSIONS}?from=2&to=4").context["comparison"]
    words = {group.title: [(one.label, one.before, one.after) for one in group.changes] for group in found.groups}
    assert words == {
        "Delivery Configuration": [
            ("Preview of data upload", "On: every sync waits for approval", "Off"),
            ("Aides and proctors", "Imported as teachers", "Not imported"),
        ],
        "Data Requirements": [("Student: Phone", "not required", "Skip if Missing")],
    }
    backwards = grown.client().get(f"{VERSIONS}?from=4&to=2").context["comparison"]
    assert {(one.label, one.after, one.before) for group in backwards.groups for one in group.changes} == {
        one for group in words.values() for one in group
    }


@pytest.mark.parametrize(
    ("query", "count", "words"),
    [
        ("to=3", 1, "differs from version 2"),
        ("to=1", 0, "Nothing differs from the defaults"),
        ("from=0&to=2", 2, "differ from the defaults"),
        ("from=2&to=2", 0, "Nothing differs from version 2"),
    ],
)
def test_what_one_version_changed(grown: World, query: str, count: int, words: str) -> None:
    response = grown.client().get(f"{VERSIONS}?{query}")
    assert response.context["comparison"].count == count
    assert words in " ".join(response.content.decode().split())


@pytest.mark.parametrize("query", ["from=1&to=99", "from=x&to=1", "to=-1", "to=" + "9" * 40, "from=2&to=%00", "from=1;&to=<b>"])
def test_versions_that_are_not_there_are_said_to_be_not_there(grown: World, query: str) -> None:
    page = grown.client().get(f"{VERSIONS}?{query}").content.decode()
    assert "There is no version" in page
    assert "<b>" not in page.partition("There is no version")[2][:60]


def test_many_versions_come_in_pages(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(25):
        save_config(app=world.app, document={"delivery": {"update_threshold": number}}, by=world.owner)
    client = world.client()
    with django_assert_max_num_queries(15):
        first = client.get(VERSIONS)
    assert [line.version.number for line in first.context["lines"]] == list(range(26, 6, -1))
    assert len(first.context["lines"][-1].changes) == 1  # against version 6, on the next page
    assert [line.version.number for line in client.get(f"{VERSIONS}?page=2").context["lines"]] == list(range(6, 0, -1))


# --- restore ----------------------------------------------------------------------------------------------------------


def test_restoring_fills_the_draft_and_saving_it_makes_a_version(grown: World) -> None:
    client = grown.client(Role.EDITOR)
    response = client.post(restore_url(2))
    assert response.url == reverse("imports:configure", args=["csv_upload", "delivery"])
    assert "Version 2 is in your draft: 1 setting differs from version 3." in client.get(response.url).content.decode()
    grown.app.refresh_from_db()
    assert grown.app.config is not None and grown.app.config.number == 3
    Wizard(client).post("delivery", go="finish")
    version = ConfigVersion.objects.of(grown.district).get(number=4)
    assert version.document == ConfigVersion.objects.of(grown.district).get(number=2).document
    assert (version.created_by, version.note) == (grown.member(Role.EDITOR), "Restored from version 2")


def test_a_note_does_not_stay_with_later_changes(grown: World) -> None:
    wizard = Wizard(grown.client())
    wizard.client.post(restore_url(2))
    wizard.post("delivery", go="finish")
    wizard.post("delivery", {"update_threshold_on": "on", "update_threshold": "5"}, go="finish", without=("preview",))
    assert ConfigVersion.objects.of(grown.district).get(number=5).note == ""


def test_unsaved_changes_are_replaced_only_on_purpose(grown: World) -> None:
    client = grown.client()
    Wizard(client).post("delivery", {"update_threshold_on": "on", "update_threshold": "7"}, go="stay")
    for response in (client.post(restore_url(2)), upload(client, {"drop_empty_classes": True})):
        assert response.status_code == 409
        assert drafted(grown)["delivery"]["update_threshold"] == 7
    assert "Your draft has 1 change that is not saved." in client.post(restore_url(2)).content.decode()
    assert "tick that it may replace" in upload(client, {"drop_empty_classes": True}).content.decode()
    assert client.post(restore_url(2), {"replace": "yes"}).status_code == 302
    assert drafted(grown)["delivery"]["update_threshold"] is None
    assert drafted(grown)["delivery"]["preview"] is True
    assert upload(client, {"drop_empty_classes": True}, replace="yes").status_code == 302
    assert drafted(grown) == merge_document({"drop_empty_classes": True})


def test_a_version_that_says_the_same_leaves_nothing_to_save(grown: World) -> None:
    client = grown.client()
    response = client.post(restore_url(3), follow=True)
    assert "There is nothing to save." in response.content.decode()
    assert response.redirect_chain[-1][0] == VERSIONS
    Wizard(client).post("delivery", go="finish")
    assert grown.app.versions.count() == 3


# --- export and import ------------------------------------------------------------------------------------------------


def test_export_gives_the_document_that_the_command_prints(world: World) -> None:
    world.configure(FULL)
    response = world.client(Role.VIEWER).get(reverse("imports:version_export", args=["csv_upload", 2]))
    assert response["Content-Disposition"] == 'attachment; filename="north-csv_upload-v2.json"'
    assert json.loads(response.content) == merge_document(FULL)
    first = world.client().get(reverse("imports:version_export", args=["csv_upload", 1]))
    assert json.loads(first.content) == default_document()


def test_export_leaves_passwords_out(world: World) -> None:
    assert world.app.config is not None
    secret = {**world.app.config.document, "delivery": {**world.app.config.document["delivery"], "password": "hidden"}}
    ConfigVersion.unscoped.filter(pk=world.app.config.pk).update(document=secret)
    assert b"hidden" not in world.client().get(reverse("imports:version_export", args=["csv_upload", 1])).content


def test_what_was_exported_can_be_imported_and_saved(world: World) -> None:
    world.configure(FULL)
    client = world.client()
    exported = client.get(reverse("imports:version_export", args=["csv_upload", 2])).content
    save_config(app=world.app, document={}, by=world.owner)
    response = upload(client, exported, name="C:\\Users\\clerk\\august.json")
    assert response.status_code == 302
    page = client.get(response.url).content.decode()
    assert "august.json is in your draft:" in page
    assert drafted(world) == merge_document(FULL)
    Wizard(client).post("delivery", go="finish")
    version = ConfigVersion.objects.of(world.district).get(number=4)
    assert (version.document, version.note) == (merge_document(FULL), "Imported from august.json")


def test_every_fault_of_a_document_is_named_with_its_path_and_nothing_is_taken(world: World) -> None:
    bad = {
        "delivery": {"preview": "yes", "update_threshold": 900},
        "filters": [{"record_type": "student", "conditions": [{"attribute": "grades", "operator": "is<b>"}]}],
        "attributes": {"student": {"email": "users.nonsense"}},
    }
    response = upload(world.client(), bad)
    page = response.content.decode()
    assert response.status_code == 422
    assert "It has 4 faults" in page
    for path in ("delivery.preview:", "delivery.update_threshold:", "filters[0].conditions[0].operator:", "attributes.student.email:"):
        assert path in page, path
    assert "is<b>" not in page
    assert not ConfigDraft.objects.of(world.district).exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not a JSON document"),
        (b"", "is not a JSON document"),
        (b"PK\x03\x04\xff\xfe", "is not UTF-8 text"),
        (b'{"filters": [], "filters": []}', "given twice"),
        (b"[" * 100_000, "is not a JSON document"),
        (b'{"delivery": {"update_threshold": NaN}}', "NaN is no number of JSON"),
        (b'{"schools": {"mapping": {"a\\u0000": "b"}}}', "holds control characters"),
        (b'"' + b"x" * MOST_BYTES + b'"', "is larger than 5 MB"),
        (b"[]", "A configuration is an object"),
        (b"null", "A configuration is an object"),
        (b'{"schools": null, "filters": 7}', "filters:"),
        (b'{"requirements": {"student": {"email": "skip\\u0000"}}}', "requirements.student.email:"),
    ],
)
def test_what_is_no_document_is_refused_in_words(world: World, content: bytes, words: str) -> None:
    response = upload(world.client(), content)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ConfigDraft.objects.of(world.district).exists()


def test_no_file_is_said(world: World) -> None:
    response = world.client().post(IMPORT)
    assert response.status_code == 422
    assert "No file was chosen" in response.content.decode()
    assert world.client().post(IMPORT, {"document": "text"}).status_code == 422


# --- who may, and where it leads --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_only_owners_and_editors_restore_import_and_simulate(grown: World, role: Role) -> None:
    client = grown.client(role)
    assert client.get(VERSIONS).status_code == 200
    assert client.get(reverse("imports:version_export", args=["csv_upload", 1])).status_code == 200
    for address in (restore_url(1), IMPORT, reverse("imports:simulate", args=["csv_upload"])):
        assert client.post(address).status_code == 403
    assert grown.client().get(restore_url(1)).status_code == 405
    assert not ConfigDraft.objects.of(grown.district).exists()


def test_versions_of_another_district_do_not_exist(world: World) -> None:
    south = World("south")
    south.configure({"delivery": {"preview": True}})
    client = world.client()
    for address in (restore_url(2), restore_url(2**40)):
        assert client.post(address).status_code == 404
    assert client.get(reverse("imports:version_export", args=["csv_upload", 2])).status_code == 404
    assert "There is no version 2." in client.get(f"{VERSIONS}?from=1&to=2").content.decode()


def test_a_sync_and_the_history_name_their_version(grown: World) -> None:
    sync = grown.sync(State.COMPLETED)
    link = f'href="{VERSIONS}?to=3#compare"'
    for address in (
        reverse("imports:sync", args=[sync.pk]),
        reverse("history"),
        reverse("imports:app_tab", args=["csv_upload", "history"]),
        reverse("imports:app_tab", args=["csv_upload", "settings"]),
    ):
        page = grown.client().get(address).content.decode()
        assert link in page, address
        assert "Version 3" in page


def test_the_settings_lead_to_every_step_for_those_who_may_edit(grown: World) -> None:
    address = reverse("imports:app_tab", args=["csv_upload", "settings"])
    page = grown.client(Role.EDITOR).get(address).content.decode()
    for title in ("Delivery Configuration", "Data Requirements"):
        assert f'aria-label="Edit {title}"' in page
    for words in ("Edit configuration", "All versions", "Export", "Import", "Simulate"):
        assert words in page, words
    viewed = grown.client(Role.VIEWER).get(address).content.decode()
    for words in ("Edit ", "Simulate<", "/configure/"):
        assert words not in viewed, words
    assert "All versions" in viewed

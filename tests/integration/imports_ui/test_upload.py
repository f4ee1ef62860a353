"""Taking an upload: what is taken, what is refused in words, who may do it, and that nothing is read before that is known."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from imports.models import Delivery, Sync
from imports.states import State
from tests.integration.imports_ui.files import first_delivery, zipped
from tests.integration.imports_ui.world import World

ADDRESS = "/apps/csv_upload/upload/"
JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.usefixtures("data_dir")


def loose(files: dict[str, str]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name, text.encode()) for name, text in files.items()]


def as_zip(name: str = "OneRoster.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, zipped(first_delivery()))


def test_a_zip_becomes_a_delivery_and_a_queued_sync(world: World) -> None:
    response = world.client().post(ADDRESS, {"files": [as_zip()]}, headers=JSON)
    sync = Sync.objects.of(world.district).get()
    assert response.status_code == 201
    assert response.json() == {"url": reverse("imports:sync", args=[sync.pk]), "ignored": []}
    assert sync.state == State.QUEUED
    assert sync.created_by == world.owner
    assert sync.delivery.source == Delivery.Source.BROWSER


def test_the_seven_loose_files_are_taken(world: World) -> None:
    assert world.client().post(ADDRESS, {"files": loose(first_delivery())}, headers=JSON).status_code == 201
    assert Delivery.objects.of(world.district).get().files.count() == 7


def test_a_zip_wins_over_loose_files_and_says_so(world: World) -> None:
    response = world.client().post(ADDRESS, {"files": [as_zip(), *loose({"users.csv": "x"})]}, headers=JSON)
    assert response.json()["ignored"] == ["users.csv"]
    page = world.client().get(response.json()["url"]).content.decode()
    assert "not used: users.csv" in page


def test_missing_files_are_named_and_nothing_is_stored(world: World) -> None:
    files = first_delivery()
    del files["classes.csv"], files["orgs.csv"]
    response = world.client().post(ADDRESS, {"files": loose(files)}, headers=JSON)
    assert response.status_code == 422
    assert {problem["file"] for problem in response.json()["problems"]} == {"classes.csv", "orgs.csv"}
    assert all(problem["message"] and problem["fix"] for problem in response.json()["problems"])
    assert not Delivery.objects.of(world.district).exists()
    assert not Sync.objects.of(world.district).exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"just text"])
def test_what_is_no_zip_is_refused_in_words(world: World, content: bytes) -> None:
    response = world.client().post(ADDRESS, {"files": [SimpleUploadedFile("OneRoster.zip", content)]}, headers=JSON)
    assert response.status_code == 422
    assert response.json()["problems"][0]["file"] == "OneRoster.zip"
    assert not Delivery.objects.of(world.district).exists()


def test_nothing_chosen_is_refused_in_words(world: World) -> None:
    response = world.client().post(ADDRESS, {}, headers=JSON)
    assert response.status_code == 422
    assert response.json()["problems"]


def test_without_a_script_the_form_leads_to_the_sync(world: World) -> None:
    response = world.client().post(ADDRESS, {"files": [as_zip()]})
    assert response.status_code == 302
    assert response["Location"] == reverse("imports:sync", args=[Sync.objects.of(world.district).get().pk])


def test_without_a_script_a_refusal_is_shown_on_the_app_page(world: World) -> None:
    response = world.client().post(ADDRESS, {"files": loose({"users.csv": "sourcedId\n"})})
    page = response.content.decode()
    assert response.status_code == 422
    assert "upload-form" in page
    assert "enrollments.csv" in page.split("drop-zone")[0]


def test_an_upload_over_the_limit_is_refused_before_it_is_read(world: World, settings: Any) -> None:
    settings.PORTAL_MAX_UPLOAD_MB = 1
    upload = SimpleUploadedFile("OneRoster.zip", b"x" * (2 << 20))
    response = world.client().post(ADDRESS, {"files": [upload]}, headers=JSON)
    assert response.status_code == 413
    assert "1 MB" in response.json()["problems"][0]["message"]
    assert "_files" not in response.wsgi_request.__dict__, "the body was read"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_only_owners_and_editors_may_upload_and_others_send_for_nothing(world: World, role: Role) -> None:
    response = world.client(role).post(ADDRESS, {"files": [as_zip()]}, headers=JSON)
    assert response.status_code == 403
    assert "_files" not in response.wsgi_request.__dict__, "the body was read"
    assert world.client(Role.EDITOR).post(ADDRESS, {"files": [as_zip()]}, headers=JSON).status_code == 201


def test_strangers_are_sent_to_sign_in_before_the_body_is_read(world: World) -> None:
    response = Client().post(ADDRESS, {"files": [as_zip()]})
    assert response.status_code == 302
    assert "/sign-in/" in response["Location"]


def test_an_upload_needs_the_csrf_token(world: World) -> None:
    client = world.client(enforce_csrf_checks=True)
    assert client.post(ADDRESS, {"files": [as_zip()]}, headers=JSON).status_code == 403
    assert not Sync.objects.of(world.district).exists()
    client.get(reverse("imports:app", args=["csv_upload"]))
    token = client.cookies["csrftoken"].value
    assert client.post(ADDRESS, {"files": [as_zip()]}, headers={**JSON, "X-CSRFToken": token}).status_code == 201
    assert client.post(ADDRESS, {"files": [as_zip()], "csrfmiddlewaretoken": token}, headers=JSON).status_code == 201


def test_uploads_lie_on_disk_not_in_memory_and_leave_nothing_behind(world: World, settings: Any) -> None:
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    before = set(folder.iterdir())
    response = world.client().post(ADDRESS, {"files": [as_zip()]}, headers=JSON)
    sent = response.wsgi_request.FILES.getlist("files")
    assert all(hasattr(file, "temporary_file_path") for file in sent)
    response.close()
    for file in sent:
        file.close()
    assert set(folder.iterdir()) == before


def test_a_newer_upload_takes_the_place_of_a_held_sync(world: World) -> None:
    held = world.sync(State.HELD)
    world.client().post(ADDRESS, {"files": [as_zip()]}, headers=JSON)
    held.refresh_from_db()
    assert held.state == State.SUPERSEDED


def test_get_is_not_an_upload(world: World) -> None:
    assert world.client().get(ADDRESS).status_code == 405

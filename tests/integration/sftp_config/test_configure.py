"""configure_import --app sftp: sign-in keys are applied with the configuration, or nothing is; a password is never given out."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Role
from imports.models import ConfigDraft, ConfigVersion, LandingKey
from tests.integration.sftp_config.kit import GOOD, OTHER, PRIVATE, PUBLIC, RSA_2048, Desk

pytestmark = pytest.mark.django_db
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a document to the command by standard input."""

    def call(document: Any = None, *args: str, slug: str = "north") -> tuple[int, str, str]:
        out, err, code = StringIO(), StringIO(), 0
        given = [] if document is None else ["--file", "-"]
        monkeypatch.setattr("sys.stdin", StringIO(document if isinstance(document, str) else json.dumps(document)))
        try:
            call_command("configure_import", slug, "--app", "sftp", *given, *args, stdout=out, stderr=err)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, out.getvalue(), err.getvalue()

    return call


def test_a_document_sets_user_name_password_and_keys(desk: Desk, run: Run) -> None:
    code, _, _ = run(
        {"delivery": {"username": "sis-export", "password": GOOD, "public_keys": [f"{PUBLIC} laptop", OTHER], "preview": True}}
    )
    assert code == 0
    zone = desk.zone
    assert (zone.username, zone.sign_in) == ("sis-export", "password") and check_password(GOOD, zone.password)
    assert [(key.line, key.name, key.added_by) for key in desk.keys] == [(PUBLIC, "laptop", None), (OTHER, "", None)]
    desk.app.refresh_from_db()
    stored = json.dumps([*ConfigVersion.objects.of(desk.world.district).values_list("document", flat=True)])
    assert '"preview": true' in stored
    for secret in (GOOD, "sis-export", PUBLIC, "public_keys"):
        assert secret not in stored
    assert GOOD not in desk.audit_text()


def test_what_a_document_leaves_out_stays(desk: Desk, run: Run) -> None:
    run({"delivery": {"username": "sis-export", "password": GOOD, "public_keys": [PUBLIC]}})
    before = desk.zone.password
    assert run({"delivery": {"preview": True}})[0] == 0
    assert (desk.zone.username, desk.zone.password, len(desk.keys)) == ("sis-export", before, 1)
    run({"delivery": {"username": None, "password": None}})
    assert (desk.zone.username, desk.zone.password) == ("sis-export", before)


def test_keys_replace_the_list_and_keep_the_history_of_those_that_stay(desk: Desk, run: Run) -> None:
    run({"delivery": {"public_keys": [PUBLIC]}})
    (first,) = desk.keys
    assert desk.zone.sign_in == "key"
    run({"delivery": {"public_keys": [OTHER, PUBLIC]}})
    assert first in desk.keys and len(desk.keys) == 2
    run({"delivery": {"public_keys": []}})
    assert desk.keys == []


def test_a_password_switches_to_password_based_and_keys_alone_to_key_based(desk: Desk, run: Run) -> None:
    run({"delivery": {"public_keys": [PUBLIC]}})
    assert desk.zone.sign_in == "key"
    run({"delivery": {"password": GOOD}})
    assert desk.zone.sign_in == "password"
    run({"delivery": {"public_keys": [OTHER]}})
    assert desk.zone.sign_in == "key"


def test_what_is_shown_can_be_given_back_and_changes_nothing(desk: Desk, run: Run) -> None:
    run({"delivery": {"username": "sis-export", "password": GOOD, "public_keys": [f"{PUBLIC} laptop"]}})
    shown = run(None, "--show")[1]
    document = json.loads(shown)
    assert document["delivery"]["username"] == "sis-export" and document["delivery"]["public_keys"] == [f"{PUBLIC} laptop"]
    assert "password" not in document["delivery"]
    audited, zone, keys = desk.audit(), desk.zone, [key.pk for key in desk.keys]
    assert run(shown)[0] == 0
    assert run(None, "--show")[1] == shown
    assert (desk.zone.password, desk.zone.sign_in, [key.pk for key in desk.keys], desk.audit()) == (
        zone.password,
        "password",
        keys,
        audited,
    )


@pytest.mark.parametrize(
    ("delivery", "path", "words"),
    [
        ({"username": "x"}, "delivery.username", "3 to 64"),
        ({"username": "south"}, "delivery.username", "not free"),
        ({"username": 7}, "delivery.username", ""),
        ({"password": "short"}, "delivery.password", "At least 12"),
        ({"password": "northern-north", "username": "northern-nort"}, "delivery.password", "like the user name"),
        ({"public_keys": [PUBLIC, RSA_2048]}, "delivery.public_keys[1]", "2,048 bits"),
        ({"public_keys": [PUBLIC, PUBLIC + " twice"]}, "delivery.public_keys[1]", "already"),
        ({"public_keys": [PRIVATE]}, "delivery.public_keys[0]", ""),
        ({"public_keys": ["AAAA", 3]}, "delivery.public_keys[1]", ""),
        ({"public_keys": "AAAA"}, "delivery.public_keys", ""),
    ],
)
def test_a_fault_is_named_by_its_path_and_nothing_is_changed(desk: Desk, run: Run, delivery: dict[str, Any], path: str, words: str) -> None:
    Desk("south")
    code, out, err = run({"delivery": {"preview": True, "password": GOOD, **delivery}})
    assert code == 1 and out == ""
    assert f"  {path}: " in err and words in err
    assert not desk.zone.password and desk.zone.username == "north" and desk.keys == []
    assert GOOD not in err and PRIVATE.splitlines()[1] not in err
    desk.app.refresh_from_db()
    assert desk.app.config and desk.app.config.number == 1


def test_all_faults_are_told_at_once(desk: Desk, run: Run) -> None:
    err = run({"delivery": {"preview": "yes", "username": "x", "public_keys": [RSA_2048]}})[2]
    for path in ("delivery.preview", "delivery.username", "delivery.public_keys[0]"):
        assert f"  {path}: " in err


def test_before_activation_the_defaults_are_shown_and_a_document_activates(run: Run, desk: Desk) -> None:
    from tests.integration.imports_ui.world import World

    World("east")
    code, out, err = run(None, "--show", slug="east")
    assert code == 0 and "not activated yet" in err and "username" not in json.loads(out)["delivery"]
    assert run({"delivery": {"password": GOOD}}, slug="east")[0] == 0


# --- versions -------------------------------------------------------------------------------------------------------------


def test_an_imported_document_leaves_its_sign_in_out_with_a_sentence(desk: Desk) -> None:
    client = desk.client()
    document = {"delivery": {"preview": True, "username": "evil", "password": GOOD, "public_keys": [PUBLIC]}}
    file = SimpleUploadedFile("config.json", json.dumps(document).encode())
    response = client.post(reverse("imports:version_import", args=["sftp"]), {"document": file}, follow=True)
    assert "are left out" in response.content.decode()
    draft = ConfigDraft.objects.of(desk.world.district).get().document
    assert draft["delivery"]["preview"] is True and not {"username", "password", "public_keys"} & set(draft["delivery"])
    assert desk.zone.username == "north" and desk.keys == []


def test_restored_and_exported_versions_know_nothing_of_credentials(desk: Desk, run: Run) -> None:
    run({"delivery": {"username": "sis-export", "password": GOOD, "public_keys": [PUBLIC], "preview": True}})
    LandingKey.objects.of(desk.world.district).delete()
    exported = desk.client(Role.VIEWER).get(reverse("imports:version_export", args=["sftp", 2])).content.decode()
    assert not any(word in exported for word in (GOOD, "sis-export", PUBLIC))
    desk.client().post(reverse("imports:version_restore", args=["sftp", 2]), {"replace": "yes"})
    assert desk.keys == [] and desk.zone.username == "sis-export"

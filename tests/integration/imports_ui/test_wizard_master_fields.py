"""Master Fields: modes come, change and go; with one app they have no effect, with two their counts are those of the sync that follows."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Role
from imports.models import ConfigDraft, ImportApp, Sync
from imports.selectors.findings import read_findings
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import Row, district, to_csv

pytestmark = pytest.mark.django_db
STEP = "master_fields"
EMAIL = {"record_type": "student", "attribute": "email"}


def deliver(app: ImportApp, **users: Row) -> Sync:
    """The faultless district with some users changed, from one of the apps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, rows in district(users=users).items():
            (folder / f"{file}.csv").write_text(to_csv(file, rows), encoding="utf-8", newline="")
        delivery = receive_delivery(
            app=app, uploads=[Upload(path.name, path) for path in sorted(folder.iterdir())], source="browser", by=None
        )
    app.refresh_from_db()
    sync = start_sync(delivery=delivery, by=None, wake=False)
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.of(app.district_id).select_related("detail").get(pk=sync.pk)


def second_app(world: World, *fields: Mapping[str, str]) -> ImportApp:
    """The SFTP app, active, with these master fields."""
    app = activate_app(district=world.district, kind=ImportApp.Kind.SFTP, by=world.owner)
    save_config(app=app, document={"schools": {"all_missing_as_new": True}, "master_fields": list(fields)}, by=world.owner)
    app.refresh_from_db()
    return app


@pytest.fixture
def one(world: World, data_dir: Path) -> World:
    """A district with one app and one import."""
    world.configure({"schools": {"all_missing_as_new": True}})
    assert deliver(world.app).is_accepted
    return world


def add(wizard: Wizard, name: str, mode: str = "master", kind: str = "student") -> Any:
    return wizard.post(STEP, {f"new_attribute:{kind}": name, f"new_mode:{kind}": mode}, do=f"add:{kind}")


def drafted(world: World) -> list[dict[str, Any]]:
    return ConfigDraft.objects.of(world.district).get(app=world.app).document["master_fields"]


def test_with_one_app_the_page_says_that_nothing_has_an_effect(one: World) -> None:
    wizard = Wizard(one.client())
    assert "CSV Upload is the only import app of this district, so master fields have no effect yet." in wizard.page(STEP)
    add(wizard, "email")
    wizard.counts(STEP)
    second_app(one)
    assert "SFTP has not imported anything yet, so master fields have no effect yet." in wizard.page(STEP)


def test_a_mode_is_given_changed_and_taken_away(one: World) -> None:
    wizard = Wizard(one.client())
    assert add(wizard, "email").status_code == 302
    assert add(wizard, "phone", "do_not_override", "teacher").status_code == 302
    assert drafted(one) == [{**EMAIL, "mode": "master"}, {"record_type": "teacher", "attribute": "phone", "mode": "do_not_override"}]
    wizard.counts(STEP, {"mode:student:email": "do_not_override"})
    assert drafted(one)[0]["mode"] == "do_not_override"
    assert 'aria-label="Remove the mode of Phone, teacher"' in wizard.page(STEP)
    wizard.post(STEP, do="remove:teacher:phone")
    assert drafted(one) == [{**EMAIL, "mode": "do_not_override"}]
    wizard.post(STEP, go="finish")
    one.app.refresh_from_db()
    assert one.app.config and one.app.config.document["master_fields"] == [{**EMAIL, "mode": "do_not_override"}]


def test_what_a_record_is_known_by_is_not_offered(one: World) -> None:
    page = Wizard(one.client()).page(STEP)
    offered = {
        kind: re.findall(r'<option value="(\w+)"', page.split(f'id="new-attribute-{kind}"')[1].split("</select>")[0])
        for kind in ("student", "enrollment")
    }
    assert "email" in offered["student"]
    assert "sis_id" not in offered["student"]
    assert offered["enrollment"] == ["role", "primary", "begin_date", "end_date"]


@pytest.mark.parametrize(
    ("name", "mode", "kind", "sentence"),
    [
        ("email", "master", "student", "&quot;email&quot; has a mode in master_fields[0] already. Remove one of the two."),
        ("shoe_size", "master", "student", "&quot;shoe_size&quot; is not an attribute of students."),
        ("phone", "slave", "student", "&quot;slave&quot; is not known here. Use one of master, do_not_override."),
        ("sis_id", "master", "student", "SIS ID names the record, so it has no mode. Choose another attribute."),
        ("class_id", "master", "enrollment", "Class ID makes the enrollment what it is, so it has no mode. Choose another attribute."),
    ],
)
def test_a_faulty_master_field_is_refused_at_its_field(one: World, name: str, mode: str, kind: str, sentence: str) -> None:
    wizard = Wizard(one.client())
    add(wizard, "email")
    answer = add(wizard, name, mode, kind)
    assert answer.status_code == 422
    assert re.search(
        rf'id="panel-{kind}".*?<details[^>]* open>.*?role="alert">.*?{re.escape(sentence)}', answer.content.decode(), re.DOTALL
    )
    assert drafted(one) == [{**EMAIL, "mode": "master"}]


def test_counts_of_a_mode_are_those_of_the_sync_that_follows(one: World) -> None:
    sftp = second_app(one)
    deliver(one.app, S1={"email": "csv@example.org", "givenName": "Other"}, S2={"email": "csv2@example.org"})
    deliver(sftp, S1={"email": "sftp@example.org"}, S2={"email": "sftp2@example.org"})
    wizard = Wizard(one.client())
    add(wizard, "email")
    add(wizard, "first_name", "do_not_override")
    page = wizard.counts(STEP)
    assert text_of(page, "shared-student") == "Of the 2 students in the last delivery 2 are fed by SFTP as well."
    assert text_of(page, "gives-0") == "No value of the last delivery gives way."
    page = wizard.counts(STEP, {"mode:student:email": "do_not_override"})
    counted = {"email": number_of(page, "gives-0"), "first_name": number_of(page, "gives-1")}
    assert counted == {"email": 2, "first_name": 1}
    wizard.post(STEP, {"mode:student:email": "do_not_override"}, go="finish")
    sync = deliver(one.app, S1={"email": "csv@example.org", "givenName": "Other"}, S2={"email": "csv2@example.org"})
    kept = [found.column for found in read_findings(sync, kind="master-field-kept").rows]
    assert {"email": kept.count("email"), "first_name": kept.count("givenName")} == counted


def test_what_the_other_app_is_master_of_is_shown_and_counted(one: World) -> None:
    sftp = second_app(one, {**EMAIL, "mode": "master"}, {"record_type": "teacher", "attribute": "phone", "mode": "do_not_override"})
    deliver(one.app, S1={"email": "csv@example.org"})
    deliver(sftp, S1={"email": "sftp@example.org"})
    wizard = Wizard(one.client())
    page = wizard.page(STEP)
    assert page.count("Master: SFTP") == 1
    counted = wizard.counts(STEP)
    assert text_of(counted, "theirs-student-0") == "1 value of the last delivery gives way to the one in the portal."
    add(wizard, "email")
    assert "SFTP is Master of it as well, so neither is protected from the other." in wizard.page(STEP)
    assert text_of(wizard.counts(STEP), "gives-0") == "No value of the last delivery gives way."


def test_only_editors_change_modes(one: World) -> None:
    client = one.client(Role.VIEWER)
    assert (
        client.post(
            Wizard(client).url(STEP), {"do": "add:student", "new_attribute:student": "email", "new_mode:student": "master"}
        ).status_code
        == 403
    )

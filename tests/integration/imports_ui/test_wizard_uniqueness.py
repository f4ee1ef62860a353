"""Domains of Uniqueness: fixed domains stay, others come and go, and their counts are those of the sync that follows."""

import re
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Role
from imports.models import ConfigDraft, Sync
from imports.selectors.findings import read_findings
from tests.integration.imports_ui.test_wizard_counts import sync_again
from tests.integration.imports_ui.wizard import Wizard, text_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import District, district, person, to_csv

pytestmark = pytest.mark.django_db
STEP = "uniqueness"


def files() -> District:
    """Six students of whom some share a phone number, a name or an email address; rows that repeat a SIS ID."""
    made = district()
    made["users"] += [
        person("S3", "student", phone="555", givenName="Ana", familyName="Lopez"),
        person("S4", "student", phone="555", givenName="Ana", familyName="Okafor"),
        person("S5", "student", phone="777", givenName="Ben", familyName="Okafor"),
        person("S6", "student", phone="777", email="T1.Teacher@example.org"),
        person("S7", "student", phone="777"),
        person("S8", "student"), person("S8", "student"), person("S9", "student"), person("S9", "student", phone="1"),
        person("T2", "teacher", phone="555"),
    ]  # fmt: skip
    return made


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    """A district with one import of these files."""
    world.configure({"schools": {"all_missing_as_new": True}})
    assert world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in files().items()}, tmp_path).is_accepted
    return world


def add(wizard: Wizard, *names: str, kind: str = "student") -> Any:
    return wizard.post(STEP, {f"new:{kind}": list(names)}, do=f"add:{kind}")


def removals(page: str) -> list[str]:
    """The values of the garbage cans."""
    return [value.replace("&quot;", '"') for value in re.findall(r'name="do" value="(remove:[^"]*)"', page)]


def drafted(world: World) -> list[dict[str, Any]]:
    return ConfigDraft.objects.of(world.district).get().document["uniqueness"]


def shared(sync: Sync, attribute: str) -> dict[str, set[str]]:
    """Value -> lines that were left out for it, in the report of a sync."""
    found: dict[str, set[str]] = {}
    for one in read_findings(sync, kind="uniqueness-shared", limit=500).rows:
        if one.message.startswith(attribute):
            found.setdefault(one.value.lower(), set()).add(f"{one.record_type} {one.row}")
    return found


def test_email_and_sis_id_are_fixed(world: World) -> None:
    page = Wizard(world.client()).page(STEP)
    for name in ("Email Address", "SIS ID"):
        assert re.search(rf'aria-label="Fixed, cannot be removed".*?<strong>{name}</strong>', page, re.DOTALL)
    assert "Students, Teachers, Admins" in page
    assert removals(page) == []


def test_a_domain_is_added_and_removed(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    assert add(wizard, "phone").url == wizard.url(STEP)
    assert add(wizard, "first_name", "last_name").status_code == 302
    domains = [{"record_type": "student", "attributes": ["phone"]}, {"record_type": "student", "attributes": ["first_name", "last_name"]}]
    assert drafted(delivered) == domains
    page = wizard.page(STEP)
    assert "First Name with Last Name" in page
    assert 'aria-label="Remove Phone of students"' in page
    assert wizard.post(STEP, do=removals(page)[0]).status_code == 302
    assert drafted(delivered) == domains[1:]


def test_going_on_and_back_loses_no_domain(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    add(wizard, "phone")
    wizard.post(STEP, go="next")
    assert len(removals(wizard.page(STEP))) == 1


def test_counts_of_all_domains_are_those_of_the_sync_that_follows(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    add(wizard, "phone")
    page = wizard.counts(STEP)
    first = Sync.objects.of(delivered.district).get()
    assert text_of(page, "domain-email") == "1 value is shared by 1 student and 1 teacher; these rows are duplicates."
    assert {value: len(lines) for value, lines in shared(first, "Email Address").items()} == {"t1.teacher@example.org": 2}
    assert {code: count for code, count in _codes(first).items() if code.startswith("key")} == {
        "key-repeated": 1,
        "key-repeated-differs": 2,
    }
    assert text_of(page, "domain-sis_id") == (
        "1 student repeats 1 SIS ID with the same values; this row is a duplicate. 2 students share 1 SIS ID with different values; these rows are invalid."
    )
    counted = text_of(page, "domain-0")
    wizard.post(STEP, go="finish")
    report = shared(sync_again(delivered), "Phone")
    assert counted == f"{len(report)} values are shared by {sum(map(len, report.values()))} students; these rows are duplicates."


def _codes(sync: Sync) -> dict[str, int]:
    return {one["code"]: one["count"] for one in sync.detail.findings}


def test_a_set_is_counted_before_it_is_added_and_the_sync_finds_the_same(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    page = wizard.counts(STEP, {"new:student": ["phone"]})
    preview = text_of(page, "preview-student")
    assert text_of(page, "preview-teacher") == "Tick attributes to see what the domain would find."
    assert drafted(delivered) == []
    add(wizard, "phone")
    assert text_of(wizard.counts(STEP), "domain-0") == preview.replace("would be", "are")
    wizard.post(STEP, go="finish")
    report = shared(sync_again(delivered), "Phone")
    assert preview == f"{len(report)} values are shared by {sum(map(len, report.values()))} students; these rows would be duplicates."


def test_a_set_of_attributes_is_shared_only_as_a_whole(delivered: World) -> None:
    page = Wizard(delivered.client()).counts(STEP, {"new:student": ["first_name", "last_name"], "new:teacher": ["phone"]})
    assert text_of(page, "preview-student") == "No value is shared."
    assert text_of(page, "preview-teacher") == "No value is shared."


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "The list is empty. Name at least one attribute."),
        (["shoe_size"], "&quot;shoe_size&quot; is not an attribute of students."),
        (["phone"], "The same attributes are named in uniqueness[0] already. Remove one of the two."),
    ],
)
def test_a_faulty_domain_is_refused_at_its_field(delivered: World, names: list[str], sentence: str) -> None:
    wizard = Wizard(delivered.client())
    add(wizard, "phone")
    answer = add(wizard, *names)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert re.search(rf'id="panel-student".*?<div class="field-error" role="alert">.*?{re.escape(sentence)}', page, re.DOTALL)
    assert '<details class="panel adder" open>' in page
    assert len(removals(page)) == 1  # the faulty one is not among the domains
    assert drafted(delivered) == [{"record_type": "student", "attributes": ["phone"]}]


def test_what_a_stale_page_added_is_kept_on_it(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    stale = wizard.filled(STEP, {"new:student": ["phone"]})
    add(wizard, "username")
    answer = wizard.client.post(wizard.url(STEP), {**stale, "do": "add:student"})
    assert answer.status_code == 409
    assert len(removals(answer.content.decode())) == 1
    assert [one["attributes"] for one in drafted(delivered)] == [["username"]]


def test_a_domain_whose_attribute_is_gone_is_named_and_can_be_removed(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    add(wizard, "phone")
    draft = ConfigDraft.objects.of(delivered.district).get()
    draft.document["uniqueness"] = [{"record_type": "student", "attributes": ["locker"]}]
    draft.save()
    page = wizard.page(STEP)
    assert "&quot;locker&quot; is not an attribute of students." in page
    assert wizard.post(STEP, do=removals(page)[0]).status_code == 302
    assert drafted(delivered) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_only_editors_change_domains(delivered: World, role: Role) -> None:
    client = delivered.client(role)
    assert client.post(Wizard(client).url(STEP), {"do": "add:student", "new:student": ["phone"]}).status_code == 403

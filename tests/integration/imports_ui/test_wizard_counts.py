"""The counts on screen are those of the sync that follows: delivery and data requirements, on real files."""

from pathlib import Path

import pytest
from django.urls import reverse

from imports.models import Sync
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from imports.trial import open_trial
from tests.integration.imports_ui.wizard import Wizard, number_of, text_of
from tests.integration.imports_ui.world import World
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import District, district, person, to_csv

pytestmark = pytest.mark.django_db


def files() -> District:
    """A district in which values are missing, with an aide, and two who share an email."""
    made = district()
    made["users"] += [
        person("S3", "student", email="", phone="555-1"), person("S4", "student", grades="", middleName="Q"),
        person("S5", "student", email="s1.student@example.org"), person("X1", "aide"), person("T2", "teacher", phone=""),
    ]  # fmt: skip
    base = made["enrollments"][0]
    made["enrollments"] += [
        {**base, "sourcedId": f"E{number}", "userSourcedId": who, "role": "student"}
        for number, who in enumerate(("S3", "S4", "S5", "S3"), 10)
    ]
    return made


@pytest.fixture
def delivered(world: World, data_dir: Path, tmp_path: Path) -> World:
    """A district with one import of these files."""
    world.configure({"schools": {"all_missing_as_new": True}})
    sync = world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in files().items()}, tmp_path)
    assert sync.is_accepted
    return world


def sync_again(world: World) -> Sync:
    """The same delivery under the configuration that was saved."""
    world.app.refresh_from_db()
    last = Sync.objects.of(world.district).order_by("-pk").first()
    assert last
    sync = start_sync(delivery=last.delivery, by=world.owner, wake=False)
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.of(world.district).select_related("detail").get(pk=sync.pk)


def report(sync: Sync) -> dict[tuple[str, str], int]:
    return {(one["code"], one["record_type"]): one["count"] for one in sync.detail.findings}


def test_before_anything_was_delivered_the_page_says_so(world: World) -> None:
    wizard = Wizard(world.client())
    assert "Nothing has been imported yet" in wizard.counts("requirements")
    assert open_trial(world.app) is None


def test_requirements_count_what_the_sync_will_report_and_skip(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    page = wizard.counts(
        "requirements", {"report:student:phone": "on", "report:student:middle_name": "on", "skip:student:middle_name": "on"}
    )
    skips, reports = number_of(page, "skip-student-middle_name"), number_of(page, "report-student-phone")
    assert skips > 0
    assert text_of(page, "cascade").startswith("Skips")
    accepted = {kind: number_of(page, f"accepted-{kind}") for kind in ("student", "teacher", "enrollment", "class")}
    wizard.post("requirements", go="finish")
    sync = sync_again(delivered)
    counts = sync.detail.counts
    for kind, number in accepted.items():
        assert number == sum(counts[kind][name] for name in ("created", "updated", "unchanged")), kind
    by_attribute: dict[tuple[str, str], int] = {}
    from imports.selectors.findings import read_findings

    for found in read_findings(sync, limit=500).rows:
        key = (found.code, found.column)
        by_attribute[key] = by_attribute.get(key, 0) + (found.record_type == "student")
    assert by_attribute["required-attribute-missing", "middleName"] == skips
    assert by_attribute.get(("attribute-missing", "phone"), 0) == reports


def test_the_cascade_names_the_enrollments_that_go_along(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    page = wizard.counts("requirements")
    assert text_of(page, "cascade") == "Skips 2 students, and with them 3 enrollments."
    sync = Sync.objects.of(delivered.district).select_related("detail").get()
    assert sync.detail.counts["student"]["skipped"] == 2
    assert report(sync)["depends-on-kept", "enrollment"] >= 3


def test_rows_that_are_invalid_anyway_are_no_skipped_ones_and_take_nothing_along(world: World, data_dir: Path, tmp_path: Path) -> None:
    made = district()
    # without the requirement S2 would be a duplicate of S4, so its enrollment goes either way
    made["users"] += [person("S3", "", grades="03", phone="1"), person("S4", "student", phone="1", email="s2.student@example.org")]
    base = made["enrollments"][0]
    made["enrollments"] += [
        {**base, "sourcedId": "E8", "userSourcedId": "S4"},
        {**base, "sourcedId": "E9", "classSourcedId": ""},
    ]
    world.configure(
        {
            "schools": {"all_missing_as_new": True},
            "requirements": {"student": {"phone": "skip", "user_type": "none"}, "enrollment": {"class_id": "none"}},
        }
    )
    sync = world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in made.items()}, tmp_path)
    wizard = Wizard(world.client())
    counts, told = sync.detail.counts, report(sync)
    assert (counts["student"]["skipped"], told["role-missing", "student"], told["reference-missing", "enrollment"]) == (2, 1, 1)
    assert text_of(wizard.counts("requirements"), "cascade") == "Skips 2 students, and with them 2 enrollments."


def test_aides_are_counted_either_way(delivered: World) -> None:
    wizard = Wizard(delivered.client())
    assert "1 in the last delivery, left out." in text_of(wizard.counts("delivery"), "aides-count")
    page = wizard.counts("delivery", {"aides_as_teachers": "on"})
    assert "1 in the last delivery, taken as teachers." in text_of(page, "aides-count")
    assert "let in 1 teacher" in page
    assert number_of(page, "accepted-teacher") == 3
    wizard.post("delivery", go="finish")
    assert sync_again(delivered).detail.counts["teacher"]["created"] == 1


def test_aides_are_counted_by_their_role_whatever_feeds_the_type_of_user(delivered: World) -> None:
    delivered.configure(
        {
            "schools": {"all_missing_as_new": True}, "delivery": {"aides_as_teachers": True},
            "attributes": {"teacher": {"user_type": "users.enabledUser"}},
        }
    )  # fmt: skip
    assert "1 in the last delivery, taken as teachers." in text_of(Wizard(delivered.client()).counts("delivery"), "aides-count")


def test_before_the_first_import_unmapped_schools_count_as_mapped(world: World, data_dir: Path, tmp_path: Path) -> None:
    sync = world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in files().items()}, tmp_path)
    assert sync.state == "needs_school_mapping"
    page = Wizard(world.client()).counts("requirements")
    assert "as if they were" in page
    assert number_of(page, "accepted-student") == 1


def test_a_delivery_that_could_not_be_read_is_not_the_one_counted(delivered: World, tmp_path: Path) -> None:
    broken = {f"{name}.csv": to_csv(name, rows) for name, rows in files().items()} | {"users.csv": "sourcedId\r\n1\r\n"}
    (tmp_path / "second").mkdir()
    assert delivered.import_files(broken, tmp_path / "second").state == "failed"
    trial = open_trial(delivered.app)
    assert trial is not None
    assert trial.texts.tables["users"].rows == len(files()["users"])


def test_passwords_are_kept_nowhere(delivered: World, data_dir: Path) -> None:
    trial = open_trial(delivered.app)
    assert trial is not None
    assert "password" not in trial.texts.tables["users"].table.column_names
    assert oct(trial.folder.stat().st_mode)[-3:] == "700"


def test_two_districts_count_their_own_files(delivered: World, tmp_path: Path) -> None:
    south = World("south")
    assert "Nothing has been imported yet" in Wizard(south.client()).counts("requirements")
    desk = Desk()
    desk.deliver(district())
    theirs = open_trial(desk.app)
    assert theirs is not None
    assert theirs.texts.tables["users"].rows != len(files()["users"])


@pytest.mark.parametrize("cut", [0, 100, -200], ids=["empty", "cut after its head", "cut at its end"])
def test_kept_files_that_are_damaged_on_disk_are_made_anew(delivered: World, cut: int) -> None:
    wizard = Wizard(delivered.client())
    before = wizard.counts("requirements")
    trial = open_trial(delivered.app)
    assert trial is not None
    for path in [*trial.folder.glob("*.arrow"), *trial.folder.glob("*/*.arrow"), *trial.folder.glob("results/*.json")]:
        path.write_bytes(path.read_bytes()[:cut])
    after = wizard.counts("requirements")
    for place in ("accepted-student", "accepted-enrollment", "cascade", "skip-student-email"):
        assert text_of(after, place) == text_of(before, place)


HOSTILE = (
    "edit:99",
    "remove:-1",
    "remove:x",
    "done",
    "add",
    "edit:",
    "\x00",
    "confirm",
    "delete:student:email",
    "🦆",
    "a" * 5000,
    "new-condition",
    "cancel",
)


@pytest.mark.parametrize("step", ["delivery", "schools", "attributes", "requirements", "filters", "uniqueness", "master_fields"])
def test_forged_forms_are_answered_in_words_and_change_nothing(delivered: World, step: str) -> None:
    client = delivered.client()
    client.raise_request_exception = True
    wizard = Wizard(client)
    version = delivered.app.config_id
    fields = wizard.fields(step)
    for do in HOSTILE:
        assert client.post(wizard.url(step), {**fields, "do": do}).status_code in {200, 302, 409, 422}, do
    forged = {name: ["<script>alert(1)</script>"] * len(values) for name, values in fields.items() if name != "seen"}
    for form in (forged, {}, {"seen": fields["seen"]}, {name: ["\x00", "1e999", "[]"] for name in fields}):
        for address in (wizard.url(step), reverse("imports:configure_counts", args=["csv_upload", step])):
            response = client.post(address, {**form, "go": "stay"})
            assert response.status_code in {200, 302, 409, 422}
            assert "<script>alert(1)" not in response.content.decode()
    delivered.app.refresh_from_db()
    assert delivered.app.config_id == version

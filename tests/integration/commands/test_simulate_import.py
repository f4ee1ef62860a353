"""simulate_import: the report of an import that is not carried out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.models import District
from dataquality.models import Issue
from imports.models import Delivery, ImportApp, Sync
from imports.trial import last_delivery
from records.attributes import RecordType
from roster.models import LIVE, Organization, RosterState
from tests.integration.commands.conftest import STUDENTS, Answer

Run = Callable[..., Answer]
ALL_NEW = {"schools": {"all_missing_as_new": True}}


@pytest.fixture
def config(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a document to a file."""

    def write(document: Any) -> Path:
        path = tmp_path / "config.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write


def facts(district: District) -> Any:
    """What an import of the district may change."""
    models = [*(LIVE[kind] for kind in RecordType), Organization, RosterState, Issue, Sync]
    app = ImportApp.objects.of(district).get()
    return [list(model.objects.of(district).order_by("pk").values()) for model in models], app.config_id, last_delivery(app)


def without_numbers(report: dict[str, Any]) -> dict[str, Any]:
    own = {"id", "simulated", "duration_seconds", "rows_per_second", "peak_memory_mb"}
    return {name: value for name, value in report.items() if name not in own}


def test_by_default_the_last_delivery_under_the_present_configuration(imported: Answer, district: District, run: Run) -> None:
    before = facts(district)
    answer = run("simulate_import", "demo", "--json")
    assert answer.code == 0
    assert (answer.json["state"], answer.json["simulated"]) == ("no_changes", True)
    assert answer.json["records"]["student"]["unchanged"] == STUDENTS
    assert answer.err == ""
    assert facts(district) == before


def test_given_files_are_simulated_and_the_import_that_follows_says_the_same(
    imported: Answer, district: District, written: Path, run: Run
) -> None:
    before = facts(district)
    simulated = run("simulate_import", "demo", written / "day-1" / "OneRoster.zip", "--json")
    assert facts(district) == before
    assert "simulated" not in imported.json
    real = run("import_roster", "demo", written / "day-1" / "OneRoster.zip", "--json")
    assert simulated.code == real.code == 0
    assert without_numbers(simulated.json) == without_numbers(real.json)
    assert sum(count["created"] + count["updated"] + count["deleted"] for count in real.json["records"].values()) > 0


def test_a_file_is_another_configuration_over_the_defaults(imported: Answer, district: District, run: Run, config: Any) -> None:
    before = facts(district)
    held = {**ALL_NEW, "delivery": {"deletion_threshold": 10}, "filters": [
        {"record_type": "student", "match": "all", "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["13"]}]}]}  # fmt: skip
    answer = run("simulate_import", "demo", "--file", config(held), "--json")
    assert answer.code == 2
    assert (answer.json["state"], answer.json["hold"]["kind"]) == ("held", "threshold")
    assert answer.json["records"]["student"]["deleted"] > 0
    assert answer.json["records"]["student"]["live"] == STUDENTS
    assert "An import would be held: " in answer.err
    words = run("simulate_import", "demo", "--file", config(held))
    assert "it would end as: Held. Nothing was changed." in words.out
    assert "Would be held (threshold): " in words.out
    assert facts(district) == before


def test_headers_of_new_files_may_be_named(imported: Answer, district: District, files: Path, run: Run, config: Any) -> None:
    lines = (files / "users.csv").read_text(encoding="utf-8").splitlines()
    spoiled = [f"{lines[0]},busNumber", *(f"{line},7" for line in lines[1:])]
    (files / "users.csv").write_text("\n".join(spoiled), encoding="utf-8")
    document = config({**ALL_NEW, "attributes": {"student": {"phone": "users.busNumber"}}})
    unknown = run("simulate_import", "demo", "--file", document)
    assert unknown.code == 1
    assert "attributes.student.phone" in unknown.err
    answer = run("simulate_import", "demo", files, "--file", document, "--json")
    assert answer.code == 0
    assert answer.json["records"]["student"]["updated"] == STUDENTS


def test_before_schools_are_mapped_it_would_wait(app: ImportApp, district: District, written: Path, run: Run, config: Any) -> None:
    answer = run("simulate_import", "demo", written / "day-0" / "OneRoster.zip", "--json")
    assert (answer.code, answer.json["state"], answer.json["hold"]) == (2, "needs_school_mapping", None)
    assert "are not mapped yet" in answer.err
    answer = run("simulate_import", "demo", written / "day-0" / "OneRoster.zip", "--file", config(ALL_NEW), "--json")
    assert (answer.code, answer.json["state"]) == (0, "completed")
    assert answer.json["records"]["student"]["created"] == STUDENTS
    assert not RosterState.objects.of(district).exists()
    app.refresh_from_db()
    assert app.configured_at is None


def test_what_cannot_be_read_fails(imported: Answer, district: District, files: Path, run: Run) -> None:
    users = (files / "users.csv").read_text(encoding="utf-8")
    (files / "users.csv").write_text(users.replace("familyName", "surname", 1), encoding="utf-8")
    answer = run("simulate_import", "demo", files, "--json")
    assert (answer.code, answer.json["state"], answer.json["simulated"]) == (1, "failed", True)
    assert "familyName" in answer.err
    (files / "classes.csv").unlink()
    refused = run("simulate_import", "demo", files, "--json")
    assert (refused.code, refused.json["state"]) == (1, "failed")
    assert "classes.csv is required" in refused.err


def test_a_refused_document_names_its_faults_and_stores_nothing(
    imported: Answer, district: District, written: Path, run: Run, config: Any
) -> None:
    before = Delivery.objects.of(district).count(), Sync.unscoped.count()
    answer = run("simulate_import", "demo", written / "day-1" / "OneRoster.zip", "--file", config({"delivery": {"preview": "yes"}}))
    assert (answer.code, answer.out) == (1, "")
    assert "delivery.preview: " in answer.err
    assert (Delivery.objects.of(district).count(), Sync.unscoped.count()) == before
    with pytest.raises(CommandError, match="given twice"):
        run("simulate_import", "demo", "--file", config('{"filters": [], "filters": []}'))
    with pytest.raises(CommandError, match="NaN is no number"):
        run("simulate_import", "demo", "--file", config('{"delivery": {"update_threshold": NaN}}'))
    with pytest.raises(CommandError, match="larger than 5 MB"):
        run("simulate_import", "demo", "--file", config('"' + "x" * 5_000_001 + '"'))


def test_an_app_is_not_activated_for_it(district: District, written: Path, run: Run) -> None:
    with pytest.raises(CommandError, match=r"not activated in the district demo.*configure_import demo"):
        run("simulate_import", "demo", written / "day-0")
    assert not ImportApp.objects.of(district).exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("demo",), "Nothing was delivered to CSV Upload yet"),
        (("demo", "--app", "sftp"), "SFTP is not activated in the district demo"),
        (("demo", "/no/such/folder"), "does not exist"),
        (("nowhere",), "There is no district 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(app: ImportApp, run: Run, args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("simulate_import", *args)


def test_the_command_sync_shows_a_simulation_by_its_number_only(imported: Answer, district: District, run: Run) -> None:
    number = run("simulate_import", "demo", "--json").json["id"]
    assert run("sync", "demo", "--json").json["id"] == imported.json["id"]
    assert run("sync", "demo", number, "--json").json["simulated"] is True
    for decision in ("--approve", "--reject"):
        with pytest.raises(CommandError, match="Simulation .* changes nothing"):
            run("sync", "demo", number, decision)

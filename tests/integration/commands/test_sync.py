"""sync: the report of a sync, and the decisions about a held one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.models import AuditEvent, District
from accounts.services.create_district import create_district
from imports.models import Sync
from tests.integration.commands.conftest import Answer

Run = Callable[..., Answer]


@pytest.fixture
def held(imported: Answer, written: Path, run: Run, tmp_path: Path) -> Any:
    """The report of the second day, held by Preview Mode."""
    config = tmp_path / "preview.json"
    config.write_text('{"delivery": {"preview": true}, "schools": {"all_missing_as_new": true}}')
    assert run("configure_import", "demo", "--file", config).code == 0
    answer = run("import_roster", "demo", written / "day-1" / "OneRoster.zip", "--json")
    assert (answer.code, answer.json["hold"]["kind"]) == (2, "preview")
    return answer.json


def test_without_an_id_the_latest_sync_is_shown(held: Any, run: Run) -> None:
    answer = run("sync", "demo", "--json")
    assert (answer.code, answer.json["id"]) == (0, held["id"])
    assert "Held (preview)" in run("sync", "demo").out


def test_an_id_names_an_older_one(held: Any, imported: Answer, run: Run) -> None:
    assert run("sync", "demo", imported.json["id"], "--json").json["state"] == "completed"


def test_approving_applies_what_was_shown(held: Any, run: Run, district: District) -> None:
    answer = run("sync", "demo", held["id"], "--approve", "--reason", "Checked with the school.", "--json")
    assert answer.code == 0
    assert answer.json["state"] == "completed"
    shown = {kind: {**count, "live": 0} for kind, count in held["records"].items()}
    assert {kind: {**count, "live": 0} for kind, count in answer.json["records"].items()} == shown
    sync = Sync.objects.of(district).get(pk=held["id"])
    assert sync.transitions.filter(reason__contains="Checked with the school.").exists()
    assert AuditEvent.objects.of(district).filter(action="sync.approved").exists()


def test_rejecting_leaves_the_live_roster_as_it_is(held: Any, imported: Answer, run: Run) -> None:
    answer = run("sync", "demo", "--reject", "--json")
    assert (answer.code, answer.json["state"]) == (0, "rejected")
    live = {kind: count["live"] for kind, count in answer.json["records"].items()}
    assert live == {kind: count["live"] for kind, count in imported.json["records"].items()}


@pytest.mark.parametrize("decision", ["--approve", "--reject"])
def test_only_a_held_sync_can_be_decided(imported: Answer, run: Run, decision: str) -> None:
    with pytest.raises(CommandError, match="only a held sync can be"):
        run("sync", "demo", decision)


def test_a_rollback_is_a_sync_of_its_own_and_applied_at_once(imported: Answer, run: Run, district: District) -> None:
    answer = run("sync", "demo", imported.json["id"], "--rollback", "--reason", "Wrong year", "--json")
    assert (answer.code, answer.json["state"]) == (0, "completed")
    assert answer.json["id"] > imported.json["id"]
    assert {count["live"] for count in answer.json["records"].values()} == {0}
    assert {kind: count["deleted"] for kind, count in answer.json["records"].items()} == {
        kind: count["live"] for kind, count in imported.json["records"].items()
    }
    assert run("sync", "demo", imported.json["id"], "--json").json["state"] == "rolled_back"
    back = run("sync", "demo", answer.json["id"], "--rollback", "--json").json
    live = {kind: count["live"] for kind, count in back["records"].items()}
    assert live == {kind: count["live"] for kind, count in imported.json["records"].items()}
    assert run("sync", "demo", imported.json["id"], "--json").json["state"] == "completed"


def test_only_a_completed_sync_is_rolled_back(held: Any, run: Run, district: District) -> None:
    with pytest.raises(CommandError, match="is held; only a completed sync can be rolled back"):
        run("sync", "demo", held["id"], "--rollback", "--json")
    assert Sync.objects.of(district).count() == 2


def test_a_sync_of_another_district_does_not_exist_here(imported: Answer, run: Run) -> None:
    create_district(slug="other", name="Other", admin_email="other@demo.example", password="pw")
    with pytest.raises(CommandError, match=f"There is no sync {imported.json['id']} in the district other"):
        run("sync", "other", imported.json["id"])
    with pytest.raises(CommandError, match="There is no sync yet"):
        run("sync", "other")


def test_a_reason_has_a_limit(held: Any, run: Run) -> None:
    with pytest.raises(CommandError, match="too long"):
        run("sync", "demo", "--reject", "--reason", "x" * 1001)

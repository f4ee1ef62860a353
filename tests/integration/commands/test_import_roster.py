"""import_roster: from files to their end, in one process."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import District
from imports.management import working
from imports.models import Delivery, ImportApp, Sync
from imports.services import run_sync as run_sync_module
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.start_sync import start_sync
from imports.states import State
from tests.integration.commands.conftest import STUDENTS, Answer

Run = Callable[..., Answer]
LAW = ("created", "updated", "unchanged", "skipped", "excluded", "duplicate", "invalid")


def replace_in(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_a_first_delivery_waits_for_school_mapping(district: District, written: Path, run: Run) -> None:
    answer = run("import_roster", "demo", written / "day-0", "--json")
    assert answer.code == 2
    assert answer.json["state"] == "needs_school_mapping"
    assert "--auto-map-schools" in answer.err
    assert all(count["live"] == 0 for count in answer.json["records"].values())


def test_with_auto_mapping_it_is_applied_and_the_app_was_activated(imported: Answer, district: District) -> None:
    report = imported.json
    assert report["state"] == "completed"
    assert report["records"]["student"]["created"] == report["records"]["student"]["live"] == STUDENTS
    assert len(report["records"]) == 9
    for count in report["records"].values():
        assert count["in_file"] == sum(count[name] for name in LAW)
    app = ImportApp.objects.of(district).get()
    assert app.config is not None
    assert app.config.document["schools"]["all_missing_as_new"] is True
    assert Delivery.objects.of(district).get().source == Delivery.Source.COMMAND


def test_auto_mapping_goes_on_with_the_same_delivery(imported: Answer, district: District) -> None:
    sync = Sync.objects.of(district).get()
    states = list(sync.transitions.values_list("to_state", flat=True))
    assert states == ["queued", "running", "needs_school_mapping", "queued", "running", "applying", "completed"]


def test_the_same_files_again_are_no_changes(imported: Answer, written: Path, run: Run) -> None:
    answer = run("import_roster", "demo", written / "day-0", "--json")
    assert (answer.code, answer.json["state"]) == (0, "no_changes")
    assert answer.json["records"]["student"]["unchanged"] == STUDENTS


def test_a_zip_a_folder_and_loose_files_are_the_same_delivery(imported: Answer, written: Path, run: Run) -> None:
    zipped = run("import_roster", "demo", written / "day-0" / "OneRoster.zip", "--json")
    loose = run("import_roster", "demo", *sorted((written / "day-0").glob("*.csv")), "--json")
    assert zipped.json["state"] == loose.json["state"] == "no_changes"


def test_a_folder_with_all_csv_files_means_these_and_says_that_the_zip_was_passed_over(written: Path, district: District, run: Run) -> None:
    answer = run("import_roster", "demo", written / "day-0", "--json")
    assert "OneRoster.zip was passed over" in answer.err
    assert sorted(file["name"] for file in answer.json["files"]) == sorted(set(file["name"] for file in answer.json["files"]))


def test_the_next_day_brings_what_changed(imported: Answer, written: Path, run: Run) -> None:
    answer = run("import_roster", "demo", written / "day-1" / "OneRoster.zip", "--json")
    moved = sum(count["created"] + count["updated"] + count["deleted"] for count in answer.json["records"].values())
    assert answer.code == 0
    assert moved > 0


def test_issues_are_listed_with_file_line_and_remedy(imported: Answer, files: Path, run: Run) -> None:
    lines = (files / "enrollments.csv").read_text(encoding="utf-8").splitlines()
    cells = lines[4].split(",")
    cells[3] = "no-such-class"
    lines[4] = ",".join(cells)
    (files / "enrollments.csv").write_text("\n".join(lines), encoding="utf-8")
    answer = run("import_roster", "demo", files, "--json")
    assert (answer.code, answer.json["state"]) == (0, "completed_with_issues")
    error = answer.json["errors"][0]
    assert set(error) == {"file", "line", "column", "code", "value", "message", "fix"}
    assert (error["file"], error["line"], error["column"], error["value"]) == ("enrollments.csv", 5, "classSourcedId", "no-such-class")
    assert error["fix"]


def test_without_json_people_get_a_table_and_the_first_errors(imported: Answer, files: Path, run: Run) -> None:
    replace_in(files / "demographics.csv", ",male,", ",,")
    answer = run("import_roster", "demo", files)
    assert "Completed with issues" in answer.out
    assert "Students" in answer.out
    assert "unchanged" in answer.out
    assert "demographics.csv line" in answer.out


def test_a_delivery_without_a_file_is_refused_and_nothing_is_stored(district: District, files: Path, run: Run) -> None:
    (files / "classes.csv").unlink()
    (files / "orgs.csv").unlink()
    answer = run("import_roster", "demo", files, "--json")
    assert answer.code == 1
    assert answer.json["state"] == "failed"
    assert [error["file"] for error in answer.json["errors"]] == ["orgs.csv", "classes.csv"]
    assert set(answer.json["errors"][0]) == {"file", "line", "column", "code", "value", "message", "fix"}
    assert "orgs.csv is required" in answer.err
    assert not Delivery.objects.of(district).exists()


def test_a_missing_header_fails_the_sync(imported: Answer, files: Path, run: Run) -> None:
    replace_in(files / "users.csv", "familyName", "surname")
    answer = run("import_roster", "demo", files, "--json")
    assert (answer.code, answer.json["state"]) == (1, "failed")
    assert answer.json["errors"][0]["column"] == "familyName"
    assert "failed, and nothing was changed" in answer.err


def test_a_held_sync_is_exit_2_and_says_how_to_decide(imported: Answer, files: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"delivery": {"deletion_threshold": 5}, "schools": {"all_missing_as_new": true}}')
    run("configure_import", "demo", "--file", tmp_path / "config.json")
    lines = (files / "enrollments.csv").read_text(encoding="utf-8").splitlines()
    (files / "enrollments.csv").write_text("\n".join(lines[: len(lines) // 2]), encoding="utf-8")
    answer = run("import_roster", "demo", files, "--json")
    assert answer.code == 2
    assert answer.json["hold"]["kind"] == "threshold"
    assert f"manage.py sync demo {answer.json['id']} --approve" in answer.err
    assert answer.json["records"]["enrollment"]["live"] == imported.json["records"]["enrollment"]["live"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nowhere", "x.zip"), "There are: demo"),
        (("demo", "no-such-file.zip"), "does not exist"),
        (("demo",), "Name a zip, a folder or CSV files"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(district: District, run: Run, args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("import_roster", *args)
    assert not Sync.objects.of(district).exists()


def queue(app: ImportApp, folder: Path) -> Sync:
    uploads = [Upload(path.name, path) for path in folder.glob("*.csv")]
    delivery = receive_delivery(app=app, uploads=uploads, source=Delivery.Source.BROWSER, by=None)
    return start_sync(delivery=delivery, by=None, wake=False)


def test_a_sync_that_was_queued_before_is_worked_first(imported: Answer, district: District, written: Path, run: Run) -> None:
    before = queue(ImportApp.objects.of(district).get(), written / "day-1")
    answer = run("import_roster", "demo", written / "day-0", "--json")
    before.refresh_from_db()
    assert before.is_accepted
    assert (answer.code, answer.json["state"]) == (0, "completed")


def test_it_waits_for_a_sync_that_another_process_works(
    imported: Answer, district: District, written: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = queue(ImportApp.objects.of(district).get(), written / "day-1")
    lease = timezone.now() + timezone.timedelta(minutes=5)
    Sync.objects.of(district).filter(pk=other.pk).update(state=State.RUNNING, worker="elsewhere:1", lease_until=lease)
    pauses: list[float] = []

    def end_the_other(seconds: float) -> None:
        pauses.append(seconds)
        Sync.objects.of(district).filter(pk=other.pk).update(state=State.FAILED)

    monkeypatch.setattr(working.time, "sleep", end_the_other)
    answer = run("import_roster", "demo", written / "day-1", "--json")
    assert f"Sync {other.pk} of this district is being worked by elsewhere:1; waiting for it." in answer.err
    assert (answer.code, len(pauses)) == (0, 1)


def test_it_gives_up_waiting_after_a_while(imported: Answer, district: District, written: Path) -> None:
    app = ImportApp.objects.of(district).get()
    other = queue(app, written / "day-1")
    lease = timezone.now() + timezone.timedelta(minutes=5)
    Sync.objects.of(district).filter(pk=other.pk).update(state=State.RUNNING, lease_until=lease)
    mine = queue(app, written / "day-1")
    with pytest.raises(CommandError, match=f"Sync {mine.pk} is still queued"):
        working.work_through(mine, say=lambda _: None, patience_seconds=0)


def test_a_mistake_of_the_portal_is_a_failed_sync_with_a_sentence(
    district: District, written: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(run_sync_module, "read_inputs", broken)
    answer = run("import_roster", "demo", written / "day-0", "--json")
    assert (answer.code, answer.json["state"]) == (1, "failed")
    assert "The portal made a mistake" in answer.err
    assert threading.active_count() < 20

"""import_roster --app sftp: files of this machine by the rules of a run, or without any what waits in the landing zone."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from imports.models import Delivery, LandingRun, Sync
from tests.integration.landing.ground import eight, seven, zip_of

CHANGED = {"S1": {"givenName": "Changed"}}


def call(ground, *paths, **options):
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("import_roster", ground.district.slug, *map(str, paths), app="sftp", json=True, stdout=out, stderr=err, **options)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue()), err.getvalue()


def write(folder, files):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_first_all_eight_later_any_subset(ground, tmp_path):
    code, answer, err = call(ground, write(tmp_path / "seven", seven()))
    assert (code, answer["state"], [error["file"] for error in answer["errors"]]) == (1, "failed", ["manifest.csv"])
    assert "manifest.csv is required and was not delivered" in err
    assert call(ground, write(tmp_path / "eight", eight()))[0] == 0
    call(ground, write(tmp_path / "one", {"users.csv": seven(users=CHANGED)["users.csv"]}) / "users.csv")
    part = Delivery.objects.of(ground.district).order_by("-pk").first()
    assert (part.source, [file.name for file in part.files.all()]) == (Delivery.Source.COMMAND, ["users.csv"])
    assert not LandingRun.objects.of(ground.district).exists() and not ground.states()


def test_a_zip_before_loose_files(ground, tmp_path):
    folder = write(tmp_path / "both", {"OneRoster.zip": zip_of(eight()), "users.csv": b"sourcedId\r\n"})
    assert call(ground, folder)[0] == 0
    assert Delivery.objects.of(ground.district).get().ignored == ["users.csv"]


def test_without_paths_it_runs_the_landing_zone(ground):
    files = eight()
    del files["orgs.csv"]
    ground.put_all(files)
    code, answer, err = call(ground)
    assert (code, answer["state"], [error["file"] for error in answer["errors"]]) == (1, "failed", ["orgs.csv"])
    ground.put("orgs.csv", eight()["orgs.csv"])
    code, answer, err = call(ground)
    assert (code, answer["state"]) == (0, "completed") and err.startswith("Took ")
    code, answer, err = call(ground)
    assert (code, answer["state"]) == (0, "no_changes") and "No new files had arrived." in err
    assert len(answer["records"]) == 9 and answer["records"]["student"]["live"] == 2 and answer["files"] == []
    assert list(LandingRun.objects.of(ground.district).order_by("pk").values_list("reason", "is_refused")) == [
        ("command", True), ("command", False), ("command", False),
    ]  # fmt: skip
    assert Sync.objects.of(ground.district).count() == 2
    ground.check_law()


def test_csv_upload_needs_paths(ground):
    with pytest.raises(CommandError, match=r"Name a zip, a folder or CSV files\."):
        call_command("import_roster", ground.district.slug)

"""Two apps feed one district: what one is Master of, the other leaves alone, from delivery to live roster."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from imports.config_parser import parse_config
from imports.models import ImportApp, Sync
from imports.selectors.other_apps import other_apps
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from imports.trial import open_trial
from records.attributes import RecordType
from tests.integration.pipeline.desk import ALL_NEW, Desk
from tests.unit.steps.kit import Row, district, person, to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

EMAIL = {"record_type": "student", "attribute": "email"}
KEPT = "master-field-kept"


@dataclass
class TwoApps(Desk):
    """A desk whose district has the SFTP app as well, which delivers through the same services."""

    sftp: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Activate the second app with every school taken."""
        super().__post_init__()
        self.sftp = activate_app(district=self.district, kind=ImportApp.Kind.SFTP, by=None)
        self.set_modes(self.sftp)

    def set_modes(self, app: ImportApp, *fields: Mapping[str, str]) -> None:
        """Give an app these master fields and no others."""
        save_config(app=app, document={**ALL_NEW, "master_fields": list(fields)}, by=None)
        app.refresh_from_db()

    def send(self, app: ImportApp, manifest: str = "", **users: Mapping[str, str] | None) -> Sync:
        """The faultless district with some rows of users changed, delivered by one of the apps."""
        files = district(users={**users, "S3": {**person("S3", "student"), **(users.get("S3") or {})}})
        if manifest:
            files["users"] = [row for row in files["users"] if row["sourcedId"] in users]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, rows in files.items():
                (folder / f"{file}.csv").write_text(to_csv(file, rows), encoding="utf-8", newline="")
            if manifest:
                (folder / "manifest.csv").write_text(manifest, encoding="utf-8")
            delivery = receive_delivery(
                app=app, uploads=[Upload(path.name, path) for path in sorted(folder.iterdir())], source="browser", by=None
            )
        return self.work(start_sync(delivery=delivery, by=None, wake=False))

    def student(self, key: str = "S1") -> Row:
        """A live student."""
        return self.live()[RecordType.STUDENT][key]


@pytest.fixture
def desk() -> TwoApps:
    return TwoApps()


def notes(sync: Sync) -> int:
    return sum(one["count"] for one in sync.detail.findings if one["code"] == KEPT)


def test_the_value_of_the_master_holds_against_the_other_app(desk: TwoApps) -> None:
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    assert desk.send(desk.sftp, S1={"email": "sftp@example.org"}).is_accepted
    sync = desk.send(desk.app, S1={"email": "csv@example.org", "givenName": "Other"})
    assert (desk.student()["email"], desk.student()["first_name"]) == ("sftp@example.org", "Other")
    assert notes(sync) == 1
    found = next(one for one in desk.findings(sync) if one["code"] == KEPT)
    assert (found["file"], found["line"], found["value"], found["detail"]) == ("users.csv", 2, "csv@example.org", "SFTP is Master of it")
    assert desk.send(desk.sftp, S1={"email": "new@example.org"}).is_accepted  # the master itself is not held back
    assert desk.student()["email"] == "new@example.org"


def test_an_app_that_does_not_override_leaves_what_the_other_wrote(desk: TwoApps) -> None:
    desk.set_modes(desk.app, {**EMAIL, "mode": "do_not_override"})
    desk.send(desk.sftp, S1={"email": "sftp@example.org"}, S2=None)
    assert notes(desk.send(desk.app, S1={"email": "csv@example.org"}, S2={"email": "csv2@example.org"})) == 1
    assert desk.student()["email"] == "sftp@example.org"
    assert desk.student("S2")["email"] == "csv2@example.org"  # SFTP has never fed this one
    desk.send(desk.app, S2={"email": "csv3@example.org"})
    assert desk.student("S2")["email"] == "csv3@example.org"


def test_two_masters_are_not_protected_from_each_other(desk: TwoApps) -> None:
    for app in (desk.app, desk.sftp):
        desk.set_modes(app, {**EMAIL, "mode": "master"})
    desk.send(desk.sftp, S1={"email": "sftp@example.org"})
    assert notes(desk.send(desk.app, S1={"email": "csv@example.org"})) == 0
    assert desk.student()["email"] == "csv@example.org"


def test_an_app_that_has_not_imported_protects_nothing(desk: TwoApps) -> None:
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    desk.send(desk.app)
    assert other_apps(desk.app) == ()
    assert notes(desk.send(desk.app, S1={"email": "csv@example.org"})) == 0


def test_equal_files_are_worked_again_once_the_other_app_has_become_master(desk: TwoApps) -> None:
    desk.send(desk.sftp, S1={"email": "sftp@example.org"})
    assert desk.send(desk.app, S1={"email": "csv@example.org"}).is_accepted
    assert desk.send(desk.app, S1={"email": "csv@example.org"}).state == "no_changes"
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    again = desk.send(desk.app, S1={"email": "csv@example.org"})
    assert (again.is_accepted, notes(again)) == (True, 0)  # by now the live value is the delivered one
    desk.set_modes(desk.sftp)
    assert desk.send(desk.app, S1={"email": "csv@example.org"}).is_accepted


def test_a_delta_adds_to_what_the_other_app_feeds(desk: TwoApps) -> None:
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    desk.send(desk.sftp, S1={"email": "sftp@example.org"})
    desk.send(desk.app)
    delta = "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.1\r\n" + "".join(
        f"file.{name},{'delta' if name == 'users' else 'bulk'}\r\n" for name in district()
    )
    assert desk.send(desk.sftp, delta, S2={"email": "delta@example.org", "status": "active"}).is_accepted
    app = other_apps(desk.app)[0]
    assert set(app.feeds(RecordType.STUDENT)) == {"S1", "S2", "S3"}
    gone = desk.send(desk.sftp, delta, S3={"status": "tobedeleted"})
    assert (gone.detail.counts["student"]["deleted"], gone.detail.counts["student"]["kept"]) == (0, 1)  # CSV Upload delivers S3 still
    assert set(other_apps(desk.app)[0].feeds(RecordType.STUDENT)) == {"S1", "S2"}


def test_the_trial_counts_what_the_sync_then_notes(desk: TwoApps) -> None:
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    desk.send(desk.app, S1={"email": "csv@example.org"}, S2={"email": "csv2@example.org"})
    desk.send(desk.sftp, S1={"email": "sftp@example.org"}, S2={"email": "sftp2@example.org"})
    trial = open_trial(desk.app)
    assert trial is not None
    document: dict[str, Any] = desk.app.config.document if desk.app.config else {}
    counted = trial.run(parse_config(document), document)
    assert counted.rows(code=KEPT, record_type="student", attribute="email") == 2
    assert notes(desk.send(desk.app, S1={"email": "csv@example.org"}, S2={"email": "csv2@example.org"})) == 2
    desk.set_modes(desk.sftp)
    later = open_trial(desk.app)
    assert later is not None
    assert later.run(parse_config(document), document).rows(code=KEPT, record_type="student") == 0


def test_with_one_app_nothing_more_is_read(desk: TwoApps) -> None:
    alone = Desk()
    with CaptureQueriesContext(connection) as queries:
        assert other_apps(alone.app) == ()
    assert len(queries) == 1
    desk.send(desk.sftp)
    with CaptureQueriesContext(connection) as queries:
        assert len(other_apps(desk.app)) == 1
    assert len(queries) == 2


def test_other_districts_are_no_other_apps(desk: TwoApps) -> None:
    desk.send(desk.sftp)
    assert other_apps(Desk().app) == ()


def test_a_simulation_obeys_master_fields_too(desk: TwoApps) -> None:
    desk.set_modes(desk.sftp, {**EMAIL, "mode": "master"})
    desk.send(desk.sftp, S1={"email": "sftp@example.org"})
    sync = desk.send(desk.app, S1={"email": "csv@example.org"})
    trial = start_sync(delivery=sync.delivery, by=None, wake=False)
    Sync.unscoped.filter(pk=trial.pk).update(is_simulation=True, trial_document=sync.document)
    run_sync(trial.pk, wakes_next=False)
    done = Sync.objects.all_of(desk.district).select_related("detail").get(pk=trial.pk)
    assert notes(done) == 1

"""Deliveries that lack files, through the services: counts, issues, rollback, history and simulations."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dataquality.models import Issue
from imports.config_parser import parse_config
from imports.models import ImportApp, Sync
from imports.selectors.compare import compare_left_out
from imports.selectors.delivered import delivered_headers, known_headers
from imports.selectors.drift import find_drift
from imports.selectors.explain import explain_record
from imports.selectors.find_record import find_records
from imports.selectors.last_good import last_rows_of
from imports.selectors.processed import stream_processed
from imports.selectors.timeline import History, Past
from imports.services.activate_app import activate_app
from imports.services.decide_sync import approve_sync, limit_sync
from imports.services.last_files import last_files
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.rekey_sync import accept_rekeys
from imports.services.rollback import start_rollback
from imports.services.run_sync import run_sync
from imports.services.simulate import start_simulation
from imports.services.start_sync import start_sync
from imports.states import State, SyncKind
from imports.trial import open_trial
from imports.trial.columns import column_facts, kept_facts
from imports.views.compare_counts import compare_types
from records.attributes import RecordType
from records.part import Part
from roster.models import RosterState
from roster.selectors.by_school import count_by_school
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import Row, district, person, to_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


@dataclass
class Zone(Desk):
    """A desk whose app is SFTP: any of the files will do."""

    def __post_init__(self) -> None:
        """Make the district with the SFTP app."""
        super().__post_init__()
        self.upload, self.app = self.app, activate_app(district=self.district, kind=ImportApp.Kind.SFTP, by=None)
        self.configure(self.document)

    def send(self, files: Mapping[str, Sequence[Row]], *, manifest: str = "", zipped: bool = False, app: ImportApp | None = None) -> Sync:
        """Deliver some files, loose or in a zip, and work the sync."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            paths = [folder / f"{file}.csv" for file in files]
            for path in paths:
                path.write_text(to_csv(path.stem, files[path.stem]), encoding="utf-8", newline="")
            if manifest:
                (folder / "manifest.csv").write_text(manifest, encoding="utf-8")
                paths.append(folder / "manifest.csv")
            if zipped:
                with zipfile.ZipFile(folder / "some.zip", "w") as archive:
                    for path in paths:
                        archive.write(path, path.name)
                paths = [folder / "some.zip"]
            uploads = [Upload(path.name, path) for path in paths]
            delivery = receive_delivery(app=app or self.app, uploads=uploads, source="sftp", by=None, required=())
        return self.work(start_sync(delivery=delivery, by=None, wake=False))

    def roll_back(self, sync: Sync) -> Sync:
        """Undo a sync as a whole."""
        rollback = self.work(start_rollback(sync=sync, by=None, wake=False))
        if rollback.state == State.HELD:
            approve_sync(sync=rollback, by=None, wake=False)
            rollback = self.work(rollback)
        return rollback

    def issues(self) -> set[tuple[str, str, str]]:
        """Key, code and attribute of what is open."""
        open_ones = Issue.objects.of(self.district).filter(app=self.app.kind, resolved_at=None)
        return set(open_ones.values_list("record_key", "code", "attribute"))


@pytest.fixture
def zone() -> Zone:
    return Zone()


def only(files: Mapping[str, Sequence[Row]], *names: str) -> dict[str, Sequence[Row]]:
    return {name: files[name] for name in names}


def counts_are_right(zone: Zone, sync: Sync) -> None:
    """What the portal remembers of the roster is what is in it, and so does the sync say."""
    state = RosterState.objects.of(zone.district).get()
    live = {str(kind): len(held) for kind, held in zone.live().items()}
    assert state.counts == {kind: count["live"] for kind, count in sync.detail.counts.items()} == live
    assert state.by_school == count_by_school(zone.district.pk)


def test_counts_by_school_are_right_after_any_file(zone: Zone) -> None:
    zone.send(district())
    changed = district(
        orgs={"O3": {"name": "West", "identifier": "103", "type": "school"}}, users={"S1": None, "S3": {**person("S3", "student")}},
        classes={"C2": None}, demographics={"S2": {"sex": "male"}}, enrollments={"E2": None}, courses={"K2": {"orgSourcedId": "O2"}},
    )  # fmt: skip
    for name in ("demographics", "users", "courses", "orgs", "classes", "enrollments", "academicSessions"):
        sync = zone.send(only(changed, name))
        assert sync.is_accepted, (name, sync.failure)
        counts_are_right(zone, sync)
        assert {file["name"] for file in sync.detail.files} == {f"{name}.csv"}


def test_issues_of_files_that_were_not_sent_stay_open(zone: Zone) -> None:
    faulty = district(
        users={"S2": {"email": ""}, "T1": {"orgSourcedIds": "O1,O9"}}, demographics={"S1": {"sex": "", "birthDate": "never"}},
        classes={"C2": {"title": ""}}, courses={"K1": {"schoolYearSourcedId": "Y9"}},
    )  # fmt: skip
    zone.send(faulty)
    before = zone.issues()
    assert {
        ("S2", "required-attribute-missing", "email"),
        ("S1", "attribute-missing", "gender"),
        ("S1", "value-unreadable", "birth_date"),
    } <= before
    mended = zone.send(only(district(), "courses"))
    assert mended.is_accepted
    assert before - zone.issues() == {("K1", "reference-dropped", "school_year_id")}
    zone.send(only(faulty, "users"))
    assert zone.issues() == before - {("K1", "reference-dropped", "school_year_id")}
    zone.send(only(district(), "users"))
    left = {(key, code) for key, code, _ in zone.issues()}
    assert ("S2", "required-attribute-missing") not in left
    assert ("T1", "reference-dropped") not in left
    assert {("S1", "attribute-missing"), ("S1", "value-unreadable"), ("C2", "required-attribute-missing")} <= left
    zone.send(only(district(), "demographics"))
    assert {key for key, _, _ in zone.issues()} & {"S1", "T1"} == set()
    assert ("C2", "required-attribute-missing", "class_name") in zone.issues()


def test_demographics_alone_can_be_looked_at_explained_and_undone(zone: Zone) -> None:
    zone.send(district())
    before = zone.live()
    sync = zone.send(only(district(demographics={"S1": {"sex": "male"}, "S2": None}), "demographics"))
    assert sync.detail.counts["student"]["updated"] == 2
    counts_are_right(zone, sync)
    history = History(Past(zone.district), RecordType.STUDENT, "S1")
    row = history.page(0, 1)[0].row
    assert (row.file, row.line, row.changes) == ("demographics.csv", 2, (("gender", "female", "male"),))
    words = " ".join(piece.text for said in explain_record(history).sentences for piece in said.pieces)
    assert "demographics.csv line 2" in words
    assert "users.csv line 2" in words
    text = "".join(stream_processed(sync, RecordType.STUDENT))
    assert "updated,,,demographics.csv,2,S1" in text
    assert ",demographics.csv,,S2" in text  # it has no row there
    assert zone.roll_back(sync).is_accepted
    assert zone.live() == before


def test_a_part_of_demographics_alone_leaves_a_rest(zone: Zone) -> None:
    zone.configure({"delivery": {"preview": True}})
    first = zone.send(district())
    approve_sync(sync=first, by=None, wake=False)
    zone.work(first)
    held = zone.send(only(district(demographics={"S1": {"sex": "male"}, "S2": {"sex": "male"}}), "demographics"))
    limit_sync(sync=held, part=Part(keys={"student": frozenset({"S1"})}), by=None, wake=False)
    sync = zone.work(held)
    while sync.state == State.HELD:
        approve_sync(sync=sync, by=None, wake=False)
        sync = zone.work(sync)
    genders = {key: one["gender"] for key, one in zone.live()[RecordType.STUDENT].items()}
    assert genders == {"S1": "male", "S2": "female"}
    rest = zone.work(Sync.objects.of(zone.district).get(kind=SyncKind.REST))
    assert (rest.state, rest.detail.counts["student"]["updated"]) == (State.HELD, 1)
    approve_sync(sync=rest, by=None, wake=False)
    counts_are_right(zone, zone.work(rest))
    assert zone.live()[RecordType.STUDENT]["S2"]["gender"] == "male"


def test_rolling_back_a_partial_sync_brings_issues_back_of_its_files_only(zone: Zone) -> None:
    zone.send(district(users={"T1": {"orgSourcedIds": "O1,O9"}}))
    zone.send(only(district(classes={"C2": {"courseSourcedId": "K9"}}), "classes"))
    before, roster = zone.issues(), zone.live()
    sync = zone.send(only(district(users={"S1": {"phone": "1"}}), "users"))
    assert ("T1", "reference-dropped") not in {issue[:2] for issue in zone.issues()}
    assert zone.roll_back(sync).is_accepted
    assert (zone.issues(), zone.live()) == (before, roster)
    state = RosterState.objects.of(zone.district).get()
    assert state.by_school == count_by_school(zone.district.pk)


def test_the_same_files_again_change_nothing_and_others_between_do_not_matter(zone: Zone) -> None:
    zone.send(district())
    users = only(district(users={"S1": {"phone": "1"}}), "users")
    assert zone.send(users).is_accepted
    assert zone.send(users).state == State.NO_CHANGES
    assert zone.send(only(district(), "classes")).is_accepted
    again = zone.send(users)
    assert again.is_accepted
    assert again.detail.counts["student"]["updated"] == 0


def test_the_newest_copy_of_each_file_is_what_counts_for_headers_rows_and_answers(zone: Zone) -> None:
    zone.send(district(users={"S2": {"email": "", "homeroom": "7"}}))
    zone.send(only(district(), "classes"))
    headers = delivered_headers(zone.app)
    assert set(headers) == set(district())
    assert "homeroom" in headers["users"]
    assert "homeroom" in known_headers(zone.app)["users"]
    assert last_rows_of(zone.app)["users"] == 5
    document: dict[str, Any] = zone.app.config.document if zone.app.config else {}
    assert not [one for one in find_drift(zone.app, document).missing if one.is_expected]
    found = find_records(zone.district, "S2").left_out
    assert [(hit.key, hit.file, hit.line) for hit in found] == [("S2", "users.csv", 3), ("E2", "enrollments.csv", 3)]
    words = " ".join(
        piece.text for said in explain_record(History(Past(zone.district), RecordType.TEACHER, "T1")).sentences for piece in said.pieces
    )
    assert "users.csv line 4" in words


def test_two_syncs_with_different_files_are_not_taken_for_losses(zone: Zone) -> None:
    first = zone.send(district(users={"S2": {"email": ""}}))
    second = zone.send(only(district(), "classes"))
    assert compare_left_out(first, second) == []
    notes = {line.record_type: line.note for line in compare_types(first, second, with_same=False)}
    assert notes["student"] == f"users.csv came with #{first.pk} only"
    assert notes["class"] == ""


def test_pairs_of_a_partial_sync_are_treated_as_the_same(zone: Zone) -> None:
    zone.configure({"delivery": {"preview": True}})
    first = zone.send(district())
    approve_sync(sync=first, by=None, wake=False)
    zone.work(first)
    files = district(users={"S1": None, "S8": {**person("S1", "student", agentSourcedIds="P1"), "sourcedId": "S8"}})
    held = zone.send(only(files, "users"))
    assert held.detail.churn == {"student": 1}
    accept_rekeys(sync=held, by=None, record_types=["student"], wake=False)
    sync = zone.work(held)
    assert sync.detail.counts["student"]["deleted"] == 0
    approve_sync(sync=sync, by=None, wake=False)
    sync = zone.work(sync)
    counts_are_right(zone, sync)
    student = zone.live()[RecordType.STUDENT]["S8"]
    assert student["birth_date"] == "2017-03-02"
    assert zone.live()[RecordType.ENROLLMENT]["E1"]["person_id"] == "S8"


def test_counts_of_the_wizard_stand_on_the_last_copy_of_every_file(zone: Zone) -> None:
    zone.send(district(demographics={"S2": None}), zipped=True)
    zone.send(only(district(classes={"C2": {"title": ""}}), "classes"))
    document: dict[str, Any] = zone.app.config.document if zone.app.config else {}
    trial = open_trial(zone.app)
    assert trial is not None
    assert kept_facts(zone.app) is None
    counted = trial.run(parse_config(document, "sftp"), document)
    assert {kind: count["in_file"] for kind, count in counted.counts.items()} == {
        "school": 2, "session": 2, "course": 1, "student": 2, "teacher": 1, "admin": 1, "contact": 1, "class": 2, "enrollment": 4
    }  # fmt: skip
    assert counted.rows(code="attribute-missing", record_type="student", attribute="gender") == 1
    assert counted.count("class", "skipped") == 1
    assert column_facts(trial)["student"].rows == 2
    assert kept_facts(zone.app) is not None
    zone.send(only(district(), "classes"))
    assert kept_facts(zone.app) is None  # another copy of classes


def test_without_files_a_simulation_takes_the_last_copies_together(zone: Zone) -> None:
    zone.send(district(), zipped=True)
    zone.send(only(district(users={"S1": {"phone": "1"}}), "users"))
    zone.send(only(district(classes={"C2": None}), "classes"))
    before = zone.live()
    delivery = last_files(zone.app)
    assert delivery is not None
    simulation = start_simulation(app=zone.app, delivery=delivery, by=None, wake=False)
    run_sync(simulation.pk, wakes_next=False)
    done = Sync.objects.all_of(zone.district).select_related("detail").get(pk=simulation.pk)
    assert done.state == State.SIMULATED, done.failure
    counts = done.detail.counts
    assert (counts["student"]["unchanged"], counts["class"]["unchanged"], counts["enrollment"]["in_file"]) == (2, 1, 4)
    assert zone.live() == before
    again = last_files(zone.app)
    assert again is not None
    assert again.pk == delivery.pk


def test_what_another_app_delivers_stays_until_it_is_gone_there_too(zone: Zone) -> None:
    zone.configure({})
    assert zone.send(district(users={"S3": {**person("S3", "student")}})).is_accepted  # SFTP
    upload = zone.send(district(), app=zone.upload)
    assert upload.is_accepted, upload.failure
    counts = upload.detail.counts["student"]
    assert (counts["deleted"], counts["kept"], counts["live"]) == (0, 1, 3)
    row = History(Past(zone.district), RecordType.STUDENT, "S3").page(0, 1)[0].row
    assert (row.outcome, row.code) == ("kept", "fed-by-sftp")
    assert "SFTP delivers it too" in row.reasons[0].message
    counts_are_right(zone, upload)
    assert zone.send(district(), app=zone.upload).state == State.NO_CHANGES
    later = zone.send(only(district(), "users"))  # of SFTP: S3 has left there as well, and the upload never had it
    assert later.detail.counts["student"]["deleted"] == 1
    assert zone.send(district(), app=zone.upload).is_accepted  # the other app has moved, so nothing is taken for the same


def test_demographics_alone_say_nothing_of_people_whom_another_app_delivers(zone: Zone) -> None:
    zone.send(district(), app=zone.upload)
    theirs = {"S1": None, "S2": None, "S3": {"sex": "male"}}
    whole = district(
        users={"S1": None, "S2": None, "S3": person("S3", "student")}, demographics=theirs, enrollments={"E1": None, "E2": None}
    )
    assert zone.send(whole).is_accepted
    before = zone.live()[RecordType.STUDENT]
    assert before["S1"]["gender"] == "female" and before["S3"]["gender"] == "male"
    sync = zone.send(only(district(demographics={**theirs, "S3": {"sex": "female"}}), "demographics"))
    assert sync.is_accepted, sync.failure
    counts = sync.detail.counts["student"]
    assert (counts["in_file"], counts["updated"], counts["kept"], counts["deleted"]) == (1, 1, 0, 0)
    after = zone.live()[RecordType.STUDENT]
    assert after["S3"]["gender"] == "female"
    assert {key: after[key] for key in ("S1", "S2")} == {key: before[key] for key in ("S1", "S2")}


def test_a_sync_that_was_rolled_back_delivers_nothing(zone: Zone) -> None:
    zone.send(district(), app=zone.upload)
    sync = zone.send(district(users={"S3": {**person("S3", "student")}}))
    assert zone.send(district(), app=zone.upload).detail.counts["student"]["kept"] == 1
    assert zone.roll_back(sync).is_accepted
    after = zone.send(district(), app=zone.upload)
    assert (after.detail.counts["student"]["kept"], after.detail.counts["student"]["live"]) == (0, 2)

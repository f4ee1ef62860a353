"""The difference with the live roster: what is created, updated, unchanged, deleted, kept; deltas; files not sent; extras."""

import json

import pytest

from formats.read import read_csv
from imports.config import ImportConfig
from imports.steps.demographics import clean_demographics
from imports.steps.thresholds import ThresholdParams, check_thresholds, shares
from records.attributes import RecordType
from tests.unit.steps.kit import again, district, mapped, person, run, to_csv, yesterday

pytestmark = pytest.mark.no_database


def _totals(ran) -> dict[str, int]:
    return {
        name: sum(count[name] for count in ran.result.counts.values()) for name in ("created", "updated", "unchanged", "deleted", "kept")
    }


def test_the_same_files_again_change_nothing():
    assert _totals(again(yesterday(), district())) == {"created": 0, "updated": 0, "unchanged": 16, "deleted": 0, "kept": 0}


def test_the_order_of_rows_changes_nothing():
    files = {file: rows[::-1] for file, rows in district().items()}
    assert _totals(again(yesterday(), files))["unchanged"] == 16


def test_one_changed_value_updates_one_record():
    ran = again(yesterday(), district(users={"S1": {"phone": "555"}}))
    assert ran.fate("student", "S1") == ("updated", "")
    assert _totals(ran)["updated"] == 1


@pytest.mark.parametrize(("file", "key", "kind"), [("users", "S2", "student"), ("courses", "K1", "course"), ("academicSessions", "T1", "session"),
                                                   ("classes", "C2", "class"), ("enrollments", "E1", "enrollment")])  # fmt: skip
def test_what_is_in_no_row_is_deleted(file, key, kind):
    ran = again(yesterday(), district(**{file: {key: None}}))
    assert ran.fate_of_leaver(kind, key) == ("deleted", "absent")
    assert ran.alive(kind, key) is None


def test_deleting_a_class_or_a_person_deletes_the_enrollments_even_of_invalid_rows():
    ran = again(yesterday(), district(users={"S2": None}))
    assert ran.fates("enrollment", "E2") == [("deleted", "cascade"), ("invalid", "reference-dangling")]
    ran = again(yesterday(), district(classes={"C2": None}))
    assert ran.fates("enrollment", "E4") == [("deleted", "cascade"), ("invalid", "reference-dangling")]


def test_deleting_a_course_or_a_session_deletes_no_class():
    ran = again(yesterday(), district(courses={"K1": None}, academicSessions={"T1": None}))
    assert ran.fate("class", "C1") == ("updated", "")
    assert len(ran.found("reference-dropped")) == 4


def test_what_was_deleted_comes_back_as_created():
    without = again(yesterday(), district(users={"S2": None}))
    assert again(without, district()).fate("student", "S2") == ("created", "")


def test_a_person_who_changes_role_leaves_one_type_and_joins_the_other():
    ran = again(yesterday(), district(users={"T1": {"role": "administrator"}}))
    assert ran.fate_of_leaver("teacher", "T1") == ("deleted", "absent")
    assert ran.fate("admin", "T1") == ("created", "")
    assert ran.row("enrollment", "E3")["person_type"] == "admin"


def test_a_delta_deletes_only_what_it_names():
    files = {**district(), "users": [person("S2", "student", status="tobedeleted"), person("S3", "student")]}
    ran = again(yesterday(), files, modes={"users": "delta"})
    assert ran.fates("student", "S2") == [("deleted", "deleted-in-delta"), ("excluded", "deleted-in-delta")]
    assert ran.fate("student", "S3") == ("created", "")
    assert ran.counts("student") | {"live": 2, "deleted": 1} == ran.counts("student")
    assert ran.fate("enrollment", "E2") == ("excluded", "depends-on-excluded")


def test_a_delta_row_may_refer_to_what_only_the_portal_knows():
    row = {**district()["enrollments"][0], "sourcedId": "E9", "classSourcedId": "C2", "userSourcedId": "S2"}
    ran = again(yesterday(), {**dict.fromkeys(district(), []), "enrollments": [row]}, modes=dict.fromkeys(district(), "delta"))
    assert ran.fate("enrollment", "E9") == ("created", "")
    assert _totals(ran)["deleted"] == 0


def test_files_that_are_not_sent_leave_their_records_and_stand_in_for_references():
    users = {"users": district(users={"S2": None})["users"], "demographics": district()["demographics"]}
    ran = again(yesterday(), users)
    assert ran.fate("student", "S1") == ("unchanged", "")
    assert ran.fate("admin", "A1") == ("unchanged", "")
    assert ran.fate_of_leaver("student", "S2") == ("deleted", "absent")
    assert ran.fate_of_leaver("enrollment", "E2") == ("deleted", "cascade")
    assert ran.alive("enrollment", "E1") is not None
    assert ran.counts("class") | {"in_file": 0, "live": 2} == ran.counts("class")


def test_enrollments_alone_find_their_class_person_and_school():
    ran = again(yesterday(), {"enrollments": district(enrollments={"E5": {"classSourcedId": "C2"}})["enrollments"]})
    assert ran.fate("enrollment", "E5") == ("created", "")
    assert ran.counts("enrollment")["unchanged"] == 4


@pytest.mark.parametrize(("file", "is_held"), [("users", True), ("enrollments", True), ("classes", True), ("courses", True),
                                               ("academicSessions", True), ("demographics", True), ("orgs", False)])  # fmt: skip
def test_an_empty_file_is_named_if_it_would_delete_or_clear_something(file, is_held):
    files = {**district(), file: []}
    ran = again(yesterday(), files, apply=False)
    assert (ran.result.empty_files == (file,)) is is_held
    assert ran.one("file-without-rows")["file"] == f"{file}.csv"
    assert run(files).result.empty_files == ()
    assert again(yesterday(), files, modes={file: "delta"}, apply=False).result.empty_files == ()


def test_metadata_and_added_attributes_are_extras():
    files = district()
    files["users"][0] |= {"metadata.team": 'Red "A"\\B', "homeroom": "12"}
    files["demographics"][0]["metadata.lunch"] = "free"
    sources = mapped(RecordType.STUDENT, homeroom="users.homeroom", state_id="users.userIds[State]")
    ran = run(files, config=ImportConfig(all_missing_as_new=True, sources=sources))
    assert json.loads(ran.row("student", "S1")["extra"]) == {"homeroom": "12", "metadata.lunch": "free", "metadata.team": 'Red "A"\\B'}
    assert ran.row("student", "S2")["extra"] == ""
    assert again(ran, files, config=ImportConfig(all_missing_as_new=True, sources=sources)).counts("student")["unchanged"] == 2


def test_a_changed_extra_updates_the_record():
    files = district()
    files["classes"][0]["metadata.room"] = "1"
    changed = district()
    changed["classes"][0]["metadata.room"] = "2"
    assert again(run(files), changed).fate("class", "C1") == ("updated", "")
    assert again(run(files), district()).fate("class", "C1") == ("updated", "")


@pytest.mark.parametrize(
    ("updated", "deleted", "over"), [(35, 10, []), (36, 10, ["updated"]), (35, 11, ["deleted"]), (36, 11, ["updated", "deleted"])]
)
def test_exactly_at_the_limit_is_applied_and_above_it_is_held(updated, deleted, over):
    counts = {"student": {"updated": updated, "deleted": deleted, "live_before": 100}}
    found = check_thresholds(counts, ThresholdParams(35, 10))
    assert [one.what for one in found if one.record_type == "student"] == over
    assert {one.what for one in found if one.record_type == "all"} == set(over)


def test_a_limit_is_measured_per_type_and_over_all():
    counts = {"student": {"updated": 0, "deleted": 0, "live_before": 990}, "admin": {"updated": 0, "deleted": 6, "live_before": 10}}
    assert [one.record_type for one in check_thresholds(counts, ThresholdParams(None, 50))] == ["admin"]
    assert shares(counts)["all"] == {"update_share": 0.0, "deletion_share": 0.006}


def test_a_limit_of_nothing_holds_anything_and_no_limit_nothing():
    counts = {"student": {"updated": 1, "deleted": 1, "live_before": 100_000}}
    assert len(check_thresholds(counts, ThresholdParams(0, 0))) == 4
    assert check_thresholds(counts, ThresholdParams(None, None)) == []


def test_the_first_import_never_exceeds_a_limit():
    assert run(district(), config=ImportConfig(all_missing_as_new=True, update_threshold=0, deletion_threshold=0)).result.excesses == []


def test_demographics_that_are_gone_clear_the_values_as_an_update():
    ran = again(yesterday(), district(demographics={"S2": None}))
    assert ran.fate("student", "S2") == ("updated", "")
    assert ran.alive("student", "S2")["gender"] == ""


@pytest.mark.parametrize("more", [[{"sourcedId": "S2", "sex": "male"}], [{"sourcedId": " S2 ", "sex": "male"}]])
def test_demographics_that_contradict_themselves_are_ignored_and_what_was_known_stays(more):
    files = {**district(), "demographics": [*district()["demographics"], *more]}
    first = run(files)
    assert first.row("student", "S2")["gender"] == ""
    assert [one["line"] for one in first.found("demographics-repeated")] == [3, 4]
    assert [one["detail"] for one in first.found("demographics-repeated")] == ["4", "3"]
    ran = again(yesterday(), files)
    assert ran.fate("student", "S2") == ("unchanged", "")
    assert ran.alive("student", "S2")["gender"] == "female"


def test_demographics_that_differ_only_in_when_they_were_modified_say_the_same(tmp_path):
    rows = [{"sourcedId": "S2", "sex": "male", "dateLastModified": moment} for moment in ("2026-01-01", "2026-02-02")]
    path = tmp_path / "demographics.csv"
    path.write_text(to_csv("demographics", rows))
    found = []
    described = clean_demographics({"demographics": read_csv(path, name=path.name, scratch=tmp_path)}, None, found)
    assert described.table.num_rows == 1
    assert not sum(map(len, found))


def test_demographics_said_twice_count_once():
    files = {**district(), "demographics": [*district()["demographics"], dict(district()["demographics"][1])]}
    ran = run(files)
    assert ran.row("student", "S2")["gender"] == "female"
    assert not ran.found("demographics-repeated")


def test_an_unreadable_demographics_row_leaves_what_was_known():
    from tests.unit.steps.kit import Raw

    for line in ("S2,cut", ",cut"):
        files = {**district(), "demographics": [district()["demographics"][0], Raw(line)]}
        assert again(yesterday(), files).alive("student", "S2")["gender"] == "female"


def test_an_inactive_demographics_row_gives_way_to_an_active_one_and_alone_clears():
    gone = {**district()["demographics"][1], "status": "inactive", "sex": "male"}
    both = {**district(), "demographics": [*district()["demographics"], gone]}
    assert run(both).row("student", "S2")["gender"] == "female"
    alone = {**district(), "demographics": [district()["demographics"][0], gone]}
    assert again(yesterday(), alone).alive("student", "S2")["gender"] == ""


def test_in_a_delta_demographics_without_a_row_stay_and_tobedeleted_clears():
    first = district()
    first["demographics"][0]["metadata.lunch"] = "free"
    nothing = {**first, "demographics": [{"sourcedId": "S9", "metadata.lunch": "x"}]}
    ran = again(run(first), nothing, modes={"demographics": "delta"})
    assert ran.counts("student")["unchanged"] == 2
    assert ran.one("demographics-orphan")["value"] == "S9"
    gone = {**first, "demographics": [{**first["demographics"][0], "status": "tobedeleted"}]}
    ran = again(run(first), gone, modes={"demographics": "delta"})
    assert ran.alive("student", "S1")["gender"] == ran.alive("student", "S1")["extra"] == ""
    assert ran.alive("student", "S2")["gender"] == "female"

"""Deliveries that lack files: what is not sent stays as it is, and what is sent is judged against it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from dataquality.steps.filters import Condition, FilterRule
from imports.config import ImportConfig
from imports.context import OtherApp
from imports.steps.part import HeldBack
from records.attributes import RecordType
from records.places import NO_LINE, place_of_row
from records.text import TEXT
from tests.property.law import assert_every_loss_is_explained, assert_live_follows, assert_schools_add_up, assert_sums_close
from tests.unit.steps.kit import District, Ran, Raw, Row, again, district, mapped, person, run, yesterday

pytestmark = pytest.mark.no_database


def only(files: District, *names: str) -> District:
    return {name: files[name] for name in names}


def send(first: Ran, files: Mapping[str, Sequence[Row]], **options: Any) -> Ran:
    """Import the files, and hold what became of it against the law."""
    before = {kind: dict(records) for kind, records in first.live.records.items()}
    ran = again(first, files, **options)
    assert_sums_close(ran.result.counts, ran.rows, ran.lines, before, ran.live.records)
    assert_every_loss_is_explained(ran.rows, ran.findings)
    assert_live_follows(ran.rows, before, ran.live.records, options.get("modes") or {}, set(ran.lines))
    assert_schools_add_up(ran.result.counts, ran.result.by_school)
    return ran


def moved(ran: Ran) -> dict[str, tuple[int, int, int]]:
    """Created, updated, deleted of the types that have any."""
    counts = {kind: (one["created"], one["updated"], one["deleted"]) for kind, one in ran.result.counts.items()}
    return {kind: one for kind, one in counts.items() if any(one)}


# --- demographics.csv without users.csv -----------------------------------------------------------------------------------


def test_demographics_alone_change_live_students_and_count_as_their_rows() -> None:
    ran = send(yesterday(), only(district(demographics={"S1": {"sex": "male"}}), "demographics"))
    assert ran.alive("student", "S1")["gender"] == "male"
    counts = ran.counts("student")
    assert (counts["in_file"], counts["updated"], counts["unchanged"], counts["live"]) == (2, 1, 1, 2)
    assert place_of_row(RecordType.STUDENT, ran.row("student", "S1")["line"]) == ("demographics.csv", 2)
    assert moved(ran) == {"student": (0, 1, 0)}


def test_the_result_is_that_of_a_whole_delivery() -> None:
    files = district(demographics={"S1": {"sex": "male", "birthDate": "3/2/2017", "metadata.lunch": "free"}, "S2": None})
    config = ImportConfig(all_missing_as_new=True, sources=mapped(RecordType.STUDENT, lunch="demographics.metadata.lunch"))
    whole = again(run(district(), config=config), files, config=config)
    alone = send(run(district(), config=config), only(files, "demographics"), config=config)
    assert alone.live.records == whole.live.records
    assert moved(alone) == {"student": (0, 2, 0)}


def test_a_student_without_a_row_in_a_whole_file_is_cleared() -> None:
    ran = send(yesterday(), only(district(demographics={"S2": None}), "demographics"))
    assert ran.alive("student", "S2")["birth_date"] == ""
    row = ran.row("student", "S2")
    assert (row["outcome"], place_of_row(RecordType.STUDENT, row["line"])) == ("updated", ("demographics.csv", 0))
    assert ran.one("attribute-missing", key="S2", attribute="gender")["file"] == "demographics.csv"
    once_more = send(ran, only(district(demographics={"S2": None}), "demographics"))
    assert once_more.counts("student")["in_file"] == 1  # neither file has a row for the other student, and nothing changes
    assert once_more.found("attribute-missing", key="S2", attribute="gender")  # what is missing stays known


def test_in_a_delta_only_those_described_change() -> None:
    files = {"demographics": [{"sourcedId": "S1", "sex": "male", "birthDate": "2017-03-02", "status": "active"}]}
    ran = send(yesterday(), files, modes={"demographics": "delta"})
    assert ran.alive("student", "S1")["gender"] == "male"
    assert ran.alive("student", "S2")["gender"] == "female"
    assert ran.counts("student")["in_file"] == 1


def test_with_a_delta_of_users_others_are_changed_too() -> None:
    files = {
        "users": [{**person("S1", "student", agentSourcedIds="P1", phone="1"), "status": "active"}],
        "demographics": district(demographics={"S1": {"sex": "male"}, "S2": {"sex": "male"}})["demographics"],
    }
    ran = send(yesterday(), files, modes={"users": "delta"})
    assert (ran.alive("student", "S1")["phone"], ran.alive("student", "S1")["gender"]) == ("1", "male")
    assert ran.alive("student", "S2")["gender"] == "male"
    assert ran.alive("teacher", "T1") is not None
    assert ran.counts("student")["updated"] == 2


def test_rows_that_cannot_be_used_leave_students_as_they_are() -> None:
    rows: list[Any] = [Raw("S1,cut"), *district()["demographics"][1:], {**district()["demographics"][1], "sex": "male"}]
    ran = send(yesterday(), {"demographics": rows})
    assert ran.alive("student", "S1")["gender"] == ran.alive("student", "S2")["gender"] == "female"
    assert moved(ran) == {}


def test_a_filter_on_a_value_that_changes_takes_the_student_and_its_enrollments() -> None:
    config = ImportConfig(
        all_missing_as_new=True, filters=(FilterRule(RecordType.STUDENT, (Condition("gender", "equals_any", ("female",)),)),)
    )
    files = district(demographics={"S1": {"sex": "male"}})
    alone = send(run(district(), config=config), only(files, "demographics"), config=config)
    assert alone.fate("student", "S1") == ("excluded", "filtered-out")
    assert moved(alone) == {"student": (0, 0, 1), "enrollment": (0, 0, 2)}
    assert alone.live.records == again(run(district(), config=config), files, config=config).live.records
    with_enrollments = send(run(district(), config=config), only(files, "demographics", "enrollments"), config=config)
    assert with_enrollments.fate("enrollment", "E1") == ("excluded", "depends-on-excluded")
    assert with_enrollments.live.records == alone.live.records


def test_a_new_filter_does_not_take_students_whose_values_stay() -> None:
    config = ImportConfig(all_missing_as_new=True, filters=(FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("12",)),)),))
    ran = send(yesterday(), only(district(), "demographics"), config=config)
    assert moved(ran) == {}
    assert ran.counts("student")["unchanged"] == 2


def test_a_required_value_that_goes_keeps_the_student_as_it_was() -> None:
    config = ImportConfig(all_missing_as_new=True, requirements={RecordType.STUDENT: {"gender": "skip", "phone": "report"}})
    ran = send(run(district(), config=config), only(district(demographics={"S1": {"sex": ""}, "S2": None}), "demographics"), config=config)
    for key in ("S1", "S2"):
        assert ran.fate("student", key) == ("skipped", "required-attribute-missing")
        assert ran.alive("student", key)["gender"] == "female"
    assert not ran.found("attribute-missing")  # phones are said when users.csv comes


def test_values_of_demographics_that_cannot_be_read_are_reported_by_line() -> None:
    ran = send(yesterday(), only(district(demographics={"S1": {"sex": "martian"}}), "demographics"))
    found = ran.one("value-unreadable")
    assert (found["file"], found["line"], found["key"], found["name"]) == ("demographics.csv", 2, "S1", "GivenS1 FamilyS1")
    assert ran.counts("student")["reported"] == 1


def test_an_empty_file_holds_if_it_would_clear_something() -> None:
    assert again(yesterday(), {"demographics": []}, apply=False).result.empty_files == ("demographics",)


def test_part_of_it_can_be_held_back() -> None:
    first = yesterday()
    files = only(district(demographics={"S1": {"sex": "male"}, "S2": None}), "demographics")
    seen = again(first, files, apply=False)
    waits = HeldBack({RecordType.STUDENT: pd.Series([seen.row("student", "S2")["line"]]).to_numpy()})
    ran = send(first, files, held_back=waits)
    assert ran.alive("student", "S1")["gender"] == "male"
    assert ran.fate("student", "S2") == ("excluded", "held-back")
    assert ran.alive("student", "S2")["gender"] == "female"


def test_orphans_are_not_said_without_users() -> None:
    ran = send(yesterday(), only(district(demographics={"S9": {}}), "demographics"))
    assert not ran.found("demographics-orphan")
    assert ran.counts("student")["in_file"] == 2


def test_numbers_of_rows_tell_where_they_stand() -> None:
    assert place_of_row(RecordType.STUDENT, 4) == ("users.csv", 4)
    assert place_of_row(RecordType.STUDENT, 0) == ("", 0)
    assert place_of_row(RecordType.STUDENT, -4) == ("demographics.csv", 4)
    assert place_of_row(RecordType.STUDENT, -NO_LINE - 7) == place_of_row(RecordType.STUDENT, -2 * NO_LINE) == ("demographics.csv", 0)


# --- users.csv without demographics.csv -----------------------------------------------------------------------------------


def test_users_alone_keep_demographics_and_their_metadata() -> None:
    described = district(demographics={"S1": {"metadata.lunch": "free"}})
    headers = {"demographics": list(described["demographics"][0])}
    first = run(described)
    ran = send(first, only(district(users={"S1": {"phone": "1"}}), "users"), earlier=headers)
    assert (ran.alive("student", "S1")["gender"], ran.alive("student", "S1")["phone"]) == ("female", "1")
    assert '"metadata.lunch": "free"' in ran.alive("student", "S1")["extra"]
    assert moved(ran) == {"student": (0, 1, 0)}


def test_teachers_keep_what_demographics_feed_them() -> None:
    files = district(demographics={"T1": {"birthDate": "1980-01-01"}})
    config = ImportConfig(all_missing_as_new=True, sources=mapped(RecordType.TEACHER, born="demographics.birthDate"))
    ran = send(run(files, config=config), only(files, "users"), config=config)
    assert moved(ran) == {}
    later = send(ran, only(district(demographics={"T1": {"birthDate": "1981-01-01"}}), "demographics"), config=config)
    assert "1981-01-01" in later.alive("teacher", "T1")["extra"]


def test_filters_and_requirements_see_the_kept_demographics() -> None:
    config = ImportConfig(
        all_missing_as_new=True, requirements={RecordType.STUDENT: {"gender": "skip"}},
        filters=(FilterRule(RecordType.STUDENT, (Condition("gender", "equals_any", ("female",)),)),),
    )  # fmt: skip
    ran = send(run(district(), config=config), only(district(users={"S1": {"phone": "1"}}), "users"), config=config)
    assert moved(ran) == {"student": (0, 1, 0)}


def test_who_leaves_users_takes_enrollments_along() -> None:
    ran = send(yesterday(), only(district(users={"S1": None}), "users"))
    assert moved(ran) == {"student": (0, 0, 1), "enrollment": (0, 0, 2)}
    assert ran.counts("enrollment")["in_file"] == 0
    assert ran.counts("class") == {**dict.fromkeys(ran.counts("class"), 0), "live": 2}


# --- the others -----------------------------------------------------------------------------------------------------------


def test_enrollments_alone_refer_to_live_records() -> None:
    files = district(enrollments={"E4": None, "E5": {"classSourcedId": "C2", "userSourcedId": "S2"}, "E6": {"userSourcedId": "S9"}})
    ran = send(yesterday(), only(files, "enrollments"))
    assert moved(ran) == {"enrollment": (1, 0, 1)}
    assert ran.fate("enrollment", "E6") == ("invalid", "reference-dangling")


def test_enrollments_alone_lead_to_the_live_person_of_their_role() -> None:
    base = district()
    files = district(
        users=[*base["users"], person("T1", "administrator", email="t1.teacher@example.org")],
        enrollments={"E7": {"userSourcedId": "T1", "role": "administrator"}},
    )
    first = run(files)
    assert first.alive("enrollment", "E7")["person_type"] == "admin"
    assert moved(send(first, only(files, "enrollments"))) == {}


def test_enrollments_alone_are_held_against_the_schools_of_live_classes() -> None:
    files = district(enrollments={"E1": {"schoolSourcedId": "O2"}})
    whole = run(files)
    alone = send(yesterday(), only(files, "enrollments"))
    assert [one["key"] for one in alone.found("school-differs")] == [one["key"] for one in whole.found("school-differs")] == ["E1"]
    assert alone.one("school-differs")["detail"] == "O1"


def test_classes_alone_refer_to_live_courses_and_sessions() -> None:
    ran = send(yesterday(), only(district(classes={"C2": {"title": "Geometry"}, "C3": {"courseSourcedId": "K9"}}), "classes"))
    assert moved(ran) == {"class": (1, 1, 0)}
    assert (ran.alive("class", "C2")["course_id"], ran.alive("class", "C3")["course_id"]) == ("K1", "")


def test_a_class_that_leaves_classes_takes_its_live_enrollments_along() -> None:
    assert moved(send(yesterday(), only(district(classes={"C2": None}), "classes"))) == {"class": (0, 0, 1), "enrollment": (0, 0, 1)}


def test_references_to_what_the_same_delivery_deletes_point_nowhere() -> None:
    files = only(district(users={"S1": None}), "users", "enrollments")
    ran = send(yesterday(), files)
    assert ran.fate("enrollment", "E1") == ("invalid", "reference-dangling")
    assert ran.alive("enrollment", "E1") is None


def test_empty_classes_are_only_dropped_where_the_enrollments_say_so() -> None:
    config = ImportConfig(all_missing_as_new=True, drop_empty_classes=True)
    first = run(district(enrollments={"E4": None}), config=config)
    assert set(first.live.records[RecordType.CLASS]) == {"C1"}
    alone = send(first, only(district(), "classes"), config=config)
    assert set(alone.live.records[RecordType.CLASS]) == {"C1", "C2"}
    delta = {**only(district(), "classes"), "enrollments": [{**district()["enrollments"][3], "status": "active"}]}
    later = send(alone, delta, config=config, modes={"enrollments": "delta"})
    assert set(later.live.records[RecordType.CLASS]) == {"C1", "C2"}


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("orgs", {"O3": {"name": "West", "identifier": "103", "type": "school"}}, {"school": (1, 0, 0)}),
        ("academicSessions", {"T1": {"title": "Autumn"}}, {"session": (0, 1, 0)}),
        ("courses", {"K1": {"title": "Geometry"}}, {"course": (0, 1, 0)}),
        ("courses", {"K1": None, "K2": {}}, {"course": (1, 0, 1)}),
    ],
)  # fmt: skip
def test_one_file_alone(name: str, change: Any, expected: dict[str, tuple[int, int, int]]) -> None:
    ran = send(yesterday(), only(district(**{name: change}), name))
    assert moved(ran) == expected
    assert {kind: one["in_file"] for kind, one in ran.result.counts.items() if one["in_file"]}.keys() == expected.keys()


def test_limits_look_at_what_was_sent() -> None:
    config = ImportConfig(all_missing_as_new=True, deletion_threshold=40)
    ran = again(yesterday(), only(district(classes={"C2": None}), "classes"), config=config, apply=False)
    # one of two classes, and one of four enrollments that go with it; the seven people that were not sent do not count
    assert ran.result.thresholds["all"]["deletion_share"] == pytest.approx(2 / 6)
    assert [one.record_type for one in ran.result.excesses] == ["class"]


# --- two apps -------------------------------------------------------------------------------------------------------------


def other(*keys: str, kind: str = "sftp") -> OtherApp:
    return OtherApp("SFTP", (), lambda _: pd.Series(keys, dtype=TEXT), kind=kind)


def test_what_another_app_delivers_is_not_deleted_and_the_reason_names_it() -> None:
    ran = send(yesterday(), district(users={"S1": None, "S2": {"status": "inactive"}}), others=[other("S1", "S2", "E1", "E2")])
    assert ran.fate_of_leaver("student", "S1") == ("kept", "fed-by-sftp")
    assert ("kept", "fed-by-sftp") in ran.fates("student", "S2")
    assert ran.counts("student")["deleted"] == 0
    gone = again(yesterday(), district(users={"S1": None}), others=[other("S2")])
    assert gone.counts("student")["deleted"] == 1


def test_what_stays_for_another_app_can_be_referred_to_and_holds_its_address() -> None:
    files = district(users={"S1": None, "S3": {**person("S3", "student"), "email": "s1.student@example.org"}})
    ran = send(yesterday(), files, others=[other("S1")])
    assert ran.fate("enrollment", "E1") == ("unchanged", "")
    assert ran.fate("student", "S3") == ("duplicate", "uniqueness-shared")


def test_rows_that_keep_their_record_keep_their_own_reason() -> None:
    ran = send(yesterday(), district(users={"S1": {"email": ""}}), others=[other("S1")])
    assert ran.fates("student", "S1")[0] == ("kept", "required-attribute-missing")


def test_a_delta_speaks_of_its_own_records_only() -> None:
    ran = send(
        yesterday(), {"users": [{**person("S1", "student"), "status": "tobedeleted"}]}, modes={"users": "delta"}, others=[other("S1", "S2")]
    )
    assert ("kept", "fed-by-sftp") in ran.fates("student", "S1")
    assert ran.counts("student")["kept"] == 1


def test_a_second_app_changes_nothing_in_the_records_of_the_first() -> None:
    theirs = {**replace(yesterday()).live.records[RecordType.STUDENT]}
    files = district(
        users=[person("S7", "student"), person("A7", "administrator")], demographics=[], enrollments=[], classes=[], courses=[]
    )
    ran = again(
        yesterday(),
        files,
        others=[OtherApp("SFTP", (), lambda kind: pd.Series(list(yesterday().live.records[kind]), dtype=TEXT), kind="sftp")],
    )
    assert moved(ran) == {"student": (1, 0, 0), "admin": (1, 0, 0)}
    assert {key: ran.live.records[RecordType.STUDENT][key] for key in theirs} == theirs

"""Why a person is in a class or not."""

from pathlib import Path

import pytest

from imports.models import Sync
from imports.selectors.answers import Fate
from imports.selectors.explain_class import find_classes
from records.attributes import RecordType
from roster.models import Student
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import district

from .kit import STUDENT, day, in_class, without_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(data_dir: Path) -> Desk:
    return Desk()


def test_who_is_in_a_class_is_in_it(desk: Desk) -> None:
    first = desk.deliver(district())
    said = in_class(desk, "S1", "C2")
    assert (said.is_in, said.verdict.text, said.others) == (True, "Yes: enrollment E4 is live.", [])
    assert [(key, answer.text) for key, answer in said.enrollments] == [
        ("E4", f"Here since sync #{first.pk} ({day(first)}), created from enrollments.csv line 5.")
    ]
    teacher = in_class(desk, "T1", "C1", RecordType.TEACHER)
    assert teacher.is_in
    assert not in_class(desk, "T1", "C1").is_in, "no student of that id is in the class, but a teacher"


def test_why_somebody_is_not_in_a_class(desk: Desk) -> None:
    enrollments = {
        "E2": None,
        "E4": {"classSourcedId": "C1"},
        "E5": {"classSourcedId": "C2", "userSourcedId": "S2", "role": "nonsense"},
        "": {"classSourcedId": "C2", "userSourcedId": "S1"},
        "E6": {"classSourcedId": "C1", "userSourcedId": "S9"},
    }
    first, second = desk.deliver(district()), desk.deliver(district(enrollments=enrollments))
    check(desk, second)
    for sync in (first, second):
        without_index(sync)
    check(desk, second)


def check(desk: Desk, second: Sync) -> None:
    deleted = in_class(desk, "S2", "C1")
    assert (deleted.is_in, deleted.verdict.text, deleted.others) == (False, "No: the enrollment was deleted.", [])
    assert [(key, answer.text) for key, answer in deleted.enrollments] == [
        ("E2", f"Deleted by sync #{second.pk} ({day(second)}) because no row of enrollments.csv had this SIS ID any more.")
    ]
    moved = in_class(desk, "S1", "C2")
    assert [(key, answer.sentences[0].text) for key, answer in moved.enrollments] == [
        ("E4", f"It is now for class C1, changed by sync #{second.pk}."),
        (
            "",
            f"Sync #{second.pk} left out a row of enrollments.csv (line 6): The enrollment has no SIS ID, so it cannot be told from others.",
        ),
    ]
    assert moved.verdict.text == "No: the enrollment is for another class or person now."
    left_out = in_class(desk, "S2", "C2")
    assert (left_out.verdict.text, [key for key, _ in left_out.enrollments]) == ("No: the enrollment was left out.", ["E5"])
    assert left_out.enrollments[0][1].text.startswith(
        f"Not here: sync #{second.pk} left the row out (enrollments.csv line 5): role is nonsense"
    )
    unknown = in_class(desk, "S9", "C1")
    assert unknown.verdict.text == "No: the enrollment was left out. The student is not here."
    assert [(kind, key, answer.fate) for kind, key, answer in unknown.others] == [(STUDENT, "S9", Fate.UNKNOWN)]


def test_a_pair_that_no_file_ever_had_is_told_so_and_what_is_missing(desk: Desk) -> None:
    desk.deliver(district())
    desk.deliver(district(users={"S2": None}, enrollments={"E2": None}))
    said = in_class(desk, "S2", "C2")
    assert said.verdict.text == "No: none of the 2 syncs brought an enrollment of this person in this class. The student is not here."
    assert [(kind, key, answer.fate) for kind, key, answer in said.others] == [(STUDENT, "S2", Fate.DELETED)]
    neither = in_class(desk, "S8", "C8")
    assert neither.verdict.text.endswith("The student and the class are not here.")


def test_a_person_whose_sis_id_is_no_sourced_id_is_found_in_rows_that_name_that(desk: Desk) -> None:
    desk.configure({"attributes": {"student": {"sis_id": "users.identifier"}}})
    files = district(users={"S1": {"identifier": "900"}, "S2": {"identifier": "901"}}, enrollments={"E4": {"classSourcedId": "C9"}})
    desk.deliver(files)
    assert Student.objects.of(desk.district).get(key="900").source_id == "S1"
    assert in_class(desk, "900", "C1").is_in
    said = in_class(desk, "900", "C9")
    assert [key for key, _ in said.enrollments] == ["E4"]
    assert "no class with that id was delivered" in said.enrollments[0][1].text


def test_classes_are_found_by_id_or_words_deleted_ones_too(desk: Desk) -> None:
    desk.deliver(district(classes={"C1": {"title": "Algebra C2"}, "C2": {"title": "Biology"}}))
    desk.deliver(district(classes={"C1": None, "C2": {"title": "Biology"}}, enrollments=[]))
    assert [one.key for one in find_classes(desk.district, "C2")] == ["C2"], "an id is meant before a name"
    assert [one.key for one in find_classes(desk.district, "c algebra")] == ["C1"]
    assert {one.key for one in find_classes(desk.district, "c")} == {"C1", "C2"}
    assert find_classes(desk.district, "chemistry") == find_classes(desk.district, " ") == []
    assert find_classes(Desk().district, "C2") == []

"""The law of sums refuses what does not add up."""

import pytest

from records.attributes import ATTRIBUTES, RecordType, attribute_label, display_name, live_columns
from records.outcomes import COUNTS, LawBroken, check_law
from records.rules import CODES, NUMBERS, RULES

pytestmark = pytest.mark.no_database
FILE_OF = {"student": "users", "teacher": "users", "school": "orgs"}


def _counts(**changed: dict[str, int]) -> dict[str, dict[str, int]]:
    zero = dict.fromkeys(COUNTS, 0)
    return {name: {**zero, **changed.get(name, {})} for name in FILE_OF}


def test_sums_that_close_pass():
    counts = _counts(
        student={"in_file": 3, "created": 2, "invalid": 1}, teacher={"in_file": 1, "unchanged": 1}, school={"in_file": 1, "updated": 1}
    )
    check_law(counts, {"users": 4, "orgs": 2, "demographics": 9}, {"orgs": 1}, FILE_OF)


@pytest.mark.parametrize(
    ("student", "rows"), [({"in_file": 3, "created": 2}, 3), ({"in_file": 2, "created": 2}, 3), ({"in_file": 3, "created": 3}, 2)]
)
def test_sums_that_do_not_close_are_refused(student, rows):
    with pytest.raises(LawBroken):
        check_law(_counts(student=student), {"users": rows}, {}, FILE_OF)


def test_codes_and_numbers_are_each_others_inverse():
    assert [NUMBERS[code] for code in CODES] == list(range(len(CODES)))
    assert set(RULES) == set(CODES) - {""}


def test_every_live_column_is_an_attribute_or_derived_and_stands_once():
    for record_type in RecordType:
        columns = live_columns(record_type)
        assert len(set(columns)) == len(columns)
        assert {attribute.name for attribute in ATTRIBUTES[record_type]} - {"sis_id"} <= set(columns)


def test_names_and_labels():
    assert display_name(RecordType.STUDENT, {"first_name": "Ana", "last_name": "López"}) == "Ana López"
    assert display_name(RecordType.ENROLLMENT, {"person_id": "S1", "class_id": "C1"}) == "S1 in C1"
    assert display_name(RecordType.CLASS, {"key": "C1"}) == "C1"
    assert attribute_label(RecordType.STUDENT, "metadata.free_lunch") == "Free Lunch"
    assert attribute_label(RecordType.STUDENT, "email") == "Email Address"

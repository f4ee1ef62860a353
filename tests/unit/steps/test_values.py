"""How single values are read, and what an import makes of those that cannot be."""

import pytest

from records.values import OK, SPELLING, UNREADABLE, US_DATE, read_boolean, read_date, read_grade, read_grades, read_user_ids, read_year
from tests.unit.steps.kit import district, run

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("word", ["true", "TRUE", "yes", "Y", "1"])
def test_true_in_any_spelling(word):
    assert read_boolean(word)[0] == "true"


@pytest.mark.parametrize("word", ["false", "False", "NO", "n", "0"])
def test_false_in_any_spelling(word):
    assert read_boolean(word)[0] == "false"


def test_what_is_neither_true_nor_false_is_not_guessed():
    assert read_boolean("maybe") == ("", UNREADABLE)


@pytest.mark.parametrize(("value", "grade"), [("K", "KG"), ("kg", "KG"), ("1", "01"), ("1st", "01"), ("2nd", "02"), ("03", "03"), ("11th grade", "11"),
                                              ("13", "13"), ("PreK", "PK"), ("other", "Other"), ("UG", "UG")])  # fmt: skip
def test_grades(value, grade):
    assert read_grade(value)[0] == grade


@pytest.mark.parametrize("value", ["0", "14", "1.0", "first", "-1"])
def test_impossible_grades(value):
    assert read_grade(value) == ("", UNREADABLE)


def test_a_list_of_grades_keeps_those_that_can_be_read():
    assert read_grades("K, 1, bad") == ("KG,01", UNREADABLE)


@pytest.mark.parametrize(("value", "reading"), [
    ("2026-08-01", ("2026-08-01", OK)), ("2026-08-01T00:00:00.000Z", ("2026-08-01", SPELLING)), ("8/1/2026", ("2026-08-01", US_DATE)),
    ("02-28-2026", ("2026-02-28", US_DATE)), ("2026-02-30", ("", UNREADABLE)), ("13/1/2026", ("", UNREADABLE)), ("20260801", ("", UNREADABLE)),
    ("2026-08-01x", ("", UNREADABLE)), ("2026-8-1", ("", UNREADABLE)),
])  # fmt: skip
def test_dates(value, reading):
    assert read_date(value) == reading


@pytest.mark.parametrize(("value", "year"), [("2027", "2027"), ("2026-27", "2027"), ("2026-2027", "2027"), ("2026/27", "2027")])
def test_years(value, year):
    assert read_year(value)[0] == year


def test_impossible_years():
    assert read_year("27") == ("", UNREADABLE)


def test_user_ids_are_trimmed_and_anything_else_is_kept():
    assert read_user_ids("{ Fed : 7 }, {State:00123}")[0] == "{Fed:7},{State:00123}"
    assert read_user_ids("00123")[0] == "00123"


def test_texts_stay_as_sent():
    texts = ("00123", "1e5", "NA", "null", "TRUE", "nan", "None", "-", "  inner  space ")
    people = {f"X{number}": {"role": "parent", "middleName": text} for number, text in enumerate(texts)}
    ran = run(district(users=people))
    assert [ran.row("contact", key)["middle_name"] for key in people] == [text.strip() for text in texts]


def test_an_unreadable_optional_value_is_emptied_and_reported_and_the_row_stays():
    ran = run(district(demographics={"S2": {"birthDate": "someday"}}))
    assert ran.fate("student", "S2") == ("created", "")
    assert ran.row("student", "S2")["birth_date"] == ""
    said = ran.says("value-unreadable")
    assert (said.file, said.line, said.column) == ("demographics.csv", 3, "birthDate")
    assert ran.counts("student")["reported"] == 1


@pytest.mark.parametrize(("file", "key", "header", "kind"), [
    ("users", "S1", "enabledUser", "student"), ("classes", "C1", "classType", "class"), ("academicSessions", "T1", "type", "session"),
    ("enrollments", "E1", "role", "enrollment"),
])  # fmt: skip
def test_an_impossible_value_of_a_required_list_makes_the_row_invalid(file, key, header, kind):
    ran = run(district(**{file: {key: {header: "bogus"}}}))
    assert ran.fate(kind, key) == ("invalid", "enum-impossible")
    assert ran.one("enum-impossible")["value"] == "bogus"


@pytest.mark.parametrize(("file", "key", "header", "kind"), [
    ("academicSessions", "T1", "startDate", "session"), ("academicSessions", "Y1", "schoolYear", "session"), ("classes", "C1", "classType", "class"),
    ("courses", "K1", "title", "course"), ("orgs", "O1", "name", "school"),
])  # fmt: skip
def test_an_empty_required_value_is_reported_and_the_row_stays(file, key, header, kind):
    ran = run(district(**{file: {key: {header: ""}}}))
    assert ran.fate(kind, key) == ("created", "")
    assert ran.one("standard-value-missing")["column"] == header


def test_a_spelling_is_said_once_for_a_whole_column():
    ran = run(district(users={"S1": {"grades": "3"}, "S2": {"grades": "K"}}))
    assert len(ran.found("value-spelling", column="grades")) == 1
    assert ran.counts("student")["reported"] == 0


@pytest.mark.parametrize("status", ["inactive", "ToBeDeleted"])
def test_a_row_that_is_inactive_counts_as_absent(status):
    assert run(district(users={"S2": {"status": status}})).fate("student", "S2") == ("excluded", "status-inactive")


@pytest.mark.parametrize("status", ["", "active", "ACTIVE"])
def test_blank_and_active_mean_present(status):
    assert run(district(users={"S2": {"status": status}})).fate("student", "S2") == ("created", "")

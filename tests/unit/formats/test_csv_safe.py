import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.csv_safe import neutralise


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+1 555 0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "-", "+", "-1-1", "--1", "-1e5", '=HYPERLINK("http://x")'],
)
def test_what_a_spreadsheet_might_run_is_disarmed(value):
    assert neutralise(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "North", "00123", "-3.5", "+7", "-3,5", "a=b", "1-2", "a@b.org", "2024-01-01"])
def test_plain_text_and_plain_numbers_stay_as_they_are(value):
    assert neutralise(value) == value


@given(st.text())
def test_a_value_is_either_kept_or_marked_and_never_begins_like_a_formula_unless_a_number(value):
    safe = neutralise(value)
    assert safe in (value, f"'{value}")
    assert not safe.startswith(("=", "@", "\t", "\r", "\n"))

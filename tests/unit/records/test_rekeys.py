"""Other keys for records: swaps, chains, and what cannot be done."""

import json
from collections.abc import Callable, Collection

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.steps.difference import extra_json
from records.attributes import RecordType
from records.rekeys import applicable, canonical_extra, closed, inverse, rename, reversed_rekeys
from records.text import TEXT
from tests.unit.steps.test_causes import frame_of


def among(live: Collection[str]) -> Callable[[Collection[str]], set[str]]:
    return lambda keys: set(keys) & set(live)


def test_a_new_key_is_given() -> None:
    assert applicable({"B": "A"}, among({"A"})) == {"A": "B"}


def test_swaps_and_chains_can_be_done() -> None:
    assert applicable({"A": "B", "B": "A"}, among({"A", "B"})) == {"A": "B", "B": "A"}
    assert applicable({"C": "B", "B": "A"}, among({"A", "B"})) == {"B": "C", "A": "B"}


@pytest.mark.parametrize(
    ("pairs", "live"),
    [
        ({"B": "A"}, set()),  # the old one is not there
        ({"B": "A"}, {"A", "B"}),  # the new one is, and stays
        ({"B": "A", "C": "A"}, {"A"}),  # which of the two?
        ({"A": "A"}, {"A"}),
        ({"C": "B", "B": "A"}, {"A", "B", "C"}),  # the end of the chain is taken, so nobody in it moves
        ({}, {"A"}),
    ],
)
def test_what_cannot_be_done_is_passed_over(pairs: dict[str, str], live: set[str]) -> None:
    assert applicable(pairs, among(live)) == {}


def test_what_is_left_at_the_end_of_a_chain_goes_to_its_start() -> None:
    assert closed({"A": "B", "B": "C", "X": "Y"}) == {"A": "B", "B": "C", "C": "A", "X": "Y", "Y": "X"}
    assert closed({"A": "B", "B": "A"}) == {"A": "B", "B": "A"}


KEYS = st.sampled_from("ABCDEFGH")


@given(st.dictionaries(KEYS, KEYS, max_size=8), st.sets(KEYS))
def test_whatever_is_asked_for_no_key_is_held_twice_and_the_reverse_brings_all_back(pairs: dict[str, str], live: set[str]) -> None:
    renames = applicable(pairs, among(live))
    after = {renames.get(key, key) for key in live}
    assert len(after) == len(live)
    whole = closed(renames)
    assert set(whole) == set(whole.values())
    back = applicable(reversed_rekeys({"student": inverse(renames)})["student"], among(after))
    assert back == inverse(renames)
    assert {**closed(back)} == inverse(whole)


@given(st.lists(KEYS), st.dictionaries(KEYS, KEYS, max_size=4))
def test_renaming_a_column_is_renaming_each_key(keys: list[str], pairs: dict[str, str]) -> None:
    column = pd.Series(keys, dtype=TEXT)
    assert rename(column, pairs).to_pylist() == [pairs.get(key, key) for key in keys]


@given(st.fixed_dictionaries({"lunch": st.text(), "a,b": st.text()}))
def test_extra_attributes_read_back_from_a_database_are_written_as_imports_write_them(values: dict[str, str]) -> None:
    wanted = extra_json(RecordType.STUDENT, frame_of([{"key": "K", **values}]))[0]
    stored = json.dumps({name: value for name, value in reversed(list(values.items())) if value}) if wanted else ""
    assert canonical_extra(stored) == wanted

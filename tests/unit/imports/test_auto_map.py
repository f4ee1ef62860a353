"""Auto Mapping: which school of the portal a school of the files is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.steps.auto_map import NamedSchool, SchoolChoice, match_schools, normalise_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lincoln Elementary School", "LINCOLN ES"),
        ("Lincoln Elementary School", "lincoln  e.s."),
        ("Lincoln Elementary", "Lincoln Elem. School"),
        ("North High School", "North HS"),
        ("North H.S.", "North High"),
        ("St. Mary's Academy", "Saint Marys Acad"),
        ("José Martí Middle School", "Jose Marti MS"),
        ("Parks & Gardens School", "Parks and Gardens"),
        ("East Jr. High", "East Junior High School"),
        ("East JHS", "East Junior High School"),
        ("K-8 Center", "K 8 Centre"),
        ("The Hill School", "Hill"),
    ],
)
def test_names_that_mean_one_school(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lincoln Elementary School", "Lincoln Middle School"),
        ("North High School", "North Junior High School"),
        ("PS 12", "PS 21"),
        ("East High", "West High"),
        ("The School", "Another School"),
    ],
)
def test_names_that_mean_two_schools(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


def test_a_name_of_nothing_but_usual_words_is_still_a_name() -> None:
    assert normalise_name("The School") == "the school"


def test_an_identifier_comes_before_a_name() -> None:
    schools = [NamedSchool("S1", "North High", "100")]
    targets = [NamedSchool("a", "North High"), NamedSchool("b", "Renamed", "100")]
    assert match_schools(schools, targets) == {"S1": SchoolChoice(target="b")}


def test_identifiers_are_compared_trimmed_and_without_case() -> None:
    assert match_schools([NamedSchool("S1", "x", " ab1 ")], [NamedSchool("a", "y", "AB1")]) == {"S1": SchoolChoice(target="a")}


def test_empty_identifiers_match_nothing() -> None:
    assert match_schools([NamedSchool("S1", "x")], [NamedSchool("a", "y")]) == {"S1": SchoolChoice(new_name="x")}


def test_a_target_that_is_not_unique_is_not_chosen() -> None:
    targets = [NamedSchool("a", "North HS"), NamedSchool("b", "North High School")]
    assert match_schools([NamedSchool("S1", "North High")], targets) == {"S1": SchoolChoice(new_name="North High")}


def test_two_schools_of_one_delivery_do_not_share_a_target() -> None:
    schools = [NamedSchool("S1", "North HS"), NamedSchool("S2", "North High School")]
    chosen = match_schools(schools, [NamedSchool("a", "North High")])
    assert chosen == {"S1": SchoolChoice(new_name="North HS"), "S2": SchoolChoice(new_name="North High School")}


def test_what_an_identifier_has_taken_no_name_gets() -> None:
    schools = [NamedSchool("S1", "Anything", "100"), NamedSchool("S2", "North High")]
    chosen = match_schools(schools, [NamedSchool("a", "North High", "100")])
    assert chosen == {"S1": SchoolChoice(target="a"), "S2": SchoolChoice(new_name="North High")}


def test_shared_identifiers_leave_it_to_the_name() -> None:
    schools = [NamedSchool("S1", "North High", "0"), NamedSchool("S2", "South High", "0")]
    chosen = match_schools(schools, [NamedSchool("a", "North HS", "0"), NamedSchool("b", "South HS")])
    assert chosen == {"S1": SchoolChoice(target="a"), "S2": SchoolChoice(target="b")}


def test_a_target_that_is_mapped_already_is_chosen_by_identifier_only() -> None:
    targets = [NamedSchool("a", "North High", "100"), NamedSchool("b", "South High")]
    by_both = match_schools([NamedSchool("S1", "Renamed", "100"), NamedSchool("S2", "South High")], targets, {"a", "b"})
    assert by_both == {"S1": SchoolChoice(target="a"), "S2": SchoolChoice(new_name="South High")}


def test_a_nameless_school_is_created_under_its_id() -> None:
    assert match_schools([NamedSchool("S1", " ")], []) == {"S1": SchoolChoice(new_name="S1")}


_texts = st.sampled_from(["", "North HS", "north high", "North High School", "South", "SOUTH school", "West"])
_identifiers = st.sampled_from(["", "1", "2", "3"])


@given(st.lists(st.tuples(_texts, _identifiers), max_size=6), st.lists(st.tuples(_texts, _identifiers), max_size=6))
def test_every_school_gets_one_choice_and_no_target_two_schools(ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> None:
    schools = [NamedSchool(f"S{at}", *values) for at, values in enumerate(ours)]
    chosen = match_schools(schools, [NamedSchool(f"t{at}", *values) for at, values in enumerate(theirs)])
    assert set(chosen) == {school.key for school in schools}
    assert all(bool(choice.target) != bool(choice.new_name) for choice in chosen.values())
    targets = [choice.target for choice in chosen.values() if choice.target]
    assert len(targets) == len(set(targets))

"""Documents as single settings: nothing is lost on the way, and two edits are put together without losing either."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.config import default_document, merge_document
from imports.config_parser import parse_config
from imports.config_units import changed_paths, clashes, from_units, put_together, to_units
from imports.config_words import changes, label_of, rule_words, value_words
from records.attributes import RecordType
from tests.unit.imports.documents import FULL, SCHEDULE

pytestmark = pytest.mark.no_database

LEVELS = st.sampled_from(["none", "report", "skip"])
RULE = st.sampled_from(
    [
        {"record_type": "student", "match": "all", "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["01"]}]},
        {"record_type": "student", "match": "any", "conditions": [{"attribute": "email", "operator": "is_not_empty"}]},
        {"record_type": "class", "match": "all", "conditions": [{"attribute": "class_name", "operator": "contains", "values": ["x"]}]},
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Whole documents without a fault."""
    domain = st.sampled_from([["username"], ["first_name", "last_name"]])
    document = merge_document(
        {
            "delivery": {"preview": draw(st.booleans()), "update_threshold": draw(st.sampled_from([None, 10, 35.5]))},
            "schools": {
                "all_missing_as_new": draw(st.booleans()),
                "mapping": draw(st.dictionaries(st.sampled_from(["S-1", "a.b", "[x]"]), st.just("k"))),
            },
            "attributes": {
                "student": draw(
                    st.fixed_dictionaries(
                        {}, optional={"email": st.sampled_from([None, "users.username"]), "lunch": st.just("demographics.metadata.lunch")}
                    )
                )
            },
            "requirements": {
                "student": draw(st.fixed_dictionaries({}, optional={"email": LEVELS, "phone": st.sampled_from(["report", "skip"])}))
            },
            "drop_empty_classes": draw(st.booleans()),
        }
    )
    rules = draw(st.lists(RULE, max_size=3))
    document["filters"] = sorted(rules, key=lambda rule: str(rule["record_type"]))
    document["uniqueness"] = [
        {"record_type": "student", "attributes": names} for names in draw(st.lists(domain, max_size=2, unique_by=tuple))
    ]
    document["master_fields"] = draw(st.sampled_from([[], [{"record_type": "student", "attribute": "email", "mode": "master"}]]))
    return document


@st.composite
def sftp_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Whole documents of an SFTP app without a fault."""
    end = st.sampled_from([None, "2027-06-30"])
    daily = st.fixed_dictionaries({"when": st.sampled_from(["daily", "weekdays"]), "hour": st.integers(0, 23), "end_date": end})
    weekly = st.fixed_dictionaries({"when": st.just("weekly"), "days": st.sampled_from([["mon"], ["mon", "thu"]]), "end_date": end})
    document = merge_document(draw(documents()), "sftp")
    document["schedule"] = draw(st.none() | daily | weekly)
    document["delivery"]["run_on_arrival"] = draw(st.booleans())
    return document


@settings(max_examples=25)
@given(sftp_documents(), sftp_documents(), sftp_documents())
def test_schedules_are_settings_like_the_others(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    first, second, third = (to_units(one, "sftp") for one in (base, mine, theirs))
    assert from_units(second, "sftp") == merge_document(from_units(second, "sftp"), "sftp")
    assert parse_config(from_units(second, "sftp"), "sftp") == parse_config(mine, "sftp")
    both = clashes(first, second, third)
    merged = parse_config(from_units(put_together(first, second, third, both), "sftp"), "sftp")
    for name in ("schedule", "run_on_arrival"):
        was, my, their = (getattr(parse_config(one, "sftp"), name) for one in (base, mine, theirs))
        assert getattr(merged, name) == (my if my != was else their)
    said = {change.label: (change.before, change.after) for change in changes(first, second) if change.part == "schedule"}
    assert ("Sync Schedule" in said) == (base["schedule"] != mine["schedule"])
    assert all(before != after for before, after in said.values())


def test_a_schedule_is_compared_in_words() -> None:
    off = merge_document({}, "sftp")
    on = merge_document({"schedule": SCHEDULE, "delivery": {"run_on_arrival": True}}, "sftp")
    listed = changes(to_units(off, "sftp"), to_units(on, "sftp"))
    assert [(one.part, one.label, one.before, one.after) for one in listed] == [
        ("schedule", "Run Import as soon as a complete set has arrived", "Off", "On"),
        ("schedule", "Sync Schedule", "Off", "Weekly on Monday and Thursday at 2:30 AM, until June 30, 2027"),
    ]


@given(documents())
def test_settings_make_the_document_they_were_made_of(document: dict[str, Any]) -> None:
    back = from_units(to_units(document))
    assert parse_config(back) == parse_config(document)
    assert to_units(back) == to_units(document)


@given(documents())
def test_a_document_differs_from_itself_in_nothing(document: dict[str, Any]) -> None:
    assert changed_paths(to_units(document), to_units(copy.deepcopy(document))) == []


@given(documents(), documents())
def test_what_differs_is_named_and_has_words(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = to_units(one), to_units(other)
    listed = changes(before, after)
    assert (not listed) == (parse_config(one) == parse_config(other) and one["master_fields"] == other["master_fields"])
    assert all(change.label and change.before and change.after for change in listed)
    assert all(change.before != change.after for change in listed)


@given(documents(), documents(), documents())
def test_two_edits_are_put_together_without_losing_either(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    first, second, third = to_units(base), to_units(mine), to_units(theirs)
    both = clashes(first, second, third)
    kept_mine, kept_theirs = put_together(first, second, third, both), put_together(first, second, third, [])
    for path in changed_paths(first, second):  # what I changed is there, unless they changed it too and theirs was kept
        assert kept_mine.get(path, ...) == second.get(path, ...)
    for path in changed_paths(first, third):
        assert kept_theirs.get(path, ...) == third.get(path, ...)
    parse_config(from_units(kept_mine))
    parse_config(from_units(kept_theirs))


def test_the_same_edit_on_both_sides_is_no_clash() -> None:
    base = to_units(default_document())
    same = to_units(merge_document({"delivery": {"preview": True}}))
    assert clashes(base, same, dict(same)) == []


def test_a_default_requirement_that_was_switched_off_stays_off() -> None:
    document = merge_document({"requirements": {"student": {"email": "none"}}})
    assert parse_config(from_units(to_units(document))).requirements[RecordType.STUDENT]["email"] == "none"


@pytest.mark.parametrize(
    ("path", "label", "words"),
    [
        (("delivery", "update_threshold"), "Updated records", "Hold above 35 %"),
        (("schools", "all_missing_as_new"), "All Missing Schools as New", "On"),
        (("schools", "mapping", "S-1"), "School S-1", "North High"),
        (("attributes", "student", "state_id"), "Student: State Id", "users.userIds[State]"),
        (("requirements", "student", "gender"), "Student: Gender", "Report if Missing"),
        (("requirements", "student", "phone"), "Student: Phone", "not required"),
        (("filters", "student"), "Students let through", "Grades is KG, 01 or 02"),
        (("filters", "class"), "Classes let through", "all"),
        (("uniqueness", "student", "username"), "Student: Username unique", "yes"),
        (("master_fields", "student", "email"), "Student: Email Address", "Master"),
        (("drop_empty_classes",), "Classes left without students", "kept"),
    ],
)
def test_settings_are_called_what_the_screens_call_them(path: tuple[str, ...], label: str, words: str) -> None:
    assert label_of(path) == label
    assert value_words(path, to_units(FULL), {"north-high": "North High"}) == words


def test_a_rule_reads_as_a_sentence() -> None:
    rule = {
        "match": "any",
        "conditions": [
            {"attribute": "grades", "operator": "equals_any", "values": ["KG", "01"]},
            {"attribute": "email", "operator": "is_empty"},
        ],
    }
    assert rule_words(RecordType.STUDENT, rule) == "Grades is KG or 01, or Email Address is empty"

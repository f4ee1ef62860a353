"""What is counted of filter rules is what the pipeline does, whatever the rules."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataquality.steps.filters import DATE_OPERATORS, OPERATORS, WITHOUT_VALUES, Condition, FilterRule
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS
from imports.config import ImportConfig
from imports.context import Judge, PipelineParams
from imports.pipeline import judge_rows, place_rows
from imports.steps.split import SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from imports.trial import Base
from imports.views.wizard.filters_counts import count_rule, count_types
from imports.views.wizard.filters_form import join_values, split_values
from imports.views.wizard.filters_values import choose, present_values
from records.attributes import RecordType, find_attribute
from records.frames import gather
from tests.integration.imports_ui.filters import files
from tests.unit.steps.kit import TODAY, District, MemoryLive, district, person, read_district, run


def base_of(rows: District, config: ImportConfig) -> Base:
    """The frames as the filters of an import meet them."""
    params, live = PipelineParams(config, TODAY, dict.fromkeys(rows, "bulk")), MemoryLive()
    with tempfile.TemporaryDirectory() as name:
        parts = split(read_district(rows, config.sources, Path(name)), SplitParams(config.sources))
        frames, _ = check_standard(parts.frames, StandardParams(config.sources))
        placed = place_rows(frames, parts.organizations, params, live)
        return Base(placed.frames, placed.links, Judge(params, live, parts.unsure), [], placed.unmapped)


_TAKEN = {
    RecordType.STUDENT: ("grades", "sis_id", "email", "primary_school", "other_schools", "birth_date", "gender", "enabled", "nickname"),
    RecordType.CLASS: ("class_name", "subjects", "school_id", "grades", "sis_id"),
    RecordType.ENROLLMENT: ("role", "person_id", "school_id", "begin_date", "primary"),
    RecordType.SESSION: ("type", "start_date", "end_date"),
}  # fmt: skip
_VALUES = (
    "03",
    "04",
    "05",
    "KG",
    "S1",
    "S4",
    "O1",
    "o2",
    "D1",
    "Math",
    "latin",
    "student",
    "teacher",
    "true",
    "term",
    "schoolYear",
    "gym",
    "é",
)
_DATES = ("2026-08-01", "2026-10-01", "2026-12-20", "2014-03-02")


@st.composite
def conditions(draw: st.DrawFn, kind: RecordType) -> Condition:
    name = draw(st.sampled_from(_TAKEN[kind]))
    attribute = find_attribute(kind, name)
    is_date = attribute is None or attribute.kind == "date"
    operator = draw(st.sampled_from([one for one in OPERATORS if is_date or one not in DATE_OPERATORS]))
    if operator in WITHOUT_VALUES:
        return Condition(name, operator)
    if operator in DATE_OPERATORS:
        return Condition(name, operator, (draw(st.sampled_from(_DATES)),))
    return Condition(name, operator, tuple(draw(st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3, unique=True))))


@st.composite
def rules(draw: st.DrawFn) -> FilterRule:
    kind = draw(st.sampled_from(list(_TAKEN)))
    given_ones = draw(st.lists(conditions(kind), min_size=1, max_size=3))
    return FilterRule(kind, tuple(given_ones), draw(st.sampled_from(["all", "any"])))


@cache
def base() -> Base:
    """Of `files`; rules do not change it."""
    return base_of(files(), ImportConfig(all_missing_as_new=True))


def filtered_out(rules_given: Sequence[FilterRule]) -> dict[str, int]:
    """How many rows of each type the pipeline leaves out by these rules."""
    judge = base().judge
    config = replace(judge.params.config, filters=tuple(rules_given))
    _, found = judge_rows(base().frames, base().links, replace(judge, params=replace(judge.params, config=config)))
    whole = gather(found)
    return whole["record_type"][(whole["code"] == "filtered-out").to_numpy(dtype=bool)].value_counts().to_dict()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules(), min_size=1, max_size=3))
def test_what_is_counted_as_passing_is_what_the_pipeline_does_not_filter_out(given_rules: list[FilterRule]) -> None:
    out = filtered_out(given_rules)
    judge = base().judge
    under_rules = replace(judge.params.config, filters=tuple(given_rules))
    for one in count_types(replace(base(), judge=replace(judge, params=replace(judge.params, config=under_rules)))):
        assert one.total - one.passing == out.get(one.record_type, 0)
    for rule_given in given_rules:
        counted = count_rule(base(), rule_given, {})
        assert counted.total - counted.passing == filtered_out([rule_given]).get(rule_given.record_type, 0)


def test_the_whole_pipeline_filters_out_what_is_counted() -> None:
    few = FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("04",)), Condition("primary_school", "equals_any", ("o2",))))
    config = ImportConfig(all_missing_as_new=True, filters=(few,))
    out = [row for row in run(files(), config=config, apply=False).rows[RecordType.STUDENT] if row["code"] == "filtered-out"]
    counted = count_rule(base(), few, {})
    assert counted.total - counted.passing == len(out) == 5


def test_what_goes_along_would_be_imported_without_the_rules() -> None:
    rows = district()
    enrollment = rows["enrollments"][0]
    rows["users"] += [
        person("S3", "student", grades="04", email="shared@example.org"), person("S4", "student", grades="04", email="shared@example.org"),
        person("S5", "student", grades="04", email=""), person("S6", "student", grades="04"),
    ]  # fmt: skip
    rows["enrollments"] += [{**enrollment, "sourcedId": f"E{who}", "userSourcedId": who} for who in ("S3", "S4", "S5", "S6")]
    rows["enrollments"].append({**enrollment, "sourcedId": "E9", "userSourcedId": "S2", "beginDate": ""})
    given_rules = (
        FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("03",)),)),
        FilterRule(RecordType.ENROLLMENT, (Condition("begin_date", "is_not_empty"),)),
    )
    config = ImportConfig(all_missing_as_new=True, requirements=DEFAULT_REQUIREMENTS, filters=given_rules)
    sentences = [one.sentence for one in count_types(base_of(rows, config))]
    assert sentences == [
        "2 of 6 students pass; 4 are left out and with them 1 enrollment.",
        "8 of 9 enrollments pass; 1 is left out.",
    ]
    ran = run(rows, config=config)
    assert {row["key"] for row in ran.rows[RecordType.STUDENT] if row["code"] == "filtered-out"} == {"S3", "S4", "S5", "S6"}
    without = run(rows, config=replace(config, filters=given_rules[1:]))
    accepted = [{row["key"] for row in one.rows[RecordType.ENROLLMENT] if row["outcome"] == "created"} for one in (without, ran)]
    assert accepted[0] - accepted[1] == {"ES6"}


@pytest.mark.parametrize("kind", list(_TAKEN))
def test_the_count_beside_a_value_is_what_a_rule_of_that_value_lets_through(kind: RecordType) -> None:
    rows = files()
    rows["users"][0]["grades"] = "03,04,3"
    made = base_of(rows, ImportConfig(all_missing_as_new=True))
    for name in _TAKEN[kind]:
        choices = choose(present_values(made.frames, kind, name), {}, find="", chosen=())
        for one in choices.choices:
            rule_of_it = FilterRule(kind, (Condition(name, "equals_any", (one.value,)),))
            assert count_rule(made, rule_of_it, {}).passing == one.count, (name, one.value)
        empty = FilterRule(kind, (Condition(name, "is_empty"),))
        if find_attribute(kind, name):
            assert count_rule(made, empty, {}).passing == choices.blank, name


@pytest.mark.parametrize("values", [["a"], ["a", "b c"], ["Latin, II"], ['5" pipe', "x"], ['"quoted"', "a,b", "c"], []])
def test_values_survive_the_text_field(values: list[str]) -> None:
    assert split_values(join_values(values)) == values

"""Let only those records pass that meet a filter rule of their type.

Source: filters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from records.attributes import FILE_OF, RecordType, find_attribute
from records.frames import Frames, accepted, findings, reject
from records.text import Mask, distinct

OPERATORS = ("equals_any", "contains", "does_not_contain", "is_empty", "is_not_empty", "before", "after", "on", "is_past", "is_future")
WITHOUT_VALUES = frozenset({"is_empty", "is_not_empty", "is_past", "is_future"})
DATE_OPERATORS = frozenset({"before", "after", "on", "is_past", "is_future"})


@dataclass(frozen=True, slots=True)
class Condition:
    """`attribute` `operator` `values`; dates as YYYY-MM-DD. Case is ignored."""

    attribute: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterRule:
    """A rule of one record type: all or any of its conditions must hold."""

    record_type: RecordType
    conditions: tuple[Condition, ...]
    match: str = "all"


@dataclass(frozen=True, slots=True)
class FilterParams:
    """The rules, and the day that counts as today for past and future."""

    rules: tuple[FilterRule, ...]
    today: date


def apply_filters(frames: Frames, params: FilterParams) -> tuple[Frames, list[pd.DataFrame]]:
    """Leave out the accepted records that meet none of the rules of their type; a type without rules passes whole."""
    result, found = dict(frames), []
    for record_type, frame in frames.items():
        rules = [rule for rule in params.rules if rule.record_type is record_type]
        if not rules:
            continue
        passes = np.logical_or.reduce([passes_rule(frame, rule, params.today) for rule in rules])
        out = ~passes & accepted(frame)
        found.append(
            findings(
                frame,
                out,
                code="filtered-out",
                record_type=record_type,
                file=f"{FILE_OF[record_type]}.csv",
                detail=record_type.plural.lower(),
            )
        )
        result[record_type] = reject(frame, out, "filtered-out")
    return result, found


def passes_rule(frame: pd.DataFrame, rule: FilterRule, today: date) -> Mask:
    """True where the row meets the rule. An attribute the frame does not have is empty everywhere."""
    masks = [_passes_condition(frame, rule.record_type, condition, today) for condition in rule.conditions]
    if not masks:
        return np.ones(len(frame), dtype=bool)
    return np.asarray(np.logical_and.reduce(masks) if rule.match == "all" else np.logical_or.reduce(masks))


def _passes_condition(frame: pd.DataFrame, record_type: RecordType, condition: Condition, today: date) -> Mask:
    name = "key" if condition.attribute == "sis_id" else condition.attribute
    attribute = find_attribute(record_type, condition.attribute)
    test = value_test(condition, today, is_list=attribute is not None and attribute.is_list)
    if name not in frame:
        return np.full(len(frame), test(""), dtype=bool)
    uniques, codes = distinct(frame[name])
    verdicts = np.array([test(value) for value in uniques.to_pylist()], dtype=bool)
    return verdicts[codes] if len(verdicts) else np.zeros(len(frame), dtype=bool)


def value_test(condition: Condition, today: date, *, is_list: bool) -> Callable[[str], bool]:
    """The test of one value. A list passes `equals_any` when one of its items does."""
    wanted = frozenset(value.strip().lower() for value in condition.values)
    now = today.isoformat()
    parts = [value for value in wanted if value]
    tests: Mapping[str, Callable[[str], bool]] = {
        "equals_any": lambda value: bool(wanted & _items(value, is_list)),
        "contains": lambda value: any(part in value.lower() for part in parts),
        "does_not_contain": lambda value: not any(part in value.lower() for part in parts),
        "is_empty": lambda value: not value,
        "is_not_empty": bool,
        "before": lambda value: bool(value) and any(value < part for part in parts),
        "after": lambda value: bool(value) and any(value > part for part in parts),
        "on": lambda value: value in wanted,
        "is_past": lambda value: bool(value) and value < now,
        "is_future": lambda value: bool(value) and value > now,
    }
    return tests[condition.operator]


def _items(value: str, is_list: bool) -> set[str]:
    low = value.lower()
    return {low, *low.split(",")} if is_list else {low}

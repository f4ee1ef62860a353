"""What filter rules let through of the last delivery, and what of them matches nothing: counted by the steps that import."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from django.contrib.humanize.templatetags.humanize import intcomma

from dataquality.steps.filters import Condition, FilterRule, passes_rule, value_test
from imports.config_words import OPERATORS, names_schools
from imports.trial import Base
from imports.views.wizard.cascade import Counts, counts_words, fallen_under, gone_along
from imports.views.words import count_words
from records.attributes import SCREEN_ORDER, RecordType, attribute_label, find_attribute
from records.frames import accepted
from records.text import distinct

FILTERED = "filtered-out"
MOST_NAMED = 5  # values that one sentence names
_NO_ROWS = pd.DataFrame()


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many records one rule lets through, of those that come as far as the filters, and what is odd about it."""

    passing: int
    total: int
    sentence: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many records all rules of a type let through, and in words what is left out and what goes along."""

    record_type: RecordType
    passing: int
    total: int
    sentence: str


def count_rule(base: Base, rule: FilterRule, schools: Mapping[str, str]) -> RuleCount:
    """What one rule lets through. `schools`: names of the portal's schools by key."""
    kind, frame = rule.record_type, base.frames.get(rule.record_type, _NO_ROWS)
    if not len(frame):
        return RuleCount(0, 0, f"No {kind.label.lower()} came in the last delivery.", ())
    alive = accepted(frame)
    passing, total = int((passes_rule(frame, rule, base.judge.params.today) & alive).sum()), int(alive.sum())
    warnings = [words for condition in rule.conditions for words in condition_warnings(base, kind, condition, schools)]
    if not passing and (not warnings or len(rule.conditions) > 1):
        warnings.append(f"No {kind.label.lower()} of the last delivery meets this rule.")
    words = f"Lets {intcomma(passing)} of {count_words(total, kind.label.lower(), kind.plural.lower())} through."
    return RuleCount(passing, total, words, tuple(warnings))


def condition_warnings(base: Base, kind: RecordType, condition: Condition, schools: Mapping[str, str]) -> list[str]:
    """Sentences on values that match nothing, and on schools that are gone."""
    unmatched = unmatched_values(base, kind, condition)
    gone = [value for value in gone_schools(kind, condition, schools) if value in unmatched]
    names = {key.lower(): name for key, name in schools.items()} if names_schools(kind, condition.attribute) else {}
    rest = [names.get(value.lower(), value) for value in unmatched if value not in gone]
    return [*map(gone_words, gone), *([_matches_nothing(kind, condition, rest)] if rest else [])]


def gone_schools(kind: RecordType, condition: Condition, schools: Mapping[str, str]) -> list[str]:
    """The values that should name schools of the portal and do not; none while the portal has no schools at all."""
    if condition.operator != "equals_any" or not schools or not names_schools(kind, condition.attribute):
        return []
    known = {key.lower() for key in schools}
    return [value for value in condition.values if value.lower() not in known]


def gone_words(value: str) -> str:
    """The sentence on a school that is gone."""
    return f"“{value}” is no school of the portal any more, so it lets nobody through. Edit the rule and choose another school."


def unmatched_values(base: Base, kind: RecordType, condition: Condition) -> list[str]:
    """The values of a condition that no record of the last delivery has; of `does_not_contain` those that none contains."""
    frame, name = base.frames.get(kind, _NO_ROWS), "key" if condition.attribute == "sis_id" else condition.attribute
    if not condition.values or not len(frame):
        return []
    if name not in frame:
        return list(condition.values)
    attribute = find_attribute(kind, condition.attribute)
    sought = replace(condition, operator="contains") if condition.operator == "does_not_contain" else condition
    is_list, today = attribute is not None and attribute.is_list, base.judge.params.today
    uniques, codes = distinct(frame[name])
    present = np.bincount(codes[accepted(frame)], minlength=len(uniques)) > 0
    any_of_them = value_test(sought, today, is_list=is_list)
    matched = [value for value, is_there in zip(uniques.to_pylist(), present, strict=True) if is_there and any_of_them(value)]
    tests = [(value, value_test(replace(sought, values=(value,)), today, is_list=is_list)) for value in condition.values]
    return [value for value, test in tests if not any(map(test, matched))]


def _matches_nothing(kind: RecordType, condition: Condition, values: list[str]) -> str:
    label = attribute_label(kind, condition.attribute)
    named = values[:MOST_NAMED] + ([f"{len(values) - MOST_NAMED:,} more"] if len(values) > MOST_NAMED else [])
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"
    verb = OPERATORS["contains"] if condition.operator == "does_not_contain" else OPERATORS[condition.operator]
    has = f"{label} {listed}" if condition.operator in {"equals_any", "on"} else f"a value of {label} that {verb} {listed}"
    return f"No {kind.label.lower()} of the last delivery has {has}."


def count_types(base: Base) -> list[TypeCount]:
    """For every record type that has rules: what they let through, what they leave out, and what goes along with that."""
    config = base.judge.params.config
    judged, _ = base.judged
    left_out = fallen_under(judged, FILTERED)
    counts = []
    for kind in [kind for kind in SCREEN_ORDER if any(rule.record_type is kind for rule in config.filters)]:
        total, out = int(accepted(base.frames[kind]).sum()) if kind in base.frames else 0, left_out.get(kind, 0)
        also: Counts = {}
        if out:
            others = tuple(rule for rule in config.filters if rule.record_type is not kind)
            also = gone_along(base.judged_under(replace(config, filters=others)), judged, FILTERED)
        counts.append(TypeCount(kind, total - out, total, _type_sentence(kind, total - out, total, also)))
    return counts


def _type_sentence(kind: RecordType, passing: int, total: int, also: Counts) -> str:
    """Say "1,204 of 4,210 students pass; 3,006 are left out and with them 25,110 enrollments"."""
    if not total:
        return f"No {kind.label.lower()} came in the last delivery."
    if passing == total:
        return f"All {intcomma(total)} {kind.plural.lower()} pass." if total > 1 else f"The only {kind.label.lower()} passes."
    out = total - passing
    along = f" and with {'it' if out == 1 else 'them'} {counts_words(also)}" if also else ""
    verbs = f"{'passes' if passing == 1 else 'pass'}; {intcomma(out)} {'is' if out == 1 else 'are'}"
    return f"{intcomma(passing)} of {count_words(total, kind.label.lower(), kind.plural.lower())} {verbs} left out{along}."


def dropped_classes(base: Base) -> dict[RecordType, int]:
    """The classes without students and their enrollments: those accepted only where such classes are kept. Judged the other way round than drafted."""
    config = base.judge.params.config
    drafted, other = base.judged[0], base.judged_under(replace(config, drop_empty_classes=not config.drop_empty_classes))
    kept, dropped = (other, drafted) if config.drop_empty_classes else (drafted, other)
    return {kind: count for kind, count in gone_along(kept, dropped).items() if kind in (RecordType.CLASS, RecordType.ENROLLMENT)}


def dropped_sentence(counts: Counts, *, is_on: bool) -> str:
    """Say "Leaves out 31 classes, and with them 64 enrollments"."""
    if not counts.get(RecordType.CLASS):
        return "No class of the last delivery is left without students."
    also = counts_words({kind: count for kind, count in counts.items() if kind is not RecordType.CLASS})
    first = counts_words({RecordType.CLASS: counts[RecordType.CLASS]})
    with_them = f", and with {'it' if counts[RecordType.CLASS] == 1 else 'them'} {also}" if also else ""
    return f"{'Leaves' if is_on else 'Would leave'} out {first}{with_them}."

"""Configuration in words: what a setting is called on the screens, and what its value means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.config_units import Path, Units, changed_paths
from imports.schedule import read_schedule, words_of
from records.attributes import RecordType, attribute_label, find_attribute

SCHEMAS = {"oneroster-1.1": "IMS OneRoster 1.1 (takes 1.0 as well)", "clever": "Clever"}
LEVELS = {"skip": "Skip if Missing", "report": "Report if Missing", "none": "not required"}
MODES = {"master": "Master", "do_not_override": "Do not override"}
OPERATORS = {
    "equals_any": "is", "contains": "contains", "does_not_contain": "does not contain", "is_empty": "is empty",
    "is_not_empty": "is not empty", "before": "is before", "after": "is after", "on": "is on", "is_past": "is in the past",
    "is_future": "is in the future",
}  # fmt: skip
RUN_ON_ARRIVAL = "Run Import as soon as a complete set has arrived"
FIXED_DOMAINS = "Email Address and SIS ID of students, teachers and admins (always)"
DELIVERY_LABELS = {
    "data_schema": "Data Schema",
    "preview": "Preview of data upload",
    "update_threshold": "Updated records",
    "deletion_threshold": "Deleted records",
    "school_update_threshold": "Updated records of a school",
    "school_deletion_threshold": "Deleted records of a school",
    "school_update_rows": "Updated records of a school, number",
    "school_deletion_rows": "Deleted records of a school, number",
    "row_floor": "Fewer rows than last time",
    "hold_deletions_only": "Apply additions and updates, hold deletions",
    "aides_as_teachers": "Aides and proctors",
    "run_on_arrival": RUN_ON_ARRIVAL,
}
ON_ARRIVAL = ("delivery", "run_on_arrival")
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: the part of the document (that is, the step of the wizard), its name, and both values in words."""

    path: Path
    part: str
    label: str
    before: str
    after: str


def changes(before: Units, after: Units, schools: Mapping[str, str] | None = None) -> list[Change]:
    """What differs between two documents, in words. `schools`: names of the portal's schools by key."""
    return [describe(path, before, after, schools or {}) for path in changed_paths(before, after)]


def describe(path: Path, before: Units, after: Units, schools: Mapping[str, str]) -> Change:
    """One setting in words."""
    return Change(path, part_of(path), label_of(path), *(value_words(path, units, schools) for units in (before, after)))


def part_of(path: Path) -> str:
    """The part of the document a setting belongs to; dropping empty classes is set among the filter rules, and what runs by itself with the schedule."""
    if path == ON_ARRIVAL:
        return "schedule"
    return "filters" if path[0] == "drop_empty_classes" else path[0]


def label_of(path: Path) -> str:
    """What the screens call a setting."""
    match path:
        case ("delivery", name):
            return DELIVERY_LABELS.get(name, name)
        case ("schools", "mapping", source_id):
            return f"School {source_id}"
        case ("schools", "new_names", source_id):
            return f"Name of the new school {source_id}"
        case ("schools", _):
            return "All Missing Schools as New"
        case (("attributes" | "requirements" | "master_fields"), record_type, name):
            return f"{RecordType(record_type).label}: {attribute_label(RecordType(record_type), name)}"
        case ("filters", record_type):
            return f"{RecordType(record_type).plural} let through"
        case ("uniqueness", record_type, names):
            return f"{RecordType(record_type).label}: {domain_words(RecordType(record_type), names.split('+'))} unique"
        case ("drop_empty_classes",):
            return "Classes left without students"
        case ("schedule",):
            return "Sync Schedule"
    return path[0].capitalize()


def value_words(path: Path, units: Units, schools: Mapping[str, str]) -> str:
    """What the value of a setting means."""
    value = units.get(path)
    match path:
        case ("delivery", name):
            return delivery_words(name, value)
        case ("schools", part, _):
            return ("not mapped" if part == "mapping" else "as in the files") if value is None else schools.get(value, str(value))
        case ("schools", _):
            return "On" if value else "Off"
        case ("attributes", *_):
            return str(value) if value else ("not fed" if path in units else NOTHING)
        case ("requirements", *_):
            return LEVELS[value or "none"]
        case ("master_fields", *_):
            return MODES.get(str(value), NOTHING)
        case ("filters", record_type):
            return rules_words(RecordType(record_type), value or [], schools)
        case ("uniqueness", *_):
            return "yes" if value else "no"
        case (part,):
            return schedule_words(value) if part == "schedule" else "dropped" if value else "kept"
    return NOTHING if value is None else str(value)


def delivery_words(name: str, value: Any) -> str:
    """A value of the delivery part."""
    if name.endswith("_threshold"):
        return "Off" if value is None else f"Hold above {value:g} %"
    if name.endswith("_rows"):
        return "Off" if value is None else f"Hold above {value:,} records"
    if name == "row_floor":
        return "Off" if value is None else f"Hold below {value:g} % of the last good file"
    if name in {"hold_deletions_only", "run_on_arrival"}:
        return "On" if value else "Off"
    if name == "preview":
        return "On: every sync waits for approval" if value else "Off"
    if name == "aides_as_teachers":
        return "Imported as teachers" if value else "Not imported"
    return SCHEMAS.get(value, str(value))


def schedule_words(value: Any) -> str:
    """A schedule of a checked document."""
    schedule = read_schedule({"schedule": value})
    return words_of(schedule) if schedule else "Off"


def rules_words(record_type: RecordType, rules: list[Mapping[str, Any]], schools: Mapping[str, str] | None = None) -> str:
    """All filter rules of a record type in one sentence."""
    if not rules:
        return "all"
    words = [rule_words(record_type, rule, schools) for rule in rules]
    return words[0] if len(words) == 1 else "; or ".join(f"({one})" for one in words)


def rule_words(record_type: RecordType, rule: Mapping[str, Any], schools: Mapping[str, str] | None = None) -> str:
    """One filter rule as the condition it is: "Grades is KG or 01 and Email Address is not empty". `schools`: names by key."""
    conditions = []
    for condition in rule["conditions"]:
        words = [attribute_label(record_type, condition["attribute"]), OPERATORS.get(condition["operator"], condition["operator"])]
        names = (schools or {}) if names_schools(record_type, condition["attribute"]) else {}
        words += [_listed([names.get(value, value) for value in condition["values"]])] if condition.get("values") else []
        conditions.append(" ".join(words))
    return (" and " if rule.get("match", "all") == "all" else ", or ").join(conditions)


def names_schools(record_type: RecordType, name: str) -> bool:
    """Whether the values of an attribute are keys of the portal's schools and offices."""
    attribute = find_attribute(record_type, name)
    return attribute is not None and attribute.refers_to in {"school", "org"} and record_type is not RecordType.SCHOOL


def _listed(values: list[Any]) -> str:
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def domain_words(record_type: RecordType, names: list[str]) -> str:
    """The attributes of a domain of uniqueness."""
    return " with ".join(attribute_label(record_type, name) for name in names)

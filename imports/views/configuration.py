"""An app's configuration in readable form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import District
from imports.config import default_document, merge_document
from records.attributes import SCREEN_ORDER, RecordType, attribute_label
from roster.selectors.browse import school_names

SCHEMAS = {"oneroster-1.1": "IMS OneRoster 1.1 (takes 1.0 as well)", "clever": "Clever"}
LEVELS = {"skip": "Skip if Missing", "report": "Report if Missing"}
OPERATORS = {
    "equals_any": "is one of",
    "contains": "contains",
    "does_not_contain": "does not contain",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
    "before": "is before",
    "after": "is after",
    "on": "is on",
    "is_past": "is in the past",
    "is_future": "is in the future",
}
FIXED_DOMAINS = "Email Address and SIS ID of students, teachers and admins (always)"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the configuration; `is_changed` where it differs from the default."""

    label: str
    value: str
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class SettingsSection:
    """A titled part of the configuration, and what it means when it is empty."""

    title: str
    settings: list[Setting]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class MappedSchool:
    """A school of the files and the portal's school it is mapped to."""

    source_id: str
    target: str
    name: str


def configuration_sections(document: Mapping[str, Any]) -> list[SettingsSection]:
    """The parts of a configuration document, in the order of the wizard."""
    whole, default = merge_document(document), default_document()
    return [
        _delivery(whole["delivery"], default["delivery"]),
        _attributes(whole["attributes"], default["attributes"]),
        _requirements(whole["requirements"], default["requirements"]),
        _filters(whole),
        _uniqueness(whole),
    ]


def mapped_schools(district: District, document: Mapping[str, Any]) -> list[MappedSchool]:
    """The schools mapping, by source id."""
    mapping: dict[str, str] = document.get("schools", {}).get("mapping", {})
    names = school_names(district, mapping.values())
    return [MappedSchool(source_id, target, names.get(target, target)) for source_id, target in sorted(mapping.items())]


def _delivery(delivery: Mapping[str, Any], default: Mapping[str, Any]) -> SettingsSection:
    def threshold(name: str) -> str:
        return "Off" if delivery[name] is None else f"Hold above {delivery[name]:g} %"

    lines = [
        ("data_schema", "Data Schema", SCHEMAS.get(delivery["data_schema"], delivery["data_schema"])),
        ("preview", "Preview of data upload", "On: every sync waits for approval" if delivery["preview"] else "Off"),
        ("update_threshold", "Updated records", threshold("update_threshold")),
        ("deletion_threshold", "Deleted records", threshold("deletion_threshold")),
        ("aides_as_teachers", "Aides and proctors", "Imported as teachers" if delivery["aides_as_teachers"] else "Not imported"),
    ]
    return SettingsSection("Delivery Configuration", [Setting(label, text, delivery[name] != default[name]) for name, label, text in lines])


def _attributes(attributes: Mapping[str, Mapping[str, str]], default: Mapping[str, Mapping[str, str]]) -> SettingsSection:
    changed = [
        Setting(f"{record_type.label}: {attribute_label(record_type, name)}", source, is_changed=True)
        for record_type in SCREEN_ORDER
        for name, source in attributes.get(record_type, {}).items()
        if default.get(record_type, {}).get(name) != source
    ]
    return SettingsSection("Attributes Mapping", changed, "Every attribute is fed from its usual OneRoster column.")


def _requirements(requirements: Mapping[str, Mapping[str, str]], default: Mapping[str, Mapping[str, str]]) -> SettingsSection:
    lines = []
    for record_type in SCREEN_ORDER:
        levels = requirements.get(record_type, {})
        for level, label in LEVELS.items():
            names = [attribute_label(record_type, name) for name, chosen in levels.items() if chosen == level]
            if names:
                lines.append(Setting(f"{record_type.label}: {label}", ", ".join(names), dict(levels) != default.get(record_type, {})))
    return SettingsSection("Data Requirements", lines, "No attribute is required.")


def _filters(document: Mapping[str, Any]) -> SettingsSection:
    lines = [
        Setting(RecordType(rule["record_type"]).plural, _rule_words(RecordType(rule["record_type"]), rule), is_changed=True)
        for rule in document["filters"]
    ]
    if document["drop_empty_classes"]:
        lines.append(Setting("Classes", "Classes left without students are dropped", is_changed=True))
    return SettingsSection("Filter Rules", lines, "Everything is let through.")


def _rule_words(record_type: RecordType, rule: Mapping[str, Any]) -> str:
    conditions = []
    for condition in rule["conditions"]:
        words = [attribute_label(record_type, condition["attribute"]), OPERATORS.get(condition["operator"], condition["operator"])]
        words += [", ".join(map(str, condition.get("values", [])))] if condition.get("values") else []
        conditions.append(" ".join(words))
    return (" and " if rule.get("match", "all") == "all" else " or ").join(conditions)


def _uniqueness(document: Mapping[str, Any]) -> SettingsSection:
    lines = [Setting("Fixed", FIXED_DOMAINS)]
    for domain in document["uniqueness"]:
        record_type = RecordType(domain["record_type"])
        labels = " with ".join(attribute_label(record_type, name) for name in domain["attributes"])
        lines.append(Setting(record_type.plural, labels, is_changed=True))
    return SettingsSection("Domains of Uniqueness", lines)

"""An app's configuration in readable form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import District
from imports.config import default_document, merge_document
from imports.config_words import (
    DELIVERY_LABELS,
    FIXED_DOMAINS,
    LEVELS,
    MODES,
    RUN_ON_ARRIVAL,
    delivery_words,
    domain_words,
    part_of,
    rule_words,
    schedule_words,
)
from records.attributes import SCREEN_ORDER, RecordType, attribute_label
from roster.selectors.browse import school_names


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the configuration; `is_changed` where it differs from the default."""

    label: str
    value: str
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class SettingsSection:
    """A titled part of the configuration, its name in the document, and what it means when it is empty."""

    part: str
    title: str
    settings: list[Setting]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class MappedSchool:
    """A school of the files and the portal's school it is mapped to."""

    source_id: str
    target: str
    name: str


def configuration_sections(document: Mapping[str, Any], kind: str = "csv_upload") -> list[SettingsSection]:
    """The parts of a configuration document of that kind of app, in the order of the wizard."""
    whole, default = merge_document(document, kind), default_document(kind)
    return [
        _delivery(whole["delivery"], default["delivery"]),
        _attributes(whole["attributes"], default["attributes"]),
        _requirements(whole["requirements"], default["requirements"]),
        _filters(whole),
        _uniqueness(whole),
        _master_fields(whole),
        *([_schedule(whole)] if "schedule" in whole else []),
    ]


def mapped_schools(district: District, document: Mapping[str, Any]) -> list[MappedSchool]:
    """The schools mapping, by source id."""
    mapping: dict[str, str] = document.get("schools", {}).get("mapping", {})
    names = school_names(district, mapping.values())
    return [MappedSchool(source_id, target, names.get(target, target)) for source_id, target in sorted(mapping.items())]


def _delivery(delivery: Mapping[str, Any], default: Mapping[str, Any]) -> SettingsSection:
    lines = [
        Setting(label, delivery_words(name, delivery[name]), delivery[name] != default[name])
        for name, label in DELIVERY_LABELS.items()
        if name in default and part_of(("delivery", name)) == "delivery"
    ]
    return SettingsSection("delivery", "Delivery Configuration", lines)


def _attributes(attributes: Mapping[str, Mapping[str, str]], default: Mapping[str, Mapping[str, str]]) -> SettingsSection:
    changed = [
        Setting(f"{record_type.label}: {attribute_label(record_type, name)}", source or "not fed", is_changed=True)
        for record_type in SCREEN_ORDER
        for name, source in attributes.get(record_type, {}).items()
        if default.get(record_type, {}).get(name) != source
    ]
    return SettingsSection("attributes", "Attributes Mapping", changed, "Every attribute is fed from its usual OneRoster column.")


def _requirements(requirements: Mapping[str, Mapping[str, str]], default: Mapping[str, Mapping[str, str]]) -> SettingsSection:
    lines = []
    for record_type in SCREEN_ORDER:
        levels = requirements.get(record_type, {})
        for level in ("skip", "report"):
            names = [attribute_label(record_type, name) for name, chosen in levels.items() if chosen == level]
            if names:
                lines.append(
                    Setting(f"{record_type.label}: {LEVELS[level]}", ", ".join(names), dict(levels) != default.get(record_type, {}))
                )
    return SettingsSection("requirements", "Data Requirements", lines, "No attribute is required.")


def _filters(document: Mapping[str, Any]) -> SettingsSection:
    lines = [
        Setting(RecordType(rule["record_type"]).plural, rule_words(RecordType(rule["record_type"]), rule), is_changed=True)
        for rule in document["filters"]
    ]
    if document["drop_empty_classes"]:
        lines.append(Setting("Classes", "Classes left without students are dropped", is_changed=True))
    return SettingsSection("filters", "Filter Rules", lines, "Everything is let through.")


def _uniqueness(document: Mapping[str, Any]) -> SettingsSection:
    lines = [Setting("Fixed", FIXED_DOMAINS)]
    for domain in document["uniqueness"]:
        record_type = RecordType(domain["record_type"])
        lines.append(Setting(record_type.plural, domain_words(record_type, domain["attributes"]), is_changed=True))
    return SettingsSection("uniqueness", "Domains of Uniqueness", lines)


def _master_fields(document: Mapping[str, Any]) -> SettingsSection:
    lines = []
    for entry in document["master_fields"]:
        record_type = RecordType(entry["record_type"])
        label = f"{record_type.label}: {attribute_label(record_type, entry['attribute'])}"
        lines.append(Setting(label, MODES[entry["mode"]], is_changed=True))
    return SettingsSection("master_fields", "Master Fields", lines, "No attribute has a mode: what this app delivers is taken over.")


def _schedule(document: Mapping[str, Any]) -> SettingsSection:
    schedule, on_arrival = document["schedule"], document["delivery"]["run_on_arrival"]
    lines = [
        Setting("Sync Schedule", schedule_words(schedule), schedule is not None),
        Setting(RUN_ON_ARRIVAL, delivery_words("run_on_arrival", on_arrival), on_arrival),
    ]
    return SettingsSection("schedule", "Schedule", lines)

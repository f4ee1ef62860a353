"""Which other settings use an attribute, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from imports.config_words import LEVELS, MODES, domain_words, rule_words
from records.attributes import RecordType


def uses_of(document: Mapping[str, Any], record_type: RecordType, name: str) -> Iterator[str]:
    """The steps that use an attribute, and how: 'Data Requirements (Skip if Missing)'. What has faults is passed over; it is shown at its own step."""
    level = _at(document, "requirements", record_type.value, name)
    if isinstance(level, str) and level in LEVELS and level != "none":
        yield f"Data Requirements ({LEVELS[level]})"
    for rule in _objects(document, "filters"):
        if rule.get("record_type") == record_type and any(one.get("attribute") == name for one in _objects(rule, "conditions")):
            yield f"Filter Rules ({_rule_words(record_type, rule)})"
    for domain in _objects(document, "uniqueness"):
        names = domain.get("attributes")
        if domain.get("record_type") == record_type and isinstance(names, list) and name in names:
            yield f"Domains of Uniqueness ({domain_words(record_type, [str(one) for one in names])})"
    for entry in _objects(document, "master_fields"):
        if (entry.get("record_type"), entry.get("attribute")) == (record_type, name):
            yield f"Master Fields ({MODES.get(str(entry.get('mode')), 'unknown mode')})"


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _objects(document: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    listed = document.get(part)
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _rule_words(record_type: RecordType, rule: Mapping[str, Any]) -> str:
    try:
        return rule_words(record_type, rule)
    except (KeyError, TypeError, AttributeError):
        return "a rule with a fault"

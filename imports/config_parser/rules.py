"""The parts of the document that are rules: requirements, filters, uniqueness, master fields."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dataquality.steps.filters import DATE_OPERATORS, OPERATORS, WITHOUT_VALUES, Condition, FilterRule
from dataquality.steps.requirements import LEVELS
from dataquality.steps.uniqueness import Domain
from formats.oneroster.tables import TABLES, TOLERATED_ENROLLMENT_ROLES
from imports.config_parser.attributes import METADATA, typed_entries
from imports.config_parser.delivery import iso_date
from imports.config_parser.node import Node, shown, suggest
from mapping.steps.master_fields import MODES, MasterField, has_mode
from records.attributes import FILE_OF, Attribute, RecordType, attribute_label, attribute_names, find_attribute
from records.text import TEXT
from records.values import KIND_WORDS, read_column

MATCHES = ("all", "any")
_ONE_DATE = {"before", "after"}
_READ_KINDS = {"boolean", "grades", "enum", "date", "year"}  # kinds whose values are brought to one form before filters see them


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which attribute names a rule may use: the standard's, the district's own ones, and every metadata header."""

    own: Mapping[RecordType, Collection[str]]

    def check(self, node: Node, record_type: RecordType, name: str) -> str:
        """The name, if the record type has such an attribute; empty after a fault."""
        known = (*attribute_names(record_type), *sorted(self.own[record_type]))
        if name in known or (name.startswith(METADATA) and name != METADATA):
            return name
        node.refuse(
            f"{shown(name)} is not an attribute of {record_type.plural.lower()}. {suggest(name, known)} "
            f"An attribute of your own is first named under attributes.{record_type}."
        )
        return ""


def parse_requirements(node: Node, attributes: Attributes) -> dict[RecordType, dict[str, str]]:
    """Read `requirements`."""
    levels: dict[RecordType, dict[str, str]] = {}
    for record_type, entry in typed_entries(node):
        levels[record_type] = {}
        for name, level in entry.entries().items():
            if attributes.check(level, record_type, name):
                levels[record_type][name] = level.choice(LEVELS)
    return levels


def parse_filters(node: Node, attributes: Attributes) -> tuple[FilterRule, ...]:
    """Read `filters`."""
    return tuple(_rule(item, attributes) for item in node.items())


def parse_uniqueness(node: Node, attributes: Attributes) -> tuple[Domain, ...]:
    """Read `uniqueness`."""
    domains: dict[tuple[RecordType, frozenset[str]], tuple[str, Domain]] = {}
    for item in node.items():
        entries = item.keyed(("record_type", "attributes"), required=("record_type", "attributes"))
        record_type = _record_type(entries)
        names = _names(entries["attributes"], record_type, attributes) if "attributes" in entries else ()
        if record_type is None or not names:
            continue
        same, _ = domains.setdefault((record_type, frozenset(names)), (item.path, Domain(record_type, names)))
        if same != item.path:
            item.refuse(f"The same attributes are named in {same} already. Remove one of the two.")
    return tuple(domain for _, domain in domains.values())


def parse_master_fields(node: Node, attributes: Attributes) -> tuple[MasterField, ...]:
    """Read `master_fields`. They have no effect while a district has one import app."""
    fields: list[MasterField] = []
    seen: dict[tuple[RecordType, str], str] = {}
    for item in node.items():
        keys = ("record_type", "attribute", "mode")
        entries = item.keyed(keys, required=keys)
        record_type, name = _record_type(entries), _attribute(entries, attributes)
        mode = entries["mode"].choice(MODES) if "mode" in entries else ""
        if record_type is None or not name:
            continue
        if not has_mode(record_type, name):
            words = "names the record" if name == "sis_id" else "makes the enrollment what it is"
            entries["attribute"].refuse(f"{attribute_label(record_type, name)} {words}, so it has no mode. Choose another attribute.")
        if seen.setdefault((record_type, name), item.path) != item.path:
            item.refuse(f"{shown(name)} has a mode in {seen[record_type, name]} already. Remove one of the two.")
        fields.append(MasterField(record_type, name, mode))
    return tuple(fields)


def _record_type(entries: Mapping[str, Node]) -> RecordType | None:
    found = entries["record_type"].choice(RecordType) if "record_type" in entries else ""
    return RecordType(found) if found else None


def _known_type(entries: Mapping[str, Node]) -> RecordType | None:
    """The record type without noting its faults again."""
    value = entries["record_type"].value if "record_type" in entries else None
    return RecordType(value) if isinstance(value, str) and value in set(RecordType) else None


def _attribute(entries: Mapping[str, Node], attributes: Attributes, record_type: RecordType | None = None) -> str:
    if "attribute" not in entries:
        return ""
    node, record_type = entries["attribute"], record_type or _known_type(entries)
    name = node.text()
    return attributes.check(node, record_type, name) if name and record_type else ""


def _names(node: Node, record_type: RecordType | None, attributes: Attributes) -> tuple[str, ...]:
    """The attributes of a domain of uniqueness; nothing after a fault."""
    names: list[str] = []
    items = node.items()
    for item in items:
        name = item.text()
        if name in names:
            item.refuse(f"{shown(name)} is named twice. Remove one of the two.")
        elif name and record_type and attributes.check(item, record_type, name):
            names.append(name)
    if not items and isinstance(node.value, (list, tuple)):
        node.refuse("The list is empty. Name at least one attribute.")
    return tuple(names) if len(names) == len(items) else ()


def _rule(node: Node, attributes: Attributes) -> FilterRule:
    entries = node.keyed(("record_type", "match", "conditions"), required=("record_type", "conditions"))
    record_type = _record_type(entries)
    match = entries["match"].choice(MATCHES) if "match" in entries else "all"
    conditions = entries["conditions"].items() if "conditions" in entries else []
    if not conditions and "conditions" in entries and isinstance(entries["conditions"].value, (list, tuple)):
        entries["conditions"].refuse("The rule has no conditions, so it would let everything through. Add one, or remove the rule.")
    read = tuple(_condition(condition, record_type, attributes) for condition in conditions)
    return FilterRule(record_type or RecordType.STUDENT, read, match)


def _condition(node: Node, record_type: RecordType | None, attributes: Attributes) -> Condition:
    entries = node.keyed(("attribute", "operator", "values"), required=("attribute", "operator"))
    name = _attribute(entries, attributes, record_type)
    operator = entries["operator"].choice(OPERATORS) if "operator" in entries else ""
    standard = find_attribute(record_type, name) if record_type and name else None
    if operator in DATE_OPERATORS and standard is not None and standard.kind != "date":
        entries["operator"].refuse(f"{shown(operator)} is for dates, and {shown(standard.name)} is none. Choose another operator.")
        return Condition(name, operator)
    values = entries.get("values", node.under("values", None))
    return Condition(name, operator, _values(values, operator, standard, record_type) if operator else ())


def _values(node: Node, operator: str, attribute: Attribute | None, record_type: RecordType | None) -> tuple[str, ...]:
    """The values of a condition, in the form that the records have them."""
    if operator in WITHOUT_VALUES:
        if node.value not in (None, [], ()):
            node.refuse(f"{shown(operator)} takes no values. Leave them out.")
        return ()
    if node.value is None or node.value == []:
        node.refuse(f"{shown(operator)} needs {'one date' if operator in _ONE_DATE else 'at least one value'}, and none is given. Add it.")
        return ()
    items = node.items()
    if operator in _ONE_DATE and len(items) > 1:
        node.refuse(f"{shown(operator)} takes one date, not {len(items)}. Keep one.")
    if operator in DATE_OPERATORS:
        dates = [iso_date(item) for item in items]
        return tuple(one.isoformat() for one in dates if one)
    texts = [(item, item.text()) for item in items]
    if operator == "equals_any" and attribute is not None and record_type is not None and attribute.kind in _READ_KINDS:
        return tuple(_as_read(item, text, attribute, record_type) for item, text in texts if text)
    return tuple(text for _, text in texts)


def _as_read(node: Node, text: str, attribute: Attribute, record_type: RecordType) -> str:
    """The value as reading the files brings it to one form: K is KG, yes is true. One that no record can have is a fault."""
    options = _options(attribute, record_type)
    column = read_column(pd.Series([text], dtype=TEXT), attribute.kind, options)
    if column.unreadable[0]:
        words = f"one of {', '.join(options)}" if attribute.kind == "enum" else KIND_WORDS[attribute.kind]
        node.refuse(f"{shown(text)} is no value that {shown(attribute.name)} can have. Use {words}.")
    return str(column.values.iloc[0])


def _options(attribute: Attribute, record_type: RecordType) -> tuple[str, ...]:
    file, header = attribute.source.split(".", 1)
    options = next(column.options for column in TABLES[file] if column.header == header)
    return (*options, *TOLERATED_ENROLLMENT_ROLES) if (file, attribute.name) == (FILE_OF[RecordType.ENROLLMENT], "role") else options


def attributes_of(document: Mapping[str, Any], record_type: RecordType) -> tuple[str, ...]:
    """The attributes of a record type that rules of this document may use: the standard's, then the district's own."""
    own = [name for name in document.get("attributes", {}).get(record_type, {}) if find_attribute(record_type, name) is None]
    return (*attribute_names(record_type), *sorted(own))

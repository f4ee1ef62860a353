"""The part of the document that says which header feeds which attribute."""

import re
from collections.abc import Collection, Mapping

from dataquality.steps.requirements import INDISPENSABLE
from formats.oneroster.tables import TABLES
from imports.config_parser.node import MAX_TEXT, Node, shown, suggest
from mapping.steps.attributes import files_for
from records.attributes import DERIVED, FILE_OF, PERSON_TYPES, RecordType, attribute_label, find_attribute
from records.sources import Source

_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAKEN = {"key", *(name for names in DERIVED.values() for name in names)}  # columns that the portal works out itself
_NEVER_READ = "password"
METADATA = "metadata."
NOWHERE = ""  # the header of an attribute that is not fed: no file has it, and a header that was not sent feeds an empty column

Sources = dict[RecordType, dict[str, Source]]
Headers = Mapping[str, Collection[str]] | None  # by file, those beyond the standard's that may feed a standard attribute; None: any


def parse_sources(node: Node, headers: Headers) -> tuple[Sources, dict[RecordType, set[str]]]:
    """Read `attributes`: the sources by record type and attribute, and the names of the district's own attributes.

    An attribute mapped to null or "" is not fed: it is empty in every record.
    """
    sources: Sources = {record_type: {} for record_type in RecordType}
    own: dict[RecordType, set[str]] = {record_type: set() for record_type in RecordType}
    for record_type, entry in typed_entries(node):
        for name, source_node in entry.entries().items():
            if find_attribute(record_type, name) is None:
                own[record_type].add(name)
                _check_own_name(source_node, name)
            if source_node.value is None or source_node.value == "":
                if name in must_be_fed(record_type):
                    words = f"{record_type.plural} cannot be placed without their {attribute_label(record_type, name)}, so it must be fed."
                    source_node.refuse(f"{words} Name the header it comes from.")
                if find_attribute(record_type, name) is not None:
                    sources[record_type][name] = Source(FILE_OF[record_type], NOWHERE)
                continue
            source = _source(source_node, record_type, name, headers)
            if source is not None:
                sources[record_type][name] = source
    return sources, own


def typed_entries(node: Node) -> list[tuple[RecordType, Node]]:
    """The entries of an object whose keys are record types; other keys are faults."""
    known = []
    for key, entry in node.entries().items():
        if key in set(RecordType):
            known.append((RecordType(key), entry))
        else:
            entry.refuse(f"{shown(key)} is not a record type. {suggest(key, RecordType)}")
    return known


def must_be_fed(record_type: RecordType) -> set[str]:
    """What no record can do without: its key, what says what it is, and where it belongs."""
    names = {"sis_id", *INDISPENSABLE.get(record_type, ())}
    if record_type in PERSON_TYPES:
        names |= {"user_type", "primary_school"}
    if record_type is RecordType.ENROLLMENT:
        names.add("role")
    return names


def _check_own_name(node: Node, name: str) -> None:
    if not _OWN_NAME.fullmatch(name):
        node.refuse(f"{shown(name)} cannot name an attribute. Use small letters, digits and underscores, for example state_id.")
    elif name in _TAKEN:
        node.refuse(f"{shown(name)} is a name the portal uses itself. Choose another one.")


def _source(node: Node, record_type: RecordType, name: str, headers: Headers) -> Source | None:
    """The source of one attribute; None after a fault."""
    text = node.text()
    if not text:
        return None
    source = Source.parse(text)
    if source is None:
        node.refuse(f"{shown(text)} is not a source. Write file.header, for example {_example(record_type)}.")
        return None
    is_free = headers is None or find_attribute(record_type, name) is None or source.header in headers.get(source.file, ())
    fault = _fault_of_file(source, record_type) or _fault_of_header(source, is_free=is_free)
    if not fault and name == "sis_id":
        fault = _fault_of_key(source, record_type)
    if fault:
        node.refuse(fault)
        return None
    return source


def _example(record_type: RecordType) -> str:
    return "users.email or users.userIds[State]" if record_type in PERSON_TYPES else f"{FILE_OF[record_type]}.sourcedId"


def _fault_of_file(source: Source, record_type: RecordType) -> str:
    files = files_for(record_type)
    if source.file in files:
        return ""
    return f"{record_type.plural} are fed from {' and '.join(f'{file}.csv' for file in files)}, not from {shown(source.file)}."


def _fault_of_header(source: Source, *, is_free: bool) -> str:
    """What is wrong with the header: it must be one of the standard or of metadata, or, where it `is_free`, any but another spelling of these."""
    header, standard = source.header, {column.header for column in TABLES[source.file]}
    if header == _NEVER_READ and source.file == "users":
        return "Passwords are never imported. Choose another header."
    if source.user_id_type and (source.file, header) != ("users", "userIds"):
        return f"Only users.userIds has types in brackets. Write {shown(f'{source.file}.{header}')}."
    if header in standard or (header.startswith(METADATA) and header != METADATA):
        return ""
    respelled = next((one for one in standard if one.casefold() == header.casefold()), "")
    if is_free and not respelled and len(header) <= MAX_TEXT:
        return ""
    hint = f"Did you mean {shown(respelled)}?" if respelled else suggest(header, sorted(standard - {_NEVER_READ}))
    return f"{source.file}.csv has no header {shown(header)} in the standard. {hint}"


def _fault_of_key(source: Source, record_type: RecordType) -> str:
    own = FILE_OF[record_type]
    if source.file == own and source.header == "sourcedId":
        return ""
    if record_type not in PERSON_TYPES:
        return f"The SIS ID of {record_type.plural.lower()} is always {own}.sourcedId."
    is_id = source.header == "identifier" or source.user_id_type or source.header.startswith(METADATA)
    if source.file == own and is_id:
        return ""
    return "The SIS ID of people is users.sourcedId, users.identifier, users.userIds[Type] or a users.metadata header."

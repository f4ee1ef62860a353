"""The whole document, part by part."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from imports.config import SFTP, ConfigProblem, ConfigRefused, ImportConfig, default_document, merge_document
from imports.config_parser.attributes import parse_sources
from imports.config_parser.delivery import parse_delivery, parse_schedule, parse_schools
from imports.config_parser.node import Node
from imports.config_parser.rules import Attributes, parse_filters, parse_master_fields, parse_requirements, parse_uniqueness

_ELSEWHERE = {
    "schedule": "Only the SFTP app has a schedule. Leave it out.",
    "preprocess": "Preprocessing is not available in this version of the portal. Leave it out.",
    "sharing": "Field sharing is not available in this version of the portal. Leave it out.",
}


def parse_config(
    document: Mapping[str, Any], kind: str = "csv_upload", headers: Mapping[str, Collection[str]] | None = MappingProxyType({})
) -> ImportConfig:
    """Read a document, whole or in part: what is left out has its default.

    Args:
        document: as read from JSON.
        kind: the app it is for; only SFTP has a schedule and sign-ins.
        headers: by file ("users") the headers beyond the standard's that are known to come, and may feed any attribute; None: the document was
            checked when it was saved, and whatever header it names is taken.

    Raises:
        ConfigRefused: with the path of every fault.
    """
    problems: list[ConfigProblem] = []
    parts = Node("", merge_document(document, kind), problems).keyed(tuple(default_document(kind)), elsewhere=_ELSEWHERE)
    delivery = parse_delivery(parts["delivery"], is_sftp=kind == SFTP)
    schools = parse_schools(parts["schools"])
    sources, own = parse_sources(parts["attributes"], headers)
    attributes = Attributes(own)
    config = ImportConfig(
        **{one.name: getattr(delivery, one.name) for one in fields(delivery)},
        all_missing_as_new=schools.all_missing_as_new,
        school_mapping=schools.mapping,
        sources=sources,
        requirements=parse_requirements(parts["requirements"], attributes),
        filters=parse_filters(parts["filters"], attributes),
        drop_empty_classes=parts["drop_empty_classes"].flag(),
        uniqueness=parse_uniqueness(parts["uniqueness"], attributes),
        master_fields=parse_master_fields(parts["master_fields"], attributes),
        schedule=parse_schedule(parts["schedule"]) if "schedule" in parts else None,
    )
    if problems:
        raise ConfigRefused(problems)
    return config

"""The configuration document: what the wizard edits, `configure_import` reads and writes, and every sync obeys.

`parse_config` turns a document into frozen parameters for the steps, or refuses it with the path of every fault.
Source: the configuration document of the interfaces.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dataquality.steps.filters import FilterRule
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS
from dataquality.steps.uniqueness import Domain
from imports.schedule import Schedule
from mapping.steps.attributes import default_sources
from mapping.steps.master_fields import MasterField
from records.attributes import RecordType
from records.sources import Source

SFTP = "sftp"  # the kind of app that has a schedule and a landing zone
SIGN_INS = ("username", "password", "public_keys")  # of its delivery part, which no version keeps


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One fault of a document: where (`filters[0].conditions[1].operator`) and what, in a sentence."""

    path: str
    message: str


class ConfigRefused(Exception):
    """The document is not taken; nothing is changed."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ImportConfig:
    """Everything a sync obeys. Thresholds are per cent, those in rows are records of one school, `row_floor` is per cent of the last good file; None is off."""

    data_schema: str = "oneroster-1.1"
    preview: bool = False
    update_threshold: float | None = None
    deletion_threshold: float | None = None
    school_update_threshold: float | None = None
    school_deletion_threshold: float | None = None
    school_update_rows: int | None = None
    school_deletion_rows: int | None = None
    row_floor: float | None = None
    hold_deletions_only: bool = False
    aides_as_teachers: bool = False
    all_missing_as_new: bool = False
    school_mapping: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[RecordType, Mapping[str, Source]] = field(default_factory=default_sources)
    requirements: Mapping[RecordType, Mapping[str, str]] = field(default_factory=lambda: DEFAULT_REQUIREMENTS)
    filters: tuple[FilterRule, ...] = ()
    drop_empty_classes: bool = False
    uniqueness: tuple[Domain, ...] = ()
    master_fields: tuple[MasterField, ...] = ()
    schedule: Schedule | None = None
    run_on_arrival: bool = False


def default_document(kind: str = "csv_upload") -> dict[str, Any]:
    """The document of a freshly activated app of that kind, whole."""
    document: dict[str, Any] = {
        "delivery": {
            "data_schema": "oneroster-1.1", "preview": False, "update_threshold": None, "deletion_threshold": None,
            "school_update_threshold": None, "school_deletion_threshold": None, "school_update_rows": None, "school_deletion_rows": None,
            "row_floor": None, "hold_deletions_only": False, "aides_as_teachers": False,
        },
        "schools": {"all_missing_as_new": False, "mapping": {}},
        "attributes": {
            record_type.value: {name: source.text for name, source in sources.items()} for record_type, sources in default_sources().items()
        },
        "requirements": {record_type.value: dict(levels) for record_type, levels in DEFAULT_REQUIREMENTS.items()},
        "filters": [],
        "drop_empty_classes": False,
        "uniqueness": [],
        "master_fields": [],
    }  # fmt: skip
    if kind == SFTP:
        document["delivery"]["run_on_arrival"] = False
        document["schedule"] = None
    return document


def merge_document(given: Mapping[str, Any], kind: str = "csv_upload") -> dict[str, Any]:
    """A partial document over the defaults of its kind of app: parts left out keep theirs, and so does every entry left out of a keyed part.

    A part of a wrong type is taken over as it is; `parse_config` refuses it by its path.

    Raises:
        ConfigRefused: the document is no object.
    """
    if not isinstance(given, Mapping):
        raise ConfigRefused([ConfigProblem("document", "A configuration is an object of named parts, in braces.")])
    whole = default_document(kind)
    for part, value in given.items():
        if part in {"delivery", "schools"}:
            whole[part] = _over(whole[part], value)
        elif part in {"attributes", "requirements"} and isinstance(value, Mapping):
            for record_type, entries in value.items():
                whole[part][record_type] = _over(whole[part].get(record_type, {}), entries)
        else:
            whole[part] = value
    return whole


def without_sign_ins(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without user name, password and keys: a version that is restored must not bring back a key that was removed."""
    delivery = document.get("delivery")
    if not isinstance(delivery, Mapping):
        return dict(document)
    return {**document, "delivery": {name: value for name, value in delivery.items() if name not in SIGN_INS}}


def _over(default: Mapping[str, Any], given: Any) -> Any:
    return {**default, **given} if isinstance(given, Mapping) else given

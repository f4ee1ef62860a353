"""A configuration document as single settings, so that two documents can be compared, shown and put together setting by setting.

A setting is named by its path in the document (`requirements.student.email`). The rules of one record type are one setting, each domain of uniqueness is one.
Source: docs/decisions/0012-drafts-and-versions.md
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from imports.config import default_document, merge_document

Path = tuple[str, ...]
Units = dict[Path, Any]


def to_units(document: Mapping[str, Any], kind: str = "csv_upload") -> Units:
    """The settings of a document over the defaults of its kind of app, by path. What says nothing (a requirement of none, no schedule) is left out."""
    whole = merge_document(document, kind)
    units: Units = {("delivery", name): value for name, value in whole["delivery"].items()}
    units["schools", "all_missing_as_new"] = whole["schools"]["all_missing_as_new"]
    units |= {("schools", "mapping", source_id): target for source_id, target in whole["schools"]["mapping"].items()}
    units |= {("schools", "new_names", source_id): name for source_id, name in whole["schools"].get("new_names", {}).items()}
    for record_type, sources in whole["attributes"].items():
        units |= {("attributes", record_type, name): source or None for name, source in sources.items()}
    for record_type, levels in whole["requirements"].items():
        units |= {("requirements", record_type, name): level for name, level in levels.items() if level != "none"}
    for rule in whole["filters"]:
        units.setdefault(("filters", rule["record_type"]), []).append(rule)
    units["drop_empty_classes",] = whole["drop_empty_classes"]
    units |= {("uniqueness", one["record_type"], "+".join(sorted(one["attributes"]))): one for one in whole["uniqueness"]}
    units |= {("master_fields", one["record_type"], one["attribute"]): one["mode"] for one in whole["master_fields"]}
    if whole.get("schedule") is not None:
        units["schedule",] = whole["schedule"]
    return units


def from_units(units: Mapping[Path, Any], kind: str = "csv_upload") -> dict[str, Any]:
    """The whole document of the settings, of an app of that kind."""
    document: dict[str, Any] = {
        "delivery": {}, "schools": {"all_missing_as_new": False, "mapping": {}}, "attributes": {}, "requirements": {}, "filters": [],
        "drop_empty_classes": False, "uniqueness": [], "master_fields": [],
    }  # fmt: skip
    for path, value in units.items():
        match path:
            case ("delivery", name):
                document["delivery"][name] = value
            case ("schools", name, source_id):
                document["schools"].setdefault(name, {})[source_id] = value
            case ("schools", name):
                document["schools"][name] = value
            case (("attributes" | "requirements") as part, record_type, name):
                document[part].setdefault(record_type, {})[name] = value
            case ("filters", _):
                document["filters"] += value
            case ("uniqueness", *_):
                document["uniqueness"].append(value)
            case ("master_fields", record_type, name):
                document["master_fields"].append({"record_type": record_type, "attribute": name, "mode": value})
            case (part,):
                document[part] = value
    return _with_unset_requirements(document, kind)


def _with_unset_requirements(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """A default requirement that is not among the settings was switched off; the document must say so, or the default would come back."""
    for record_type, levels in default_document(kind)["requirements"].items():
        mine = document["requirements"].setdefault(record_type, {})
        for name in levels:
            mine.setdefault(name, "none")
    return merge_document(document, kind)


def changed_paths(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> list[Path]:
    """The paths of the settings that differ, those of `after` first, in its order."""
    names = dict.fromkeys([*after, *before])
    return [path for path in names if _differ(before, after, path)]


def _differ(one: Mapping[Path, Any], other: Mapping[Path, Any], path: Path) -> bool:
    return (path in one) != (path in other) or _canonical(one.get(path)) != _canonical(other.get(path))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def clashes(base: Mapping[Path, Any], mine: Mapping[Path, Any], theirs: Mapping[Path, Any]) -> list[Path]:
    """The settings that both sides changed, each to something else."""
    both = set(changed_paths(base, theirs))
    return [path for path in changed_paths(base, mine) if path in both and _differ(mine, theirs, path)]


def put_together(base: Mapping[Path, Any], mine: Mapping[Path, Any], theirs: Mapping[Path, Any], keep_mine: Iterable[Path]) -> Units:
    """The settings of `theirs` with those of mine that only I changed, and of the clashes those named in `keep_mine`."""
    result = dict(theirs)
    open_ones = set(clashes(base, mine, theirs)) - set(keep_mine)
    for path in changed_paths(base, mine):
        if path in open_ones:
            continue
        if path in mine:
            result[path] = mine[path]
        else:
            result.pop(path, None)
    return result

"""What differs between two configurations, as pages show it: in words, under the title of the step where it is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imports.config import merge_document
from imports.config_units import to_units
from imports.config_words import Change, changes
from imports.models import ImportApp
from imports.selectors.school_list import planned_names
from imports.views.wizard.steps import steps_of
from roster.models import Organization

TITLES = {
    "delivery": "Delivery Configuration",
    "schools": "Schools Mapping",
    "attributes": "Attributes Mapping",
    "requirements": "Data Requirements",
    "filters": "Filter Rules",
    "uniqueness": "Domains of Uniqueness",
    "master_fields": "Master Fields",
    "schedule": "Schedule",
}


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The settings of one step that differ."""

    title: str
    changes: list[Change]


def changes_between(app: ImportApp, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two documents, in words."""
    return changes_of(app, [(before, after)])[0]


def changes_of(app: ImportApp, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[list[Change]]:
    """What differs in each of some pairs of documents, in words; as many queries as for one pair."""
    names = _school_names(app, [document for pair in pairs for document in pair])
    return [changes(to_units(before, app.kind), to_units(after, app.kind), names) for before, after in pairs]


def _school_names(app: ImportApp, documents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the portal's schools by key, and of those that the documents would create."""
    parts = [merge_document(document)["schools"] for document in documents]
    together = {name: {key: value for part in parts for key, value in part.get(name, {}).items()} for name in ("mapping", "new_names")}
    return planned_names(app, {"schools": together}) | dict(Organization.objects.of(app.district_id).values_list("key", "name"))


def by_step(app: ImportApp, listed: Sequence[Change]) -> list[ChangeGroup]:
    """The changes under the titles of their steps, in the order of the wizard."""
    titles = TITLES | {part: step.title for step in steps_of(app) for part in step.parts}
    groups: dict[str, list[Change]] = {title: [] for title in titles.values()}
    for change in listed:
        groups.setdefault(titles.get(change.part, change.part), []).append(change)
    return [ChangeGroup(title, found) for title, found in groups.items() if found]


def url_to_edit(app: ImportApp, listed: Sequence[Change] = ()) -> str:
    """The step where the first of the changes is set; the first step where there is none."""
    steps, parts = steps_of(app), {change.part for change in listed}
    return next((step for step in steps if parts & set(step.parts)), steps[0]).url(app)

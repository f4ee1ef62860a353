"""The schools of the files that an app knows of, and what the portal has of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import District, User
from imports.models import ImportApp, SchoolList, Sync
from imports.states import State
from imports.steps.named_schools import SourceSchool
from roster.models import Organization, RosterState, School


@dataclass(frozen=True, slots=True)
class KnownSchools:
    """The schools that the newest orgs.csv named, and where that came from: a sync, somebody's upload, or (before either) the live roster."""

    schools: Mapping[str, SourceSchool]
    seen_at: datetime | None = None
    sync_id: int | None = None
    uploaded_by: User | None = None


@dataclass(frozen=True, slots=True)
class PortalSchool:
    """A school of the portal. `counts`: record type -> live records."""

    pk: int
    key: str
    name: str
    identifier: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LiveSchool:
    """A school of the files as the live roster has it: the portal's school it is tied to, and its name when it was last imported."""

    target: str
    name: str


def known_schools(app: ImportApp) -> KnownSchools:
    """What is written down; where nothing is yet, the live schools and those that the last sync left out or waits for."""
    found = SchoolList.objects.of(app.district_id).filter(app=app).select_related("uploaded_by").first()
    if found is None:
        return KnownSchools(_schools_before_lists(app))
    schools = [SourceSchool(one["source_id"], one["name"], one["identifier"]) for one in found.schools]
    return KnownSchools({school.source_id: school for school in schools}, found.seen_at, found.sync_id, found.uploaded_by)


def _schools_before_lists(app: ImportApp) -> dict[str, SourceSchool]:
    live = School.objects.of(app.district_id).filter(deleted_at=None).values_list("key", "name", "identifier")
    schools = {key: SourceSchool(key, name, identifier) for key, name, identifier in live}
    read = Sync.objects.of(app.district_id).filter(app=app).exclude(state__in=[State.FAILED, State.CANCELLED])
    for one in read.exclude(detail__unmapped=[]).order_by("-pk").values_list("detail__unmapped", flat=True).first() or []:
        schools.setdefault(one["source_id"], SourceSchool(one["source_id"], one.get("name", ""), one.get("identifier", "")))
    return schools


def portal_schools(district: District | int) -> dict[str, PortalSchool]:
    """The schools of the portal by key, in the order of their names, with their live counts."""
    state = RosterState.objects.of(district).first()
    by_school = state.by_school if state else {}
    known = Organization.objects.of(district).filter(kind=Organization.Kind.SCHOOL).order_by("name", "key")
    values = known.values_list("pk", "key", "name", "identifier")
    return {key: PortalSchool(pk, key, name, identifier, by_school.get(key, {})) for pk, key, name, identifier in values}


def live_schools(district: District | int) -> dict[str, LiveSchool]:
    """The schools of the live roster, by their id in the files."""
    found = School.objects.of(district).filter(deleted_at=None).values_list("key", "mapped_school", "name")
    return {key: LiveSchool(target, name) for key, target, name in found}


def planned_names(app: ImportApp, document: Mapping[str, Any]) -> dict[str, str]:
    """What the schools are called that a document has created, by key: those mapped to themselves."""
    part = document["schools"]
    keys = [source_id for source_id, target in part["mapping"].items() if source_id == target]
    if not keys:
        return {}
    named = known_schools(app).schools
    names = {key: part.get("new_names", {}).get(key) or (named[key].name if key in named else "") or key for key in keys}
    return {key: f"{name} (new school)" for key, name in names.items()}

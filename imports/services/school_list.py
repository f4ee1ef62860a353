"""Keep what an app's orgs.csv names: from every sync that read one, or from orgs.csv uploaded alone; and give a school of the portal its new name."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.audit import record_event
from imports.config_parser import parse_config
from imports.files import scratch_folder
from imports.models import ImportApp, SchoolList, Sync
from imports.selectors.school_list import known_schools
from imports.sentences import Problem
from imports.services.read_orgs import read_orgs
from imports.steps.named_schools import NamedSchools
from roster.models import Organization

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class FoundSchools:
    """What an uploaded orgs.csv names, beside what was known: how many schools, new ones, ones with another name, and ones that are gone.

    notes: what was found wrong with single rows.
    """

    schools: int
    new: int
    renamed: int
    gone: int
    notes: tuple[Problem, ...] = ()


def remember_schools(*, sync: Sync, named: NamedSchools | None) -> None:
    """Write down the schools that the orgs.csv of a sync names. A simulation, and a sync without orgs.csv, change nothing."""
    if named is not None and not sync.is_simulation:
        _write(sync.app, named, sync_id=sync.pk, by=None)


@transaction.atomic
def upload_orgs(*, app: ImportApp, name: str, path: Path, by: User, address: str | None = None) -> FoundSchools:
    """Read orgs.csv alone and write down the schools that it names. No delivery is made, no sync is started, no record is changed.

    Args:
        name: what the sender calls the file. path: where it lies.

    Raises:
        OrgsRefused: it is not an orgs.csv that can be read; says all that is wrong, and nothing is written.
    """
    config = parse_config(app.config.document if app.config else {}, app.kind, headers=None)
    with scratch_folder() as scratch:
        named, notes = read_orgs(path, name=name, sources=config.sources, scratch=scratch)
    before = known_schools(app).schools
    after = {school.source_id: school for school in named.schools}
    _write(app, named, sync_id=None, by=by)
    found = FoundSchools(
        len(after), len(after.keys() - before.keys()),
        sum(school.name != before[key].name for key, school in after.items() if key in before), len(before.keys() - after.keys()), notes,
    )  # fmt: skip
    counted = {name: getattr(found, name) for name in ("schools", "new", "renamed", "gone")}
    record_event(district=app.district, action="schools.uploaded", by=by, target=app.get_kind_display(), address=address, **counted)
    return found


def _write(app: ImportApp, named: NamedSchools, *, sync_id: int | None, by: User | None, now: datetime | None = None) -> None:
    known = () if named.is_whole else known_schools(app).schools.values()
    schools = [asdict(school) for school in named.over(known)]
    values = {"district": app.district, "schools": schools, "seen_at": now or timezone.now(), "sync_id": sync_id, "uploaded_by": by}
    SchoolList.objects.of(app.district_id).update_or_create(app=app, defaults=values)


@transaction.atomic
def take_name(*, app: ImportApp, key: str, name: str, by: User, address: str | None = None) -> str:
    """Call a school of the portal as the files call it; returns its name before, or nothing where there is no such school or it is called so already."""
    school = Organization.objects.of(app.district_id).select_for_update().filter(key=key, kind=Organization.Kind.SCHOOL).first()
    wanted = name.strip()[:LONGEST_NAME]
    if school is None or not wanted or school.name == wanted:
        return ""
    before, school.name = school.name, wanted
    school.save(update_fields=["name"])
    record_event(
        district=app.district,
        action="organization.changed",
        by=by,
        target=wanted,
        address=address,
        fields="name",
        before=before,
        after=wanted,
    )
    return before

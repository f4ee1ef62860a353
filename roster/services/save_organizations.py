"""Make the portal's organizations of what was imported: new schools, the district, other offices."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from accounts.models import District
from records.attributes import RecordType
from records.changeset import WRITES, rows_path
from roster.models import Organization


def save_organizations(*, district: District, folder: Path, others: list[dict[str, str]], names: Mapping[str, str] | None = None) -> None:
    """Create the organization of every accepted school that has none yet, and create or rename the other organizations of orgs.csv.

    An office that the files call a school now becomes one.

    Args:
        folder: the change set.
        others: key, name, type, identifier of the organizations that are no schools.
        names: what new schools are called, by key, where not as in the files.
    """
    known = {organization.key: organization for organization in Organization.objects.of(district)}
    new: dict[str, Organization] = {}
    for source_id, key, found, identifier in _imported_schools(folder):
        name = ((names or {}).get(key, found) or key)[:255]
        there = known.get(key)
        if there is None:
            new.setdefault(
                key, Organization(district=district, key=key, name=name, identifier=identifier[:255], kind=Organization.Kind.SCHOOL)
            )
        elif source_id == key and there.kind != Organization.Kind.SCHOOL:
            there.name, there.kind, there.identifier = name, Organization.Kind.SCHOOL, identifier[:255]
            there.save(update_fields=["name", "kind", "identifier"])
    for one in others:
        kind = Organization.Kind.DISTRICT if one["type"] == "district" else Organization.Kind.OFFICE
        there = known.get(one["key"])
        if there is None:
            new.setdefault(
                one["key"],
                Organization(
                    district=district, key=one["key"], name=(one["name"] or one["key"])[:255], identifier=one["identifier"][:255], kind=kind
                ),
            )
        elif there.kind != Organization.Kind.SCHOOL and (there.name, there.kind) != (one["name"][:255], kind):
            there.name, there.kind = (one["name"] or there.name)[:255], kind
            there.save(update_fields=["name", "kind"])
    Organization.unscoped.bulk_create(new.values())


def _imported_schools(folder: Path) -> list[tuple[str, str, str, str]]:
    """(sourcedId, organization key, name, identifier) of the schools created or updated; of several that become one, the one whose id it bears comes first."""
    path = rows_path(folder, RecordType.SCHOOL)
    if not path.exists():
        return []
    table = pq.read_table(
        path, columns=["outcome", "key", "mapped_school", "name", "identifier"], filters=[("outcome", "in", list(WRITES))]
    )
    rows = list(zip(*(table.column(name).to_pylist() for name in ("key", "mapped_school", "name", "identifier")), strict=True))
    return sorted(rows, key=lambda row: row[0] != row[1])

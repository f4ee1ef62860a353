"""Auto Mapping of the schools that a sync waits for."""

from imports.models import Sync
from mapping.steps.auto_map import NamedSchool, SchoolChoice, match_schools
from roster.models import Organization


def suggest_mapping(sync: Sync) -> dict[str, SchoolChoice]:
    """A choice for every school of the delivery that is not mapped, by its sourcedId: an existing school, or a new one by its name."""
    unmapped = [NamedSchool(school["source_id"], school.get("name", ""), school.get("identifier", "")) for school in sync.detail.unmapped]
    known = Organization.objects.of(sync.district_id).filter(kind=Organization.Kind.SCHOOL)
    targets = [NamedSchool(*values) for values in known.values_list("key", "name", "identifier")]
    mapped: dict[str, str] = sync.document.get("schools", {}).get("mapping", {})
    ours = {school.key for school in unmapped}
    return match_schools(unmapped, targets, {target for source, target in mapped.items() if source not in ours})

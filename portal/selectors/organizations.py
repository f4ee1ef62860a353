"""The organizations of a district, and how many live records each has."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import District
from records.attributes import RecordType
from roster.models import Organization, RosterState

COUNTED = ((RecordType.STUDENT, "Students"), (RecordType.TEACHER, "Teachers"), (RecordType.CLASS, "Classes"))


@dataclass(frozen=True, slots=True)
class Count:
    """Live records of one type at one organization."""

    title: str
    count: int
    url: str


def find_organizations(district: District, text: str) -> QuerySet[Organization]:
    """Return the organizations by name; with a text, those whose name or identifier contains it, or whose SIS ID it is."""
    organizations = Organization.objects.of(district).order_by("name", "pk")
    if not text:
        return organizations
    return organizations.filter(Q(name__icontains=text) | Q(identifier__icontains=text) | Q(key=text))


def counts_of(district: District, keys: list[str]) -> dict[str, list[Count]]:
    """Return the counts per organization key, zeros included, from the numbers the last applied sync left."""
    state = RosterState.objects.of(district).first()
    by_school = state.by_school if state else {}
    return {key: [Count(title, by_school.get(key, {}).get(kind, 0), _url(kind, key)) for kind, title in COUNTED] for key in keys}


def _url(kind: RecordType, key: str) -> str:
    return f"{reverse('browse_type', args=[kind])}?{urlencode({'school': key})}"

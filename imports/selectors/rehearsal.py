"""What a rehearsal of the new year's files shows first: what every school would lose."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import District
from imports.models import Rehearsal, Sync
from imports.selectors.summary import sync_summary
from records.attributes import SCREEN_ORDER, RecordType

NO_SCHOOL = "No school"
_EMPTY: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Drop:
    """What there is now and what there would be, of a school's students or of a record type. `key`: of the school, or the type's name."""

    key: str
    label: str
    now: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.now

    @property
    def size(self) -> int:
        """How many fewer or more."""
        return abs(self.change)

    @property
    def percent(self) -> float | None:
        """That in per cent of what there is now; None where there is nothing."""
        return 100 * self.size / self.now if self.now else None

    @property
    def is_emptied(self) -> bool:
        return self.now > 0 and self.after == 0

    @property
    def is_new(self) -> bool:
        return self.now == 0 and self.after > 0


@dataclass(frozen=True, slots=True)
class Drops:
    """Students per school, the largest drop first, and every record type."""

    schools: list[Drop]
    types: list[Drop]

    @property
    def emptied(self) -> int:
        """How many schools would have no student left."""
        return sum(one.is_emptied for one in self.schools)


def rehearsals_of(district: District) -> QuerySet[Sync]:
    """The rehearsals of a district that are still kept, newest first."""
    return Sync.objects.all_of(district).filter(is_simulation=True, is_rehearsal=True).order_by("-pk")


def student_drop(sync: Sync) -> Drop | None:
    """All students of the district, in a rehearsal that counted them."""
    return next((one for one in _types(sync.detail.counts) if one.key == RecordType.STUDENT), None) if sync.detail.counts else None


def expected_drops(sync: Sync) -> Drops | None:
    """What the rehearsed files would leave; None where the rehearsal did not come so far as to count rows."""
    counts = sync.detail.counts
    if not counts:
        return None
    kept = Rehearsal.objects.of(sync.district_id).filter(sync=sync).first()
    before = kept.live_before if kept else {}
    after = {school["key"]: (school["name"], _students(school["counts"]).get("live", 0)) for school in sync_summary(sync).by_school}
    names = {key: name for key, (name, _) in after.items()}
    schools = [
        Drop(
            key,
            names.get(key, key) if key else NO_SCHOOL,
            int(before.get(key, _EMPTY).get(RecordType.STUDENT, 0)),
            after.get(key, ("", 0))[1],
        )
        for key in {**before, **after}
    ]
    schools = [one for one in schools if one.now or one.after]
    return Drops(sorted(schools, key=lambda one: (one.change, one.label.casefold())), _types(counts))


def _students(counts: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    return counts.get(RecordType.STUDENT, _EMPTY)


def _types(counts: Mapping[str, Mapping[str, int]]) -> list[Drop]:
    """Every record type, in the order of the screens."""
    found = []
    for kind in SCREEN_ORDER:
        count = counts.get(kind.value, _EMPTY)
        after = int(count.get("live", 0))
        found.append(Drop(kind.value, kind.plural, after - int(count.get("created", 0)) + int(count.get("deleted", 0)), after))
    return found

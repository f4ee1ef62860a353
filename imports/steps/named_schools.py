"""The schools that orgs.csv names, before any of them is mapped, and how many people come with each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from records.attributes import PERSON_TYPES, RecordType
from records.frames import Frames
from records.rules import NUMBERS

_NOT_NAMED = ("status-inactive", "deleted-in-delta", "key-missing", "key-impossible")


@dataclass(frozen=True, slots=True)
class SourceSchool:
    """A school of the files, by its SIS ID."""

    source_id: str
    name: str
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class NamedSchools:
    """The active schools of an orgs.csv. `is_whole` is False for a delta, which names what changed only; `gone`: the ids that it deletes."""

    schools: tuple[SourceSchool, ...]
    is_whole: bool = True
    gone: frozenset[str] = frozenset()

    def over(self, known: Iterable[SourceSchool]) -> list[SourceSchool]:
        """All schools that are named now: these alone, or for a delta those known before with what it changes."""
        before = {} if self.is_whole else {school.source_id: school for school in known if school.source_id not in self.gone}
        return list((before | {school.source_id: school for school in self.schools}).values())


def named_schools(frames: Frames, delta_files: frozenset[str] = frozenset()) -> NamedSchools | None:
    """The schools of the checked frames; of several rows of one school the first speaks. None where no orgs.csv came.

    A row that is left out for its values names its school all the same; an inactive one does not.
    """
    frame = frames.get(RecordType.SCHOOL)
    if frame is None:
        return None
    reasons = frame["_reason"].to_numpy()
    is_named = ~np.isin(reasons, [NUMBERS[code] for code in _NOT_NAMED])
    columns = [frame[name].to_list() if name in frame else [""] * len(frame) for name in ("key", "name", "identifier")]
    schools: dict[str, SourceSchool] = {}
    for key, name, identifier, named in zip(*columns, is_named, strict=True):
        if named and key:
            schools.setdefault(key, SourceSchool(key, name, identifier))
    gone = frozenset(frame["key"][reasons == NUMBERS["deleted-in-delta"]].to_list())
    return NamedSchools(tuple(schools.values()), "orgs" not in delta_files, gone)


def people_by_school(frames: Frames) -> Mapping[str, int]:
    """How many rows of people name each organization, by its id in the files."""
    people: Counter[str] = Counter()
    for record_type in PERSON_TYPES:
        if record_type in frames:
            for orgs, rows in frames[record_type]["_orgs"].value_counts().items():
                people.update({org: int(rows) for org in str(orgs).split(",")})
    return people


def describe_unmapped(frames: Frames, unmapped: tuple[str, ...]) -> list[dict[str, object]]:
    """The unmapped schools with their names, and how many people come with each."""
    if not unmapped:
        return []
    people = people_by_school(frames)
    schools = frames[RecordType.SCHOOL].drop_duplicates("key").set_index("key")
    return [
        {
            "source_id": key,
            "name": str(schools.at[key, "name"]),
            "identifier": str(schools.at[key, "identifier"]),
            "rows": people.get(key, 0),
        }
        for key in unmapped
    ]

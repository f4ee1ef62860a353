"""What a configuration document makes of the schools of the files: which school of the portal each is tied to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from imports.models import ImportApp
from imports.selectors.school_list import KnownSchools, LiveSchool, PortalSchool, known_schools, live_schools, portal_schools

EXISTING, MISSING, GONE = "existing", "missing", "gone"
NEW, OPEN = "new", ""  # a school's choice; anything else is the key of a school of the portal


@dataclass(frozen=True)
class Facts:
    """What is so whatever the document says: the schools of the files, of the portal, and of the live roster."""

    named: KnownSchools
    portal: Mapping[str, PortalSchool]
    live: Mapping[str, LiveSchool]

    def name(self, source_id: str) -> str:
        """What the files call a school, or did when it was last imported; its id where neither is known."""
        if source_id in self.named.schools:
            return self.named.schools[source_id].name or source_id
        return (self.live[source_id].name if source_id in self.live else "") or source_id

    def is_named(self, source_id: str) -> bool:
        """Whether the newest orgs.csv names it as an active school."""
        return source_id in self.named.schools


def facts_of(app: ImportApp) -> Facts:
    """The facts as they are now."""
    return Facts(known_schools(app), portal_schools(app.district_id), live_schools(app.district_id))


@dataclass(frozen=True)
class Ties:
    """The part `schools` of a document, held against the facts."""

    facts: Facts
    part: Mapping[str, Any]

    @property
    def mapping(self) -> Mapping[str, str]:
        """SourcedId -> key of the portal's school, as written down."""
        return self.part["mapping"]

    @property
    def everything_new(self) -> bool:
        """All Missing Schools as New."""
        return bool(self.part["all_missing_as_new"])

    def target(self, source_id: str) -> str:
        """The key of the school that the next sync ties it to; empty where its rows are left out."""
        if entry := self.mapping.get(source_id):
            return entry
        if self.facts.is_named(source_id):
            return source_id if self.everything_new else ""
        return self.facts.live[source_id].target if source_id in self.facts.live else ""

    def group(self, source_id: str) -> str:
        """Existing (mapped), missing (in the files, not mapped), or gone (mapped, not in the files)."""
        if not self.facts.is_named(source_id):
            return GONE
        return EXISTING if source_id in self.mapping or self.is_tied_by_itself(source_id) else MISSING

    def choice(self, source_id: str) -> str:
        """What the row's list shows: a key, NEW, or OPEN."""
        entry = self.mapping.get(source_id, "")
        if entry == source_id and source_id not in self.facts.portal:
            return NEW
        return source_id if not entry and self.is_tied_by_itself(source_id) else entry

    def is_tied_by_itself(self, source_id: str) -> bool:
        """Whether All Missing Schools as New alone ties a school of the files to one of the portal."""
        is_open = self.everything_new and source_id not in self.mapping
        return is_open and source_id in self.facts.portal and self.facts.is_named(source_id)

    @cached_property
    def planned(self) -> dict[str, str]:
        """Key -> name of the schools that a sync is to create, by choice or by the switch."""
        return {
            key: self.new_name(key)
            for key in self.facts.named.schools
            if key not in self.facts.portal and (self.mapping.get(key) == key or (self.everything_new and key not in self.mapping))
        }

    def new_name(self, source_id: str) -> str:
        """What a new school is called: as chosen, else as in the files."""
        return str(self.part.get("new_names", {}).get(source_id, self.facts.name(source_id)))

    def target_name(self, key: str) -> str:
        """What the portal calls a school, or will call it."""
        return self.facts.portal[key].name if key in self.facts.portal else self.planned.get(key, key)

    def is_lost(self, key: str) -> bool:
        """Whether there is no such school in the portal, and none is to be created."""
        return bool(key) and key not in self.facts.portal and key not in self.planned

    def feeding(self, key: str) -> list[str]:
        """The schools of the files that the next sync ties to a school of the portal."""
        return self._feeding.get(key, [])

    @cached_property
    def _feeding(self) -> dict[str, list[str]]:
        feeding: dict[str, list[str]] = {}
        for source_id in self.facts.named.schools:
            if target := self.target(source_id):
                feeding.setdefault(target, []).append(source_id)
        return feeding

    def source_changed(self) -> tuple[int, int] | None:
        """(Mapped schools, missing ones) where not one of the mapped schools is in the files any more, and others are."""
        tied = {*self.mapping, *(key for key in self.facts.live if self.facts.live[key].target)}
        missing = [key for key in self.facts.named.schools if self.group(key) == MISSING]
        return (len(tied), len(missing)) if tied and missing and not any(map(self.facts.is_named, tied)) else None


def all_sources(now: Ties, then: Ties) -> list[str]:
    """Every school the page speaks of, by name: those of the files, and those that are or were mapped."""
    facts = now.facts
    known = dict.fromkeys([*facts.named.schools, *now.mapping, *then.mapping, *facts.live])
    return sorted(known, key=lambda key: (facts.name(key).casefold(), key))

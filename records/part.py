"""A part of a change set: what of it is approved, or undone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from records.attributes import RecordType

REMOVALS = "deleted"


@dataclass(frozen=True, slots=True)
class Part:
    """The changes of these record types, schools (keys of organizations), outcomes (created, updated, deleted) and records; None is all of them.

    Records that belong to no school are in the part whatever its schools are. keys: record type -> keys; types without an entry are not in the part.
    """

    types: frozenset[str] | None = None
    schools: frozenset[str] | None = None
    outcomes: frozenset[str] | None = None
    keys: Mapping[str, frozenset[str]] | None = None

    @classmethod
    def of(cls, *, types: Collection[str] = (), schools: Collection[str] = (), outcomes: Collection[str] = ()) -> Self:
        """A part by what was ticked; nothing ticked is everything."""
        return cls(frozenset(types) or None, frozenset(schools) or None, frozenset(outcomes) or None)

    @property
    def is_everything(self) -> bool:
        return all(limit is None for limit in (self.types, self.schools, self.outcomes, self.keys))

    @property
    def is_restore(self) -> bool:
        """Whether it only brings deleted records back."""
        return self.outcomes == frozenset({REMOVALS})

    def has_type(self, record_type: RecordType) -> bool:
        """Whether anything of a record type can be in it."""
        return (self.types is None or record_type.value in self.types) and (self.keys is None or record_type.value in self.keys)

    def has_outcome(self, outcome: str) -> bool:
        """Whether changes of this outcome can be in it."""
        return self.outcomes is None or outcome in self.outcomes

    def to_json(self) -> dict[str, Any]:
        """As `Sync.scope` keeps it; parts left out are everything."""
        named = {"types": self.types, "schools": self.schools, "outcomes": self.outcomes}
        document: dict[str, Any] = {name: sorted(values) for name, values in named.items() if values is not None}
        return document if self.keys is None else {**document, "keys": {kind: sorted(keys) for kind, keys in sorted(self.keys.items())}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Self:
        """The inverse; None is everything."""
        given = document or {}
        types, schools, outcomes = (frozenset(given[name]) if name in given else None for name in ("types", "schools", "outcomes"))
        keys = {kind: frozenset(values) for kind, values in given["keys"].items()} if "keys" in given else None
        return cls(types, schools, outcomes, keys)

"""The rows of Schools Mapping: each school with what it is tied to, what differs, and what the draft would change."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imports.config_parser.node import Node
from imports.views.wizard.schools_ties import EXISTING, GONE, MISSING, NEW, Ties, all_sources
from imports.views.wizard.schools_words import COUNTED, consequence, counts_words, difference

FULL_LISTS = 6_000  # options in all; beyond them a row's list is filled when it is opened
LOST = "The portal has no school {key}. Choose another one, or create a new school."


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a row's list."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school. `place`: the id under which what changes with every count stands.

    choice: a key, NEW or nothing. chosen: the label of the key. by_itself: tied by All Missing Schools as New alone.
    """

    source_id: str
    place: str
    name: str
    identifier: str
    group: str
    choice: str
    chosen: str
    new_name: str
    organization_id: int | None
    live: str
    difference: str
    consequence: str
    warning: str
    error: str
    has_entry: bool
    by_itself: bool
    is_shown: bool
    has_full_list: bool

    @property
    def is_new(self) -> bool:
        """Whether Create New School is chosen."""
        return self.choice == NEW

    @property
    def is_missing(self) -> bool:
        """Whether it is in the files and not mapped."""
        return self.group == MISSING

    @property
    def words(self) -> str:
        """What the search field looks through."""
        return " ".join([self.name, self.source_id, self.identifier, self.chosen or self.new_name]).casefold()


def place_of(source_id: str) -> str:
    """A name that may stand in an id, whatever the id of the school looks like."""
    return hashlib.sha256(source_id.encode()).hexdigest()[:12]


def name_path(source_id: str) -> str:
    """The path of a new school's name in the document."""
    return Node("schools.new_names", None, []).under(source_id, None).path


def build_rows(
    now: Ties, then: Ties, *, problems: Mapping[str, str], errors: Mapping[str, str], group: str = "", text: str = ""
) -> list[SchoolRow]:
    """All rows by name; those that the filter leaves out are there, but not shown.

    Args:
        now: the configuration in force. then: the draft.
        problems: path in the document -> sentence. errors: school -> why what was chosen for it was not taken.
        group, text: the filter.
    """
    listed = all_sources(now, then)
    shown = {key for key in listed if _is_shown(key, then, group, text.strip().casefold())}
    has_full_lists = len(shown) * (len(then.facts.portal) + len(then.planned)) <= FULL_LISTS
    return [
        _row(key, now, then, problems.get(name_path(key), "") or errors.get(key, ""), is_shown=key in shown, full=has_full_lists)
        for key in listed
    ]


def _is_shown(source_id: str, then: Ties, group: str, text: str) -> bool:
    if group and then.group(source_id) != group:
        return False
    identifier = then.facts.named.schools[source_id].identifier if then.facts.is_named(source_id) else ""
    words = (then.facts.name(source_id), source_id, identifier, then.target_name(then.target(source_id)))
    return not text or any(text in word.casefold() for word in words)


def _row(source_id: str, now: Ties, then: Ties, error: str, *, is_shown: bool, full: bool) -> SchoolRow:
    facts, choice, target = then.facts, then.choice(source_id), then.target(source_id)
    school = facts.named.schools.get(source_id)
    there = facts.portal.get(target)
    return SchoolRow(
        source_id=source_id,
        place=place_of(source_id),
        name=facts.name(source_id),
        identifier=school.identifier if school else "",
        group=then.group(source_id),
        choice=choice,
        chosen=label_of(choice, then) if choice and choice != NEW else "",
        new_name=then.new_name(source_id),
        organization_id=there.pk if there else None,
        live=_live(target, then),
        difference=difference(source_id, then),
        consequence=consequence(source_id, now, then),
        warning=LOST.format(key=target) if choice and choice != NEW and then.is_lost(target) else "",
        error=error,
        has_entry=source_id in then.mapping,
        by_itself=then.is_tied_by_itself(source_id),
        is_shown=is_shown,
        has_full_list=full and is_shown,
    )


def options_of(then: Ties) -> tuple[list[Option], list[Option]]:
    """What a row's list offers beside its own choice: the schools of the portal, and those that are to be created."""
    return [Option(key, label_of(key, then)) for key in then.facts.portal], [Option(key, name) for key, name in then.planned.items()]


def label_of(key: str, ties: Ties) -> str:
    """A school of the portal in a list."""
    if key in ties.facts.portal:
        school = ties.facts.portal[key]
        return f"{school.name} ({school.identifier})" if school.identifier else school.name
    return f"{ties.planned[key]} (to be created)" if key in ties.planned else f"{key} (not in the portal)"


def _live(target: str, then: Ties) -> str:
    there = then.facts.portal.get(target)
    if there is None:
        return ""
    return counts_words({kind: there.counts.get(kind, 0) for kind in COUNTED}) or "no records"


def count_groups(source_ids: Sequence[str], ties: Ties) -> dict[str, int]:
    """How many schools are of each kind."""
    counted = Counter(map(ties.group, source_ids))
    return {group: counted[group] for group in (EXISTING, MISSING, GONE)}

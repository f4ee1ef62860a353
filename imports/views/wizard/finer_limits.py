"""The finer limits of Delivery Configuration: those of one school, and the least rows of a file, with what they mean in the district's own records."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from imports.config_parser.delivery import MOST_ROWS
from imports.selectors.last_good import last_rows_of
from imports.steps.thresholds import most_allowed
from imports.views.wizard.step import Page
from records.attributes import RecordType
from roster.models import RosterState
from roster.selectors.browse import school_names

PERCENT, RECORDS = "%", "records"
LISTED = 12  # schools
NO_ROSTER = "Nothing is in the live roster yet; the first import never holds for a limit."
COUNTED = (RecordType.STUDENT, RecordType.CLASS, RecordType.TEACHER, RecordType.ENROLLMENT)  # by the first of these that any school has


@dataclass(frozen=True, slots=True)
class _Setting:
    """A limit of the document: its words, and the value that is recommended."""

    title: str
    rule: str
    unit: str
    recommended: int
    verb: str = ""
    off: str = ""


FINER = {
    "school_update_threshold": _Setting("Data changes", "hold when more of a school is updated than", PERCENT, 50, "updated"),
    "school_update_rows": _Setting("Data changes, number", "hold when a school has more updated than", RECORDS, 500, "updated"),
    "school_deletion_threshold": _Setting("Data deletions", "hold when more of a school is deleted than", PERCENT, 20, "deleted"),
    "school_deletion_rows": _Setting("Data deletions, number", "hold when a school has more deleted than", RECORDS, 100, "deleted"),
    "row_floor": _Setting(
        "Least rows",
        "hold when a file has fewer of its last rows than",
        PERCENT,
        80,
        off="Off: a file may be as short as it likes, as long as it has rows.",
    ),
}
_GROUPS = (
    (
        "per-school",
        "Per school",
        "A school that would lose many of its records is a small share of the district. These limits look at each school by itself; "
        "over either of them, the sync waits for a person.",
        ("school_update_threshold", "school_update_rows", "school_deletion_threshold", "school_deletion_rows"),
    ),
    (
        "fewer-rows",
        "Fewer rows than last time",
        "A file that suddenly is much shorter than in the last sync that was applied was perhaps cut off, or exported for one school only.",
        ("row_floor",),
    ),
)


@dataclass(frozen=True, slots=True)
class FinerLimit:
    """One of these limits as the form shows it. `value` is what was entered, which may be no number; `said`: what it means, in sentences.

    `lines`: the same for more schools or files, as (name, words).
    """

    name: str
    title: str
    rule: str
    unit: str
    value: Any
    recommended: int
    is_on: bool
    said: tuple[str, ...]
    lines: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Limits that belong together, under a heading and a sentence."""

    slug: str
    title: str
    lead: str
    limits: tuple[FinerLimit, ...]


@dataclass(frozen=True, slots=True)
class _School:
    name: str
    live: int


def finer_limits(page: Page) -> list[Group]:
    """The groups of finer limits, as the form and its live answers show them."""
    kind, schools = _schools(page)
    return [Group(slug, title, lead, tuple(_limit(page, name, kind, schools) for name in names)) for slug, title, lead, names in _GROUPS]


def _limit(page: Page, name: str, kind: RecordType, schools: list[_School]) -> FinerLimit:
    setting, value = FINER[name], page.document["delivery"].get(name)
    said, lines = _floor_words(page, value) if name == "row_floor" else _school_words(setting, value, kind, schools)
    shown = setting.recommended if value is None else value
    problem = page.problem_at.get(f"delivery.{name}", "")
    return FinerLimit(
        name, setting.title, setting.rule, setting.unit, shown, setting.recommended, value is not None, tuple(said), tuple(lines), problem
    )


def _is_number(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


# --- schools ----------------------------------------------------------------------------------------------------------


def _schools(page: Page) -> tuple[RecordType, list[_School]]:
    """The schools with live records of the type they are counted by, the largest first."""
    state = RosterState.objects.of(page.app.district_id).first()
    by_school: Mapping[str, Mapping[str, int]] = state.by_school if state else {}
    kind = next((kind for kind in COUNTED if any(key and counts.get(kind) for key, counts in by_school.items())), RecordType.STUDENT)
    held = {key: int(counts[kind]) for key, counts in by_school.items() if key and counts.get(kind)}
    names = school_names(page.app.district, held)
    return kind, sorted(
        (_School(names.get(key, key), live) for key, live in held.items()), key=lambda one: (-one.live, one.name.casefold())
    )


def _school_words(setting: _Setting, value: Any, kind: RecordType, schools: list[_School]) -> tuple[list[str], list[tuple[str, str]]]:
    if value is None:
        return [f"Off: no number of {setting.verb} records of one school holds a sync."], []
    if not _is_number(value, 100 if setting.unit == PERCENT else MOST_ROWS):
        return [], []
    if not schools:
        return [NO_ROSTER], []
    chosen = [schools[0], schools[-1]] if len(schools) > 1 else schools[:1]
    said = [_school_sentence(one, _most(setting, value, one.live), setting.verb, kind) for one in chosen]
    if setting.unit == RECORDS:
        said += _too_small(value, schools, setting.verb, kind)
    said.append("It is the same for every other type of a school’s records, and for all of them together.")
    return said, [(one.name, f"{_most(setting, value, one.live):,} of {one.live:,}") for one in schools[:LISTED]]


def _most(setting: _Setting, value: float, live: int) -> int:
    """How many may change before the school is over its limit; of records, it may be more than there are."""
    return most_allowed(value, live) if setting.unit == PERCENT else min(int(value), live)


def _school_sentence(school: _School, most: int, verb: str, kind: RecordType) -> str:
    has = f"{school.name} has {_counted(school.live, kind)}"
    if most >= school.live:
        return f"{has}: even all of them {verb} would not hold."
    return f"{has}: more than {most:,} {verb} would hold." if most else f"{has}: a single one {verb} would hold."


def _too_small(value: float, schools: list[_School], verb: str, kind: RecordType) -> list[str]:
    """A limit in records does not see what is smaller than it."""
    small = sum(one.live <= value for one in schools)
    if not small or len(schools) == 1:
        return []
    has = "1 school has" if small == 1 else f"{small:,} schools have"
    return [f"{has} no more {kind.plural.lower()} than that, so only a limit in per cent holds when all of them are {verb}."]


def _counted(count: int, kind: RecordType) -> str:
    return f"{count:,} {(kind.label if count == 1 else kind.plural).lower()}"


# --- files ------------------------------------------------------------------------------------------------------------


def _floor_words(page: Page, value: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """What the floor means for the files of the last sync that was applied."""
    if value is None:
        return [FINER["row_floor"].off], []
    if not _is_number(value, 100):
        return [], []
    rows = {file: count for file, count in last_rows_of(page.app).items() if count}
    if not rows:
        return ["No sync of this app was applied yet, so there are no rows to compare with."], []
    least = {file: ceil(Fraction(str(value)) * count / 100) for file, count in rows.items()}
    file = "users" if "users" in rows else max(rows, key=lambda name: rows[name])
    return [f"{file}.csv had {rows[file]:,} rows last time: fewer than {least[file]:,} would hold."], [
        (f"{name}.csv", f"at least {least[name]:,} of {rows[name]:,}") for name in rows
    ]

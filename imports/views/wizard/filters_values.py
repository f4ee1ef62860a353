"""The values of an attribute that are present in the last delivery, with how many records have them."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from formats.oneroster.tables import GRADES
from imports.config_words import names_schools
from imports.steps.references import TARGET_TYPES
from records.attributes import RecordType, find_attribute
from records.frames import Frames, accepted, record_names
from records.text import distinct

MOST = 200  # values shown at once
_NAMED = ("session", "course")  # ids of these are shown with what they name; the names of others are no help, or too many


@dataclass(frozen=True, slots=True)
class Present:
    """Distinct values (case ignored), how many accepted records have each, and how many have none."""

    values: pa.Array
    counts: npt.NDArray[np.int64]
    blank: int = 0

    def lowered(self) -> frozenset[str]:
        """All values in small letters."""
        return frozenset(value.lower() for value in self.values.to_pylist())


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be ticked. name: what it stands for, where that is something else; empty else. is_twin: another one has the same name."""

    value: str
    name: str
    count: int
    is_chosen: bool
    is_twin: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """The values to tick: those that are ticked, and of those that the search finds the first ones. found: how many it finds.

    blank: records without a value. is_known: False where nothing is known of the last delivery.
    """

    choices: tuple[Choice, ...]
    found: int
    blank: int
    is_known: bool = True

    @property
    def more(self) -> int:
        """How many that the search finds are not shown."""
        return max(self.found - MOST, 0)


NOTHING_PRESENT = Present(pa.array([], pa.large_string()), np.empty(0, dtype=np.int64))


def present_values(frames: Frames, record_type: RecordType, name: str) -> Present:
    """The values of an attribute among the records that come as far as the filters; of a list its items."""
    frame, column = frames.get(record_type), "key" if name == "sis_id" else name
    if frame is None or column not in frame:
        return NOTHING_PRESENT
    uniques, codes = distinct(frame[column])
    rows = np.bincount(codes[accepted(frame)], minlength=len(uniques)).astype(np.int64)
    blank = int(rows[pc.equal(pc.binary_length(uniques), 0).to_numpy(zero_copy_only=False)].sum())
    attribute = find_attribute(record_type, name)
    is_list = attribute is not None and attribute.is_list
    items, owners = _items(uniques) if is_list else (uniques, np.arange(len(uniques)))
    return _together(items, owners, rows, blank)


def _items(uniques: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The items of lists, and in which list each stands."""
    lists = pc.split_pattern(uniques, ",")
    return pc.list_flatten(lists), np.asarray(pc.list_parent_indices(lists).to_numpy(), dtype=np.int64)


def _together(items: pa.Array, owners: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], blank: int) -> Present:
    """One count for all spellings of a value; a list that has it twice counts once. `rows`: how many records have each owner."""
    _, codes = distinct(pa.chunked_array([pc.utf8_lower(items)]))
    if not len(codes):
        return NOTHING_PRESENT
    pairs = np.unique(codes * (int(owners.max()) + 1) + owners)
    code_of, owner_of = np.divmod(pairs, int(owners.max()) + 1)
    counts = np.bincount(code_of, weights=rows[owner_of]).astype(np.int64)
    first = np.full(len(counts), -1, dtype=np.int64)
    alive = rows[owners] > 0
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    first[codes[alive][::-1]] = np.flatnonzero(alive)[::-1]  # the spelling of a record that counts
    values = items.take(pa.array(first))
    kept = (counts > 0) & ~pc.equal(pc.binary_length(values), 0).to_numpy(zero_copy_only=False)
    return Present(values.filter(pa.array(kept)), counts[kept], blank)


def value_names(frames: Frames, record_type: RecordType, name: str, schools: Mapping[str, str]) -> Mapping[str, str]:
    """What the values of an attribute stand for, by value: schools, courses and sessions have names."""
    if names_schools(record_type, name):
        delivered = frames.get(RecordType.SCHOOL)
        new = dict(zip(delivered["mapped_school"].to_list(), delivered["name"].to_list(), strict=True)) if delivered is not None else {}
        return {**new, **schools}
    attribute = find_attribute(record_type, name)
    if attribute is None or attribute.refers_to not in _NAMED:
        return {}
    named: dict[str, str] = {}
    for kind in TARGET_TYPES[attribute.refers_to]:
        if kind in frames:
            named |= dict(zip(frames[kind]["key"].to_list(), record_names(kind, frames[kind]).to_list(), strict=True))
    return named


def choose(present: Present, names: Mapping[str, str], *, find: str, chosen: Collection[str]) -> Choices:
    """The values to show: all that are ticked, then those that hold the words searched for, at most `MOST` of them, the most frequent."""
    wanted = np.ones(len(present.values), dtype=bool)
    if find:
        meant = [value for value, name in names.items() if find.lower() in name.lower()]
        holds = pc.match_substring(present.values, find, ignore_case=True)
        wanted = pc.or_(holds, pc.is_in(present.values, pa.array(meant, pa.large_string()))).to_numpy(zero_copy_only=False)
    ticked = {value.lower(): value for value in chosen}
    is_ticked = pc.is_in(pc.utf8_lower(present.values), pa.array(list(ticked), pa.large_string())).to_numpy(zero_copy_only=False)
    found = np.flatnonzero(wanted)
    most = found if len(found) <= MOST else found[np.argsort(-present.counts[found], kind="stable")[:MOST]]
    shown = np.union1d(most, np.flatnonzero(is_ticked)).astype(np.int64)
    rows = zip(present.values.take(pa.array(shown)).to_pylist(), present.counts[shown].tolist(), is_ticked[shown].tolist(), strict=True)
    listed = [Choice(value, names.get(value, ""), count, tick) for value, count, tick in rows]
    there = {one.value.lower() for one in listed}
    absent = [Choice(value, names.get(value, ""), 0, True) for low, value in ticked.items() if low not in there]
    named = Counter(one.name for one in (*absent, *listed))
    marked = [replace(one, is_twin=bool(one.name) and named[one.name] > 1) for one in (*absent, *sorted(listed, key=_order))]
    return Choices(tuple(marked), len(found), present.blank)


def _order(choice: Choice) -> tuple[int, str, str]:
    """Grades in their order, anything else by what is read."""
    grade = GRADES.index(choice.value) if choice.value in GRADES else len(GRADES)
    return (grade, (choice.name or choice.value).lower(), choice.value)

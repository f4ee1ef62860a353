"""What differs between the numbers of two syncs: by record type and outcome, by school, by rule, by file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formats.messages import MESSAGES
from imports.models import Sync
from imports.selectors.brought import brings
from imports.selectors.reasons import reason_of_code
from imports.selectors.summary import sync_summary
from records.attributes import FILE_OF, SCREEN_ORDER, RecordType
from records.outcomes import MARKS, NOT_ACCEPTED, OUTCOMES
from records.rules import RULES

OPENING = (*OUTCOMES, *MARKS)  # numbers with rows behind them
MEASURES = ("in_file", "accepted", "created", "updated", "unchanged", "left_out", "skipped", "excluded", "duplicate", "invalid", *MARKS)
SUMS = {"accepted": ("created", "updated", "unchanged"), "left_out": tuple(fate.word for fate in NOT_ACCEPTED)}
MOST_SCHOOLS = 50
NAMELESS = "No school"
_TYPED = tuple(kind for kind in SCREEN_ORDER if kind not in (RecordType.SCHOOL, RecordType.SESSION))


@dataclass(frozen=True, slots=True)
class Pair:
    """One number in the older and in the newer sync."""

    older: int
    newer: int

    @property
    def difference(self) -> int:
        """How much larger the newer one is."""
        return self.newer - self.older

    @property
    def words(self) -> str:
        """The difference in words: "12 more"."""
        if not self.difference:
            return "same"
        return f"{self.difference:,} more" if self.difference > 0 else f"{-self.difference:,} fewer"


@dataclass(frozen=True, slots=True)
class CountLine:
    """One number of a record type: `opens` where rows stand behind it."""

    name: str
    pair: Pair

    @property
    def opens(self) -> bool:
        """Whether the number leads to rows."""
        return self.name in OPENING


@dataclass(frozen=True, slots=True)
class TypeLines:
    """The numbers of one record type that are shown; none where all are the same in both syncs. note: where only one of them read its file."""

    record_type: str
    label: str
    lines: list[CountLine]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school: a number per record type, in the order of the columns."""

    key: str
    name: str
    cells: list[tuple[str, Pair]]
    size: int


@dataclass(frozen=True, slots=True)
class SchoolLines:
    """The schools in which a number differs, the largest difference first; `total` of them in all."""

    lines: list[SchoolLine]
    total: int
    headings: tuple[str, ...] = tuple(kind.plural for kind in _TYPED)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """How often a rule struck."""

    code: str
    title: str
    label: str
    outcome: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file in both syncs; None where it was not delivered. `content`: whether it was the same one, in words."""

    name: str
    older: Mapping[str, Any] | None
    newer: Mapping[str, Any] | None
    content: str
    is_same: bool

    @property
    def rows(self) -> Pair:
        """Its data rows."""
        return Pair(*(int(file.get("rows") or 0) if file else 0 for file in (self.older, self.newer)))


def measure_of(counts: Mapping[str, int], name: str) -> int:
    """A number by its name; accepted and left_out are sums."""
    return sum(int(counts.get(part, 0)) for part in SUMS.get(name, (name,)))


def compare_types(older: Sync, newer: Sync, *, with_same: bool) -> list[TypeLines]:
    """Per record type the numbers that differ; `with_same`: all that are not zero in both."""
    found = []
    for kind in SCREEN_ORDER:
        one, two = (sync.detail.counts.get(kind, {}) for sync in (older, newer))
        lines = [CountLine(name, Pair(measure_of(one, name), measure_of(two, name))) for name in MEASURES]
        lines = [line for line in lines if line.pair.older or line.pair.newer]
        shown = lines if with_same else [line for line in lines if line.pair.difference]
        if lines:
            found.append(TypeLines(kind.value, kind.plural, shown, _one_sided(older, newer, kind)))
    return found


def _one_sided(older: Sync, newer: Sync, record_type: RecordType) -> str:
    """What makes the numbers of a type hard to compare: that only one of the two read its file."""
    has = [sync for sync in (older, newer) if brings(sync, record_type)]
    return f"{FILE_OF[record_type]}.csv came with #{has[0].pk} only" if len(has) == 1 else ""


def compare_schools(older: Sync, newer: Sync, name: str) -> SchoolLines:
    """The schools in which a number differs."""
    names: dict[str, str] = {}
    counts: list[dict[str, Mapping[str, Mapping[str, int]]]] = []
    for sync in (older, newer):
        schools = sync_summary(sync).by_school
        counts.append({school["key"]: school["counts"] for school in schools})
        names |= {school["key"]: school["name"] or NAMELESS for school in schools}
    lines = []
    for key, called in names.items():
        one, two = (side.get(key, {}) for side in counts)
        cells = [(kind.plural, Pair(measure_of(one.get(kind, {}), name), measure_of(two.get(kind, {}), name))) for kind in _TYPED]
        if size := sum(abs(pair.difference) for _, pair in cells):
            lines.append(SchoolLine(key, called, cells, size))
    lines.sort(key=lambda line: (-line.size, line.name.casefold()))
    return SchoolLines(lines[:MOST_SCHOOLS], len(lines))


def compare_rules(older: Sync, newer: Sync) -> list[RuleLine]:
    """The rules that struck more or less often, the largest difference first."""
    sides = [_by_rule(sync.detail.findings) for sync in (older, newer)]
    lines = []
    for place in dict.fromkeys([*sides[0], *sides[1]]):
        code, outcome, record_type = place
        pair = Pair(*(side.get(place, 0) for side in sides))
        if pair.difference:
            label = RecordType(record_type).plural if record_type in set(RecordType) else ""
            lines.append(RuleLine(code, rule_title(code, record_type), label, outcome, pair))
    return sorted(lines, key=lambda line: (-abs(line.pair.difference), line.title, line.label))


def rule_title(code: str, record_type: str) -> str:
    """What a rule is called; a code that is not known any more stands for itself."""
    if code not in RULES and code not in MESSAGES:
        return code
    return reason_of_code(code, RecordType(record_type if record_type in set(RecordType) else RecordType.SCHOOL)).title


def _by_rule(findings: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], int]:
    counts: dict[tuple[str, str, str], int] = {}
    for one in findings:
        place = (str(one["code"]), str(one.get("outcome", "")), str(one.get("record_type", "")))
        counts[place] = counts.get(place, 0) + int(one.get("count", 0))
    return counts


def compare_files(older: Sync, newer: Sync) -> list[FileLine]:
    """The files of both, by name."""
    one, two = ({str(file["name"]): file for file in files_of(sync)} for sync in (older, newer))
    return [_file_line(name, one.get(name), two.get(name), (older, newer)) for name in sorted({*one, *two}, key=str.casefold)]


def files_of(sync: Sync) -> Sequence[Mapping[str, Any]]:
    """The files as they were read; those that were delivered where none was read."""
    return sync.detail.files or list(sync.delivery.files.values("name", "size", "sha256"))


def _file_line(name: str, older: Mapping[str, Any] | None, newer: Mapping[str, Any] | None, syncs: tuple[Sync, Sync]) -> FileLine:
    if older is None or newer is None:
        return FileLine(name, older, newer, f"only in #{syncs[0].pk if newer is None else syncs[1].pk}", is_same=False)
    is_same = bool(older.get("sha256")) and older.get("sha256") == newer.get("sha256")
    return FileLine(name, older, newer, "the same content" if is_same else "other content", is_same)

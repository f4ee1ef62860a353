"""What was over a limit, as bars with the limit marked, and the changes per record type and per school against the limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from records.attributes import SCREEN_ORDER, RecordType

HEADROOM = 1.12  # a bar ends so much behind what is longest in it
SCHOOLS_SHOWN = 12
KINDS = (("updated", "update_threshold", "school_update_threshold", "school_update_rows"),
         ("deleted", "deletion_threshold", "school_deletion_threshold", "school_deletion_rows"))  # fmt: skip
BY_SCHOOL = tuple(kind for kind in SCREEN_ORDER if kind not in (RecordType.SCHOOL, RecordType.SESSION))


@dataclass(frozen=True, slots=True)
class LimitBar:
    """One amount against its limit: `filled` and `mark` are where the amount and the limit stand on the bar, 0 to 100."""

    label: str
    what: str
    amount: str
    limit: str
    filled: float
    mark: float


def excess_bars(excesses: list[dict[str, Any]], schools: Mapping[str, str]) -> list[LimitBar]:
    """The bars of what was over its limit, as `SyncDetail.excesses` keeps it."""
    return [_bar(one, schools) for one in excesses]


def _bar(one: Mapping[str, Any], schools: Mapping[str, str]) -> LimitBar:
    rows, base, limit = int(one["rows"]), int(one["live_before"]), float(one["limit"])
    percent = 100 * rows / base if base else 0.0
    is_rows = one["unit"] == "rows"
    value = float(rows) if is_rows else percent
    scale = max(value, limit, 1e-9) * HEADROOM
    scale = scale if is_rows else max(min(scale, 100.0), value, limit)
    of = f"{percent:.1f} %, {rows:,} of {base:,}"
    if one["scope"] == "file":
        label, what, of, words = (
            f"{one['name']}.csv",
            "delivered",
            f"{percent:.1f} %, {rows:,} rows of {base:,} last time",
            f"at least {limit:g} %",
        )
    else:
        kind = str(one.get("record_type") or one["name"])
        label = "All records" if kind == "all" else RecordType(kind).plural
        label = f"{schools.get(one['name'], one['name'])}, {label.lower()}" if one["scope"] == "school" else label
        what, words = str(one["what"]), f"limit {limit:,.0f} records" if is_rows else f"limit {limit:g} %"
    return LimitBar(label, what, of, words, 100 * value / scale, 100 * limit / scale)


@dataclass(frozen=True, slots=True)
class Share:
    """Records of one kind of change, and the limit for their share of what is live."""

    what: str
    count: int
    percent: float | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One record type or one school: what is live now, what is created, and the shares that are updated and deleted."""

    key: str
    label: str
    live: int
    created: int
    shares: list[Share]


@dataclass(frozen=True, slots=True)
class LimitTable:
    """Lines, the limits in words by what they limit, and how many lines there are in all."""

    lines: list[LimitLine]
    limits: dict[str, str]
    total: int


def type_table(counts: Mapping[str, Mapping[str, int]], delivery: Mapping[str, Any]) -> LimitTable:
    """Every record type that the roster or the sync knows, then all together, against the limits of the app."""
    lines = []
    sums: dict[str, int] = dict.fromkeys(("live", "created", "updated", "deleted"), 0)
    limits = {what: (delivery.get(limit), None) for what, limit, _, _ in KINDS}
    for kind in SCREEN_ORDER:
        count = {name: int(counts.get(kind.value, {}).get(name, 0)) for name in sums}
        count["live"] += count["deleted"] - count["created"]  # as it is now
        if any(count.values()):
            lines.append(_line(kind.value, kind.plural, count, limits))
            sums = {name: total + count[name] for name, total in sums.items()}
    lines.append(_line("", "All records", sums, limits))
    return LimitTable(lines, _words(limits), len(lines))


def school_table(
    by_school: Mapping[str, Mapping[str, Mapping[str, int]]], live: Mapping[str, Mapping[str, int]], schools: Mapping[str, str],
    record_type: str, delivery: Mapping[str, Any],
) -> LimitTable:  # fmt: skip
    """The schools with the largest share of deleted records of one type, against the limits for schools.

    Args:
        by_school: organization key -> record type -> counts of the sync.
        live: the same, what is live now.
        schools: names, by key.
        record_type: whose records are counted.
        delivery: the part of the configuration with the limits.
    """
    limits = {what: (delivery.get(percent), delivery.get(rows)) for what, _, percent, rows in KINDS}
    lines = []
    for key, kinds in by_school.items():
        count = {name: int(kinds.get(record_type, {}).get(name, 0)) for name in ("created", "updated", "deleted")}
        if any(count.values()):
            count["live"] = int(live.get(key, {}).get(record_type, 0))
            lines.append(_line(key, schools.get(key, key) if key else "No school", count, limits))
    lines.sort(
        key=lambda line: (
            not any(one.is_over for one in line.shares),
            -(line.shares[1].percent or 0),
            -(line.shares[0].percent or 0),
            line.label,
        )
    )
    return LimitTable(lines[:SCHOOLS_SHOWN], _words(limits), len(lines))


def busiest_type(counts: Mapping[str, Mapping[str, int]]) -> str:
    """The record type, of those that belong to schools, of which most is deleted, or else changed."""

    def weight(kind: RecordType) -> tuple[int, int]:
        count = counts.get(kind.value, {})
        return int(count.get("deleted", 0)), int(count.get("updated", 0)) + int(count.get("created", 0))

    people_first = (RecordType.STUDENT, RecordType.TEACHER, RecordType.CLASS)
    return max(people_first, key=weight).value


def _line(key: str, label: str, count: Mapping[str, int], limits: Mapping[str, tuple[Any, Any]]) -> LimitLine:
    shares = []
    for what, (percent, rows) in limits.items():
        changed, live = count[what], count["live"]
        share = 100 * changed / live if live else None
        is_over = (percent is not None and share is not None and share > percent) or (rows is not None and bool(live) and changed > rows)
        shares.append(Share(what, changed, share, is_over))
    return LimitLine(key, label, count["live"], count["created"], shares)


def _words(limits: Mapping[str, tuple[Any, Any]]) -> dict[str, str]:
    """The limits in words: "35 %", "35 % or 100 records", "off"."""
    said = {}
    for what, (percent, rows) in limits.items():
        parts = [f"{percent:g} %"] if percent is not None else []
        parts += [f"{rows:,} records"] if rows is not None else []
        said[what] = " or ".join(parts) or "off"
    return said

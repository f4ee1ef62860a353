"""The result of a trial: how many rows of each record type would be accepted, and why the others would not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from imports.counts import reported_lines
from records.attributes import RecordType
from records.frames import Frames, accepted, fates, gather
from records.outcomes import NOT_ACCEPTED, Fate
from records.rules import RULES
from records.text import TEXT, blank, distinct, is_in, join, to_series

LEFT_OUT = tuple(fate.word for fate in NOT_ACCEPTED)
_SEPARATOR = "\x1f"
SHARED, REPEATED, DIFFERING = SHARING = (
    "uniqueness-shared",
    "key-repeated",
    "key-repeated-differs",
)  # rules on values that several rows share
NAMES = ("in_file", "accepted", *LEFT_OUT, "reported")


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows of a record type fall under a rule for one attribute. `attribute`: its name, or the words of a set of them."""

    code: str
    record_type: str
    attribute: str
    count: int

    @property
    def outcome(self) -> str:
        """The outcome or mark of the rule."""
        return RULES[self.code].outcome if self.code in RULES else "warning"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """counts: record type -> in_file, accepted, skipped, excluded, duplicate, invalid, reported. `found`: rows by rule and attribute, largest first.

    rules: the same by rule alone, in which a row that lacks two values counts once, as in the report of a sync (attribute is empty).
    values: of the rules in SHARING how many different values the rows share, by rule, record type ("" for all of them) and attribute.
    assumes_schools: nobody has mapped the schools yet, so all of them count as mapped. unmapped: sourcedIds of schools that are left out.
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    rules: tuple[Found, ...] = ()
    unmapped: tuple[str, ...] = ()
    assumes_schools: bool = False
    values: Mapping[str, int] = field(default_factory=dict)

    def count(self, record_type: str, name: str) -> int:
        """One count; 0 for a record type without rows."""
        return self.counts.get(record_type, {}).get(name, 0)

    def rows(self, *, code: str, record_type: str, attribute: str = "") -> int:
        """How many rows fall under a rule, at all or for one attribute."""
        listed = self.found if attribute else self.rules
        return sum(one.count for one in listed if (one.code, one.record_type, one.attribute) == (code, record_type, attribute))

    def shared_values(self, *, code: str, attribute: str, record_type: str = "") -> int:
        """How many values the rows share that fall under a rule of SHARING; of one record type, or of all."""
        return self.values.get(_SEPARATOR.join((code, record_type, attribute)), 0)

    def to_json(self) -> dict[str, Any]:
        """As kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "TrialResult":
        """The inverse of `to_json`."""
        found, rules = (tuple(Found(**one) for one in kept[name]) for name in ("found", "rules"))
        return cls(kept["counts"], found, rules, tuple(kept["unmapped"]), kept["assumes_schools"], kept["values"])


def count_result(frames: Frames, parts: Iterable[pd.DataFrame], *, unmapped: Sequence[str], assumes_schools: bool) -> TrialResult:
    """Count the fates of the judged frames and the findings about them.

    Args:
        frames: the record frames. parts: findings, as the steps made them.
        unmapped, assumes_schools: as in the result.
    """
    some = [part for part in parts if len(part)]
    marked = gather(part for part in some if any(RULES[code].mark == "reported" for code in _distinct(part["code"]) if code in RULES))
    counts = {str(kind): _count(kind, frame, marked) for kind, frame in frames.items()}
    return TrialResult(
        counts, _count_rows(some, by_attribute=True), _count_rows(some, by_attribute=False), tuple(unmapped), assumes_schools,
        _count_values(some),
    )  # fmt: skip


def _distinct(values: pd.Series) -> list[str]:
    return [str(value) for value in distinct(values)[0].to_pylist()]


def _count(record_type: RecordType, frame: pd.DataFrame, marked: pd.DataFrame) -> dict[str, int]:
    by_fate = np.bincount(fates(frame), minlength=len(Fate))
    lines = reported_lines(marked, record_type)
    reported = np.isin(frame["_line"].to_numpy(), lines) & accepted(frame) if len(lines) else np.zeros(len(frame), dtype=bool)
    counts = {"in_file": len(frame), "accepted": int(by_fate[Fate.ACCEPTED]), "reported": int(reported.sum())}
    return counts | {fate.word: int(by_fate[fate]) for fate in NOT_ACCEPTED}


def _count_rows(parts: Sequence[pd.DataFrame], *, by_attribute: bool) -> tuple[Found, ...]:
    """Distinct rows by code and record type, and attribute or not, largest first."""
    rows: dict[tuple[str, str, str], list[npt.NDArray[np.int64]]] = {}
    for part in parts:
        columns = [part["code"], part["record_type"], *([part["attribute"]] if by_attribute else [])]
        names, codes = distinct(join(columns, _SEPARATOR))
        lines = part["row"].to_numpy()
        for number, name in enumerate(names.to_pylist()):
            code, record_type, attribute = (*name.split(_SEPARATOR), "")[:3]
            rows.setdefault((code, record_type, attribute), []).append(lines[codes == number] if len(names) > 1 else lines)
    counted = [Found(*place, _how_many(np.sort(np.concatenate(lines)))) for place, lines in rows.items()]
    return tuple(sorted(counted, key=lambda one: (-one.count, one.code, one.record_type, one.attribute)))


def _count_values(parts: Sequence[pd.DataFrame]) -> dict[str, int]:
    """The different values that rows share, without regard to case where they are email addresses."""
    shared = gather(part[is_in(part["code"], pd.Series(SHARING, dtype=TEXT))] for part in parts)
    if shared.empty:
        return {}
    is_email = (shared["attribute"] == "email").to_numpy(dtype=bool)
    values = shared["value"].where(~is_email, shared["value"].str.lower())
    every = blank(len(shared))
    counted: dict[str, int] = {}
    for record_types in (shared["record_type"], every):
        places = to_series(join([shared["code"], record_types, shared["attribute"]], _SEPARATOR))
        counted |= {str(place): int(count) for place, count in values.groupby(places).nunique().items()}
    return counted


def _how_many(ordered: npt.NDArray[np.int64]) -> int:
    """The distinct numbers among sorted ones; many times quicker than hashing a million of them."""
    return 1 + int(np.count_nonzero(np.diff(ordered))) if len(ordered) else 0

"""Work out what undoes an applied change set on the live roster of today: created records go, updated and deleted ones get their values back.

What later syncs changed again is put together value by value: a value that is still as the undone sync left it is restored, any other stays.
Source: rollback; docs/decisions/0020-rollback.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from imports.steps.undo_rows import Applied, merge_values, read_applied
from imports.steps.undo_unique import taken
from records.attributes import PERSON_TYPES, RecordType, live_columns
from records.frames import LiveKeys
from records.part import Part
from records.text import Mask, blank, is_in, join, positions, to_series

MERGED, CHANGED, GONE, BACK, TAKEN, STRANDED, PURGED = "merged", "changed", "gone", "back", "taken", "stranded", "purged"
Domains = Sequence[tuple[tuple[RecordType, ...], tuple[str, ...]]]


class Live(Protocol):
    """What is asked of the live roster (`roster.selectors.live.LiveRoster`)."""

    def keys(self, record_type: RecordType) -> LiveKeys: ...
    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame: ...
    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame: ...
    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True)
class UndoParams:
    """What is undone, and what decides about it.

    part: of the change set that is undone. domains: what must be unique (record types, attributes). restorable: of these keys of a type, which
    deleted records are still there. rekeys: record type -> {new key: old key} that the undone sync had given.
    """

    part: Part
    domains: Domains
    restorable: Callable[[RecordType, pd.Series], pd.Series]
    rekeys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undone:
    """What the rollback does to one record type.

    written: rows to write (outcome created or updated, fingerprint, live columns, extra). before: present live values of the updated ones.
    leavers: live values of what is deleted or kept, with outcome, code and fingerprint. conflicts: key, what.
    """

    record_type: RecordType
    written: pd.DataFrame
    before: pd.DataFrame
    leavers: pd.DataFrame
    conflicts: pd.DataFrame
    live_before: int


def undo(folder: Path, live: Live, params: UndoParams) -> dict[RecordType, Undone]:
    """The rollback of the change set in the folder, per record type; enrollments are worked last, for they follow classes and people."""
    result: dict[RecordType, Undone] = {}
    present: dict[RecordType, pd.Series] = {}
    for record_type in RecordType:
        applied = read_applied(folder, record_type, params.part, params.rekeys)
        keys = live.keys(record_type)
        one = _undo_type(applied, keys, live, params)
        if record_type is RecordType.ENROLLMENT:
            one = _follow(one, result, present, live)
        result[record_type] = one
        present[record_type] = _present(one, to_series(keys.keys))
    return _settle_unique(result, present, live, params)


def _present(one: Undone, before: pd.Series) -> pd.Series:
    """The keys that are live once it is applied."""
    gone = one.leavers["key"][one.leavers["outcome"] == "deleted"]
    new = one.written["key"][one.written["outcome"] == "created"]
    stay = before[~is_in(before, gone)] if len(gone) else before
    return pd.concat([stay, new], ignore_index=True) if len(new) else stay


def _undo_type(applied: Applied, keys: LiveKeys, live: Live, params: UndoParams) -> Undone:
    """The rollback of one record type, by itself."""
    rows = applied.rows
    at = positions(rows["key"], keys.keys) if len(rows) and len(keys.keys) else np.full(len(rows), -1)
    there = at >= 0
    same: Mask = np.zeros(len(rows), dtype=bool)
    same[there] = keys.fingerprints[at[there]] == rows["fingerprint"].to_numpy()[there]
    outcome = rows["outcome"].to_numpy(dtype=object)
    created, updated, deleted = (outcome == name for name in ("created", "updated", "deleted"))
    back = deleted & ~there
    if back.any():
        back[back] = is_in(rows["key"][back], params.restorable(applied.record_type, rows["key"][back]))
    merged, untouched = merge_values(applied, rows[updated & there & ~same], live)
    going = rows[created & same].assign(outcome="deleted", code="rolled-back")
    staying = _staying(live, applied.record_type, rows[created & there & ~same], untouched)
    restored = applied.before_of(rows["key"][updated & same])
    written = pd.concat(
        [rows[back].assign(outcome="created"), restored.assign(outcome="updated"), merged.after.assign(outcome="updated")],
        ignore_index=True,
    )
    conflicts = [
        _conflicts(rows["key"][created & there & ~same], CHANGED), _conflicts(untouched, CHANGED), _conflicts(merged.after["key"], MERGED),
        _conflicts(rows["key"][updated & ~there], GONE), _conflicts(rows["key"][deleted & there], BACK),
        _conflicts(rows["key"][deleted & ~there & ~back], PURGED),
    ]  # fmt: skip
    before = pd.concat([rows[updated & same], merged.now], ignore_index=True)
    return Undone(
        applied.record_type, written, before, pd.concat([going, staying], ignore_index=True), pd.concat(conflicts, ignore_index=True),
        len(keys.keys),
    )  # fmt: skip


def _staying(live: Live, record_type: RecordType, changed: pd.DataFrame, untouched: pd.Series) -> pd.DataFrame:
    """The live values of the records that the rollback leaves alone because a later sync changed them."""
    keys = pd.concat([changed["key"], untouched], ignore_index=True)
    return live.values(record_type, keys).assign(outcome="kept", code="changed-since")


def _conflicts(keys: pd.Series, what: str) -> pd.DataFrame:
    return pd.DataFrame({"key": keys.reset_index(drop=True), "what": blank(len(keys), what)})


def _follow(one: Undone, others: Mapping[RecordType, Undone], present: Mapping[RecordType, pd.Series], live: Live) -> Undone:
    """Enrollments of what the rollback deletes go with it; those whose class or person is not there any more are not brought back."""
    written = one.written
    if len(written):
        person = to_series(join([written["person_type"], written["person_id"]], "\x1f"))
        people = pd.concat([blank(0), *(kind.value + "\x1f" + present[kind] for kind in PERSON_TYPES)], ignore_index=True)
        stands = is_in(written["class_id"], present[RecordType.CLASS]) & is_in(person, people)
        one = without(one, written["key"][~stands], STRANDED)
    deleted = {kind: other.leavers["key"][other.leavers["outcome"] == "deleted"] for kind, other in others.items()}
    classes = deleted[RecordType.CLASS].reset_index(drop=True)
    people = pd.concat([blank(0), *(deleted[kind] for kind in PERSON_TYPES)], ignore_index=True)
    if not len(classes) and not len(people):
        return one
    typed = pd.concat([blank(0), *(kind.value + "\x1f" + deleted[kind] for kind in PERSON_TYPES)], ignore_index=True)
    links = live.enrollments_of(classes=classes, people=people)
    person = to_series(join([links["person_type"], links["person_id"]], "\x1f"))
    concerned = is_in(links["class_id"], classes) | is_in(person, typed)
    gone = one.leavers["key"][one.leavers["outcome"] == "deleted"]
    keys = links["key"][concerned & ~is_in(links["key"], gone) & ~is_in(links["key"], one.written["key"])].reset_index(drop=True)
    more = live.values(RecordType.ENROLLMENT, keys).assign(outcome="deleted", code="cascade")
    leavers = pd.concat([one.leavers[~is_in(one.leavers["key"], keys)], more], ignore_index=True)
    return Undone(one.record_type, one.written, one.before, leavers, one.conflicts, one.live_before)


def without(one: Undone, keys: pd.Series, what: str) -> Undone:
    """The same, but the records of these keys are not written."""
    if not len(keys):
        return one
    written = one.written[~is_in(one.written["key"], keys)].reset_index(drop=True)
    before = one.before[~is_in(one.before["key"], keys)].reset_index(drop=True)
    conflicts = pd.concat([one.conflicts, _conflicts(keys, what)], ignore_index=True)
    return Undone(one.record_type, written, before, one.leavers, conflicts, one.live_before)


def _settle_unique(
    result: dict[RecordType, Undone], present: dict[RecordType, pd.Series], live: Live, params: UndoParams
) -> dict[RecordType, Undone]:
    """Do not bring back values that another record holds by now, nor the enrollments of people who therefore stay away."""
    while True:
        lost = {kind: keys for domain in params.domains for kind, keys in taken(result, domain, live).items() if len(keys)}
        if not lost:
            return result
        for kind, keys in lost.items():
            whole = present[kind]
            away = result[kind].written["key"][(result[kind].written["outcome"] == "created").to_numpy()]
            present[kind] = whole[~is_in(whole, away[is_in(away, keys)])]
            result[kind] = without(result[kind], keys, TAKEN)
        enrollments = result[RecordType.ENROLLMENT]
        others: dict[RecordType, Undone] = {kind: one for kind, one in result.items() if kind is not RecordType.ENROLLMENT}
        result[RecordType.ENROLLMENT] = _follow(enrollments, others, present, live)


def columns_of(record_type: RecordType) -> list[str]:
    """The columns of the rows a rollback writes."""
    return ["outcome", "fingerprint", *live_columns(record_type), "extra"]

"""The live roster as it will be once some records have got other keys, so that what was a deletion and a creation is an update."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from imports.context import Live
from records.attributes import PERSON_TYPES, RecordType
from records.frames import LiveKeys
from records.rekeys import REKEYED, Rekeys, Renames, applicable, closed, fingerprints_of, inverse, rename, rename_links
from records.text import blank, is_in, positions, to_arrow, to_series

_LINKS = ("class_id", "person_id")


def rekeyed(live: Live, rekeys: Rekeys) -> tuple[Live, dict[str, dict[str, str]]]:
    """The live roster under its new keys, and those of the pairs that can be done; without pairs, the roster itself."""
    if not any(rekeys.values()):
        return live, {}
    changed = RekeyedLive(live, rekeys)
    return changed, changed.effective


class RekeyedLive:
    """Implements `imports.context.Live`. What cannot be done, because the roster is another by now, is passed over (see `records.rekeys`)."""

    def __init__(self, live: Live, rekeys: Rekeys) -> None:
        self._live = live
        self._keys: dict[RecordType, LiveKeys] = {}
        self._renames = {kind: applicable(rekeys[kind], self._among(kind)) for kind in REKEYED if rekeys.get(kind)}
        self._moves = {kind: closed(renames) for kind, renames in self._renames.items() if renames}

    @property
    def effective(self) -> dict[str, dict[str, str]]:
        """Record type -> {new key: old key} of the pairs that are in force."""
        return {kind.value: inverse(renames) for kind, renames in self._renames.items() if renames}

    def keys(self, record_type: RecordType) -> LiveKeys:
        """Keys and fingerprints; those of enrollments that refer to what has another key now are worked out anew."""
        held = self._held(record_type)
        if record_type is RecordType.ENROLLMENT:
            return self._relinked(held)
        return LiveKeys(rename(held.keys, self._moves.get(record_type, {})), held.fingerprints)

    def values(self, record_type: RecordType, keys: pd.Series) -> pd.DataFrame:
        """The live records with these keys, as they will be."""
        moves = self._moves.get(record_type, {})
        found = self._live.values(record_type, to_series(rename(keys, inverse(moves))))
        if record_type is RecordType.ENROLLMENT:
            return self._with_links(found)
        return found.assign(key=to_series(rename(found["key"], moves), found.index))

    def columns(self, record_type: RecordType, names: Sequence[str]) -> pd.DataFrame:
        """The given attributes of all live records of a type."""
        if record_type is RecordType.ENROLLMENT and set(names) & set(_LINKS):
            whole = self._live.columns(record_type, list(dict.fromkeys([*names, *_LINKS, "person_type"])))
            return rename_links(whole, self._moves)[0][list(names)]
        found = self._live.columns(record_type, names)
        if "key" not in found or record_type not in self._moves:
            return found
        return found.assign(key=to_series(rename(found["key"], self._moves[record_type]), found.index))

    def enrollments_of(self, *, classes: pd.Series, people: pd.Series) -> pd.DataFrame:
        """key, class_id, person_id, person_type of the live enrollments of these classes or people."""
        were = [people] + [to_series(rename(people, inverse(self._moves[kind]))) for kind in PERSON_TYPES if kind in self._moves]
        asked = pd.concat(were, ignore_index=True).drop_duplicates() if len(were) > 1 else people
        former = to_series(rename(classes, inverse(self._moves.get(RecordType.CLASS, {}))))
        found, _ = rename_links(self._live.enrollments_of(classes=former, people=asked), self._moves)
        return found[is_in(found["class_id"], classes) | is_in(found["person_id"], people)].reset_index(drop=True)

    def schools(self) -> dict[str, str]:
        """Schools keep their keys."""
        return self._live.schools()

    def offices(self) -> list[str]:
        """Organizations keep their keys."""
        return self._live.offices()

    def _held(self, record_type: RecordType) -> LiveKeys:
        if record_type not in self._keys:
            self._keys[record_type] = self._live.keys(record_type)
        return self._keys[record_type]

    def _among(self, record_type: RecordType) -> "_Among":
        return _Among(self._held(record_type).keys)

    def _relinked(self, held: LiveKeys) -> LiveKeys:
        concerned = self._live.enrollments_of(classes=_all_of(self._moves, (RecordType.CLASS,)), people=_all_of(self._moves, PERSON_TYPES))
        if concerned.empty:
            return held
        moved = rename_links(concerned, self._moves)[1]
        values = self._live.values(RecordType.ENROLLMENT, concerned["key"][moved].reset_index(drop=True))
        renamed, _ = rename_links(values, self._moves)
        prints = held.fingerprints.copy()
        prints[positions(renamed["key"], held.keys)] = fingerprints_of(RecordType.ENROLLMENT, renamed)
        return LiveKeys(held.keys, prints)

    def _with_links(self, found: pd.DataFrame) -> pd.DataFrame:
        renamed, touched = rename_links(found, self._moves)
        if not touched.any():
            return renamed
        prints = renamed["fingerprint"].to_numpy().copy()
        prints[touched] = fingerprints_of(RecordType.ENROLLMENT, renamed[touched].reset_index(drop=True))
        return renamed.assign(fingerprint=prints)


class _Among:
    """Which of some keys are among the live ones."""

    def __init__(self, keys: pa.ChunkedArray) -> None:
        self._keys = keys

    def __call__(self, asked: Collection[str]) -> set[str]:
        column = pa.chunked_array([pa.array(list(asked), pa.large_string())])
        return set(column.filter(pa.array(np.asarray(is_in(column, self._keys)))).to_pylist())


def _all_of(moves: Mapping[RecordType, Renames], kinds: Sequence[RecordType]) -> pd.Series:
    keys = list(dict.fromkeys(key for kind in kinds for key in moves.get(kind, ())))
    return to_series(to_arrow(pa.array(keys, pa.large_string()))) if keys else blank(0)

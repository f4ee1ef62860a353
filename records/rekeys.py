"""Give records other keys: which of the wanted renames can be done, and what else they move.

A set of renames is applied as a permutation of keys: a chain a -> b -> c is closed by c -> a, so that whatever is left under c, a record that
was deleted, takes the key that becomes free. Renames can therefore swap, and the reversed pairs undo them exactly.
"""

import json
from collections.abc import Callable, Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from records.attributes import PERSON_TYPES, RecordType, live_columns
from records.fingerprints import fingerprint
from records.text import Mask, is_in, map_distinct, positions, to_arrow, to_series

Rekeys = Mapping[str, Mapping[str, str]]  # record type -> {new key: old key}
Renames = dict[str, str]  # key -> key
REKEYED = (*PERSON_TYPES, RecordType.CLASS)
_TEXT = pa.large_string()


def reversed_rekeys(rekeys: Rekeys) -> dict[str, dict[str, str]]:
    """The pairs that undo these."""
    return {kind: {old: new for new, old in pairs.items()} for kind, pairs in rekeys.items()}


def applicable(pairs: Mapping[str, str], live_among: Callable[[Collection[str]], Collection[str]]) -> Renames:
    """Old key -> new key of the pairs that can be done: the old key is live, and the new one is not, unless it moves away itself.

    Args:
        pairs: new key -> old key; an old key that is named twice is ambiguous, and none of its pairs is done.
        live_among: which of some keys live records have.
    """
    wanted: Renames = {}
    twice: set[str] = set()
    for new, old in pairs.items():
        if old in wanted:
            twice.add(old)
        wanted[old] = new
    live = set(live_among({*pairs, *wanted})) if pairs else set()
    renames = {old: new for old, new in wanted.items() if old in live and old != new and old not in twice}
    stuck = [old for old, new in renames.items() if new in live and new not in renames]
    onto = {new: old for old, new in renames.items()}
    while stuck:
        old = stuck.pop()
        del renames[old]
        if (behind := onto.get(old)) in renames:  # it would move to where this one stays
            stuck.append(str(behind))
    return renames


def closed(renames: Renames) -> Renames:
    """The renames as a permutation: the end of every chain moves to its start."""
    back = {new: old for old, new in renames.items()}
    whole = dict(renames)
    for end in back.keys() - renames.keys():
        start = end
        while start in back:
            start = back[start]
        whole[end] = start
    return whole


def inverse(renames: Renames) -> Renames:
    """The renames the other way."""
    return {new: old for old, new in renames.items()}


def rename(keys: pd.Series | pa.ChunkedArray, renames: Renames) -> pa.ChunkedArray:
    """The keys after the renames."""
    column = to_arrow(keys)
    if not renames or len(column) == 0:
        return column
    at = positions(column, pa.chunked_array([pa.array(list(renames), _TEXT)]))
    new = pa.array(list(renames.values()), _TEXT).take(pa.array(np.where(at < 0, 0, at)))
    return pa.chunked_array([pc.if_else(pa.array(at >= 0), new, column.combine_chunks())])


def rename_links(links: pd.DataFrame, moves: Mapping[RecordType, Renames]) -> tuple[pd.DataFrame, Mask]:
    """Rename what enrollments refer to, by class_id, person_id and person_type.

    Returns:
        The enrollments, and which of them refer to something else now.
    """
    touched = np.zeros(len(links), dtype=bool)
    classes = moves.get(RecordType.CLASS, {})
    result = links
    if classes:
        touched |= is_in(links["class_id"], _keys(classes))
        result = result.assign(class_id=to_series(rename(links["class_id"], classes), links.index))
    for kind in PERSON_TYPES:
        people = moves.get(kind, {})
        if not people:
            continue
        mine = (links["person_type"] == kind.value).to_numpy(dtype=bool) & is_in(links["person_id"], _keys(people))
        moved = to_series(rename(links["person_id"], people), links.index)
        result = result.assign(person_id=result["person_id"].where(~mine, moved))
        touched |= mine
    return result, touched


def _keys(renames: Renames) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(list(renames), _TEXT)])


def fingerprints_of(record_type: RecordType, records: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The fingerprints of live records, from every live column and extra (JSON text as a database writes it)."""
    if records.empty:
        return np.empty(0, dtype=np.int64)
    extra = map_distinct(records["extra"], canonical_extra)
    return fingerprint([*(records[name] for name in live_columns(record_type) if name != "key"), extra])


def canonical_extra(text: str) -> str:
    """Extra attributes as imports write them: by name, without those that are empty. Databases sort and space them in their own way."""
    values = {name: value for name, value in sorted(json.loads(text).items()) if value} if text else {}
    inner = ",".join(f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    return f"{{{inner}}}" if inner else ""

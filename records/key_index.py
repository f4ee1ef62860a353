"""The index of a sync's artifacts by key: where the rows of one record stand, so that its history is found without reading the rows of all syncs.

One file, `keys.index`, beside the Parquet files it is made of: a header, then for each section the 64-bit hashes of texts in ascending order, and
beside them the positions of their rows. It is mapped into memory and searched by halving. Two texts may share a hash: whoever finds a position
compares the stored text. What is unchanged is not in it. The header holds the sections and their lengths, and where the rows of each outcome lie.
"""

import json
import mmap
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from records.artifact_paths import before_path, findings_path, rows_path
from records.attributes import RecordType

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
Section = tuple[Hashes, Positions]
Runs = list[tuple[str, int]]  # outcome, position after its last row
KEY, PERSON, CLASS = "key", "person_id", "class_id"
ROWS, BEFORE, FINDINGS = "rows", "before", "findings"
NOWHERE: Positions = np.empty(0, dtype=np.int64)
_OUTCOME, _RECORD_TYPE = "outcome", "record_type"
_MAGIC = b"RPKEYS01"  # with another hash or layout comes another number
_WORD = 8  # bytes
_WHOLE_WORD = np.uint64(0xFFFFFFFFFFFFFFFF)
_FIRST, _SECOND, _THIRD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def key_index_path(folder: Path) -> Path:
    """Where the index of a folder of artifacts lies."""
    return folder / "keys.index"


def write_key_index(folder: Path) -> None:
    """Write the index of the rows, the values before and the findings that lie in the folder; of enrollments by person and by class as well."""
    sections: dict[str, Section] = {}
    outcomes: dict[str, Runs] = {}
    for record_type in RecordType:
        columns = (KEY, PERSON, CLASS) if record_type is RecordType.ENROLLMENT else (KEY,)
        if rows := _read(rows_path(folder, record_type), [_OUTCOME, *columns]):
            sections |= {_name(record_type, ROWS, name): _sorted(hash_texts(rows.column(name))) for name in columns}
            outcomes[record_type.value] = _runs(rows.column(_OUTCOME))
        if before := _read(before_path(folder, record_type), [KEY]):
            sections[_name(record_type, BEFORE, KEY)] = _sorted(hash_texts(before.column(KEY)))
    if found := _read(findings_path(folder), [_RECORD_TYPE, KEY]):
        sections |= _sections_of_findings(found)
    _write(key_index_path(folder), sections, outcomes)


def _read(path: Path, names: Sequence[str]) -> pa.Table | None:
    """These columns of a file, all but the keys as dictionaries; None where it does not exist or has no rows."""
    if not path.exists():
        return None
    table = pq.ParquetFile(path, memory_map=True, pre_buffer=False, read_dictionary=[name for name in names if name != KEY]).read(
        columns=list(names)
    )
    return table if table.num_rows else None


def _runs(outcomes: pa.ChunkedArray) -> Runs:
    """Outcomes and where their runs end: rows of one outcome lie together."""
    runs: Runs = []
    end = 0
    for chunk in outcomes.chunks:
        codes = _codes(chunk)
        for at in [*(np.flatnonzero(np.diff(codes)) + 1).tolist(), *([len(chunk)] if len(chunk) else [])]:
            runs.append((chunk.dictionary[int(codes[at - 1])].as_py(), end + at))
        end += len(chunk)
    return [run for at, run in enumerate(runs) if at + 1 == len(runs) or runs[at + 1][0] != run[0]]


def _sections_of_findings(found: pa.Table) -> dict[str, Section]:
    """The findings about single records, by record type."""
    hashes, types = hash_texts(found.column(KEY)), hash_texts(found.column(_RECORD_TYPE))
    has_key = hashes != hash_of("")
    sections = {}
    for record_type in RecordType:
        at = np.flatnonzero((types == hash_of(record_type.value)) & has_key)
        if len(at):
            sorted_hashes, order = _sorted(hashes[at])
            sections[_name(record_type, FINDINGS, KEY)] = (sorted_hashes, at[order])
    return sections


def _sorted(hashes: Hashes) -> Section:
    order = np.argsort(hashes)
    return hashes[order], order


def _name(record_type: RecordType, part: str, column: str) -> str:
    return f"{record_type}.{part}.{column}"


def _write(path: Path, sections: dict[str, Section], outcomes: dict[str, Runs]) -> None:
    header = json.dumps({"sections": {name: len(hashes) for name, (hashes, _) in sections.items()}, "outcomes": outcomes}).encode()
    header += b" " * (-len(header) % _WORD)
    with path.open("wb") as file:
        file.write(_MAGIC + len(header).to_bytes(_WORD, "little") + header)
        for hashes, positions in sections.values():
            file.write(hashes.astype("<u8").tobytes())
            file.write(positions.astype("<u4").tobytes())
            file.write(b"\0" * (-4 * len(positions) % _WORD))


@lru_cache(maxsize=256)
def hash_of(text: str) -> np.uint64:
    """The hash of one text, as `hash_texts` gives it."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    return np.uint64(_hash(data, np.zeros(1, dtype=np.int64), np.array([len(data)], dtype=np.int64))[0])


def hash_texts(column: pa.ChunkedArray) -> Hashes:
    """The hashes of a column of texts without nulls. They are the same in every process, on every machine."""
    parts = [np.empty(0, dtype=np.uint64)]
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            parts.append(_hash_chunk(chunk.dictionary)[_codes(chunk)])
        elif len(chunk):
            parts.append(_hash_chunk(chunk))
    return np.concatenate(parts)


def _codes(chunk: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """For every row of a dictionary column the place of its value in the dictionary."""
    return np.frombuffer(chunk.indices.buffers()[1], dtype=np.int32)[chunk.indices.offset : chunk.indices.offset + len(chunk)]


def _hash_chunk(chunk: pa.Array) -> Hashes:
    wide = np.int64 if pa.types.is_large_string(chunk.type) else np.int32
    _, offsets, data = chunk.buffers()
    if offsets is None or not len(chunk):
        return np.empty(0, dtype=np.uint64)
    ends = np.frombuffer(offsets, dtype=wide)[chunk.offset : chunk.offset + len(chunk) + 1].astype(np.int64)
    whole = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.empty(0, dtype=np.uint8)
    return _hash(whole[ends[0] : ends[-1]], ends[:-1] - ends[0], np.diff(ends))


def _hash(data: npt.NDArray[np.uint8], starts: Positions, lengths: Positions) -> Hashes:
    """Mix the texts in, eight bytes at a time, all rows at once."""
    padded = np.concatenate([data, np.zeros(_WORD, dtype=np.uint8)])
    words = np.ndarray(shape=(len(padded) - _WORD + 1,), dtype="<u8", buffer=padded, strides=(1,))
    state = _mixed(lengths.astype(np.uint64) * _FIRST)
    rows, at, left = np.arange(len(starts)), starts, lengths
    while True:
        going = left > 0
        if not going.all():
            rows, at, left = rows[going], at[going], left[going]
        if not len(rows):
            return state
        short = np.maximum(_WORD - left, 0).astype(np.uint64) * np.uint64(8)  # bits beyond the end of the text
        word = words[at].astype(np.uint64) & (_WHOLE_WORD >> short)
        state[rows] = _mixed(state[rows] ^ (word * _FIRST))
        at, left = at + _WORD, left - _WORD


def _mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit of the value (the finish of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * _SECOND
    values = (values ^ (values >> np.uint64(27))) * _THIRD
    return values ^ (values >> np.uint64(31))


class KeyIndex:
    """An index file, mapped into memory."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        size = int.from_bytes(data[_WORD : 2 * _WORD], "little")
        self._data, self._sections, offset = data, dict[str, tuple[int, int]](), 2 * _WORD + size
        header = json.loads(data[2 * _WORD : offset])
        self._outcomes: dict[str, Runs] = header["outcomes"]
        for name, count in header["sections"].items():
            self._sections[name] = (offset, count)
            offset += _WORD * count + 4 * count + (-4 * count % _WORD)
        self._is_whole = offset == len(data)

    @classmethod
    def open(cls, path: Path) -> "KeyIndex | None":
        """The index in a file; None where it is not whole or was written in another way."""
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return None
            try:
                index = cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except ValueError:  # the header is cut off
                return None
        return index if index._is_whole else None

    def find(self, record_type: RecordType, text: str, *, part: str = ROWS, column: str = KEY) -> Positions:
        """The positions, ascending, of the rows in whose column the text may stand: every row that has it, and rarely one that has another.

        Args:
            record_type: of which rows.
            text: what to look for.
            part: ROWS, BEFORE or FINDINGS, which name the Parquet file.
            column: KEY, of the rows of enrollments also PERSON and CLASS.
        """
        offset, count = self._sections.get(_name(record_type, part, column), (0, 0))
        if not count:
            return NOWHERE
        hashes = np.frombuffer(self._data, dtype="<u8", count=count, offset=offset)
        wanted = hash_of(text)
        start, end = np.searchsorted(hashes, wanted, side="left"), np.searchsorted(hashes, wanted, side="right")
        return np.sort(np.frombuffer(self._data, dtype="<u4", count=count, offset=offset + _WORD * count)[start:end].astype(np.int64))

    def outcome(self, record_type: RecordType, at: int) -> str:
        """The outcome of the row at a position."""
        return next(outcome for outcome, end in self._outcomes[record_type.value] if at < end)

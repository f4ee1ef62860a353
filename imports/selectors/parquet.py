"""Read a few rows out of a large Parquet file: row groups are passed over by their statistics, and only the columns asked for are decoded.

Plain Arrow: pyarrow loads pandas when it is handed Python or numpy values, which costs a web process 0.7 s and 138 MB.
`texts` and `numbers` are the way around that.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Predicate = Callable[[pa.Array], pa.Array]
NOWHERE: Positions = np.empty(0, dtype=np.int64)


def texts(values: Iterable[str]) -> pa.Array:
    """An Arrow column of texts."""
    encoded = [value.encode() for value in values]
    offsets = [0]
    for value in encoded:
        offsets.append(offsets[-1] + len(value))
    buffers = [None, pa.py_buffer(struct.pack(f"={len(offsets)}q", *offsets)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers)


def text(value: str) -> pa.Scalar:
    """An Arrow text."""
    return texts([value])[0]


def numbers(values: Positions) -> pa.Array:
    """An Arrow column of whole numbers."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, dtype=np.int64))])


def integers(column: pa.ChunkedArray) -> Positions:
    """A column of whole numbers without nulls, as numpy."""
    parts = [np.frombuffer(chunk.buffers()[1], dtype=np.int64)[chunk.offset : chunk.offset + len(chunk)] for chunk in column.chunks]
    return np.concatenate(parts) if parts else NOWHERE


def mask_of(column: pa.ChunkedArray, predicate: Predicate) -> Mask:
    """Where the predicate holds; of a dictionary column it is asked about the distinct values only."""
    parts = [np.empty(0, dtype=np.bool_)]
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            parts.append(_booleans(predicate(chunk.dictionary))[codes(chunk)])
        else:
            parts.append(_booleans(predicate(chunk)))
    return np.concatenate(parts)


def codes(chunk: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """For every row of a dictionary column the place of its value in the dictionary."""
    return np.frombuffer(chunk.indices.buffers()[1], dtype=np.int32)[chunk.indices.offset : chunk.indices.offset + len(chunk)]


def _booleans(array: pa.Array) -> Mask:
    bits = np.frombuffer(array.buffers()[1], dtype=np.uint8)
    return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(np.bool_)


def one_of(wanted: Sequence[str]) -> Predicate:
    """The predicate: the value is one of these."""
    listed = texts(wanted)
    return lambda values: pc.is_in(values if values.type == listed.type else values.cast(listed.type), value_set=listed)


def containing(needle: str) -> Predicate:
    """The predicate: the value contains this, in whatever case."""
    return lambda values: pc.match_substring(values, needle, ignore_case=True)


def among(values: Positions, wanted: Positions) -> Mask:
    """Which of the values, line numbers, are among the wanted ones."""
    if not len(values) or not len(wanted):
        return np.zeros(len(values), dtype=np.bool_)
    is_wanted = np.zeros(max(int(values.max()), int(wanted.max())) + 1, dtype=np.bool_)
    is_wanted[wanted] = True
    return is_wanted[values]


class ParquetRows:
    """The rows of one Parquet file, by position."""

    def __init__(self, path: Path, *, dictionaries: Sequence[str] = ()) -> None:
        self._file = pq.ParquetFile(path, memory_map=True, pre_buffer=False, read_dictionary=list(dictionaries))
        metadata = self._file.metadata
        self._ends = np.cumsum([metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)], dtype=np.int64)
        self._column = {name: at for at, name in enumerate(metadata.schema.names)}

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @property
    def groups(self) -> range:
        """The row groups."""
        return range(len(self._ends))

    @property
    def names(self) -> list[str]:
        """The columns."""
        return list(self._column)

    def span(self, group: int) -> Positions:
        """The positions of a row group."""
        return np.arange(self._ends[group - 1] if group else 0, self._ends[group], dtype=np.int64)

    def bounds(self, group: int, name: str) -> tuple[object, object] | None:
        """The least and the greatest value of a column in a row group; None where the file does not tell."""
        statistics = self._file.metadata.row_group(group).column(self._column[name]).statistics
        return (statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None

    def columns(self, names: Sequence[str], groups: Sequence[int] | None = None) -> pa.Table:
        """These columns of the row groups (all of them by default)."""
        return self._file.read_row_groups(list(self.groups if groups is None else groups), columns=list(names))

    def take(self, positions: Positions, names: Sequence[str] | None = None) -> list[dict[str, object]]:
        """The rows at these positions, in this order."""
        rows: dict[int, dict[str, object]] = {}
        homes = np.searchsorted(self._ends, positions, side="right")
        for group in np.unique(homes).tolist():
            mine = positions[homes == group]
            start = int(self._ends[group - 1]) if group else 0
            table = self._file.read_row_group(group, columns=None if names is None else list(names), use_threads=names is None)
            rows.update(zip(mine.tolist(), table.take(numbers(mine - start)).to_pylist(), strict=True))
        return [rows[at] for at in positions.tolist()]

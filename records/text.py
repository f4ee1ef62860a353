"""Fast helpers on text columns: pandas `str` series in, the same or numpy out, worked by Arrow on distinct values.

No value is ever null here: an empty string means no value.
"""

import ctypes
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
TEXT = pd.StringDtype(na_value=np.nan, storage="pyarrow")


def to_arrow(values: pd.Series | pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """The Arrow column behind a text series, without a copy."""
    if isinstance(values, pa.ChunkedArray):
        return values
    if isinstance(values, pa.Array):
        return pa.chunked_array([values])
    column = pa.array(values.array)
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def to_series(column: pa.ChunkedArray | pa.Array, index: pd.Index | None = None) -> pd.Series:
    """A text series over an Arrow column, without a copy."""
    if column.type != pa.large_string():
        column = column.cast(pa.large_string())
    return pd.Series(pd.array(column, dtype=TEXT), index=index)


def blank(length: int, value: str = "") -> pd.Series:
    """A text series of one repeated value."""
    return to_series(pa.repeat(pa.scalar(value, pa.large_string()), length))


def is_blank(values: pd.Series) -> Mask:
    """True where there is no value."""
    return as_mask(pc.equal(pc.binary_length(to_arrow(values)), 0))


def as_mask(column: pa.ChunkedArray | pa.Array) -> Mask:
    """A boolean Arrow column as numpy; null counts as False."""
    return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()).astype(bool)


def strip(values: pd.Series) -> pd.Series:
    """Values without leading and trailing white space; the very same series, and no second copy of the text, where there is none."""
    column = to_arrow(values)
    trimmed = pc.utf8_trim_whitespace(column)
    if pc.sum(pc.binary_length(trimmed)) == pc.sum(pc.binary_length(column)):
        return values
    return to_series(trimmed, values.index)


def distinct(values: pd.Series | pa.ChunkedArray) -> tuple[pa.Array, Codes]:
    """The distinct values in order of appearance, and for every row the position of its own."""
    encoded = pc.dictionary_encode(to_arrow(values))
    if encoded.num_chunks == 0:
        return pa.array([], pa.large_string()), np.empty(0, dtype=np.int64)
    indices = [chunk.indices.to_numpy() for chunk in encoded.chunks]  # every chunk carries the one dictionary of the whole column
    return encoded.chunk(encoded.num_chunks - 1).dictionary, np.concatenate(indices).astype(np.int64)


def spread(by_code: Iterable[str], codes: Codes) -> pd.Series:
    """The inverse of `distinct`: one value per code, laid out over the rows."""
    return to_series(pc.take(pa.array(list(by_code), pa.large_string()), pa.array(codes)))


def map_distinct(values: pd.Series, rule: Callable[[str], str]) -> pd.Series:
    """Apply a rule on single values to the distinct values only."""
    uniques, codes = distinct(values)
    return spread([rule(value) for value in uniques.to_pylist()], codes)


def positions(values: pd.Series | pa.ChunkedArray, keys: pd.Series | pa.ChunkedArray) -> Codes:
    """For every value its position in keys, or -1. Keys must be distinct."""
    whole = to_arrow(keys)
    keyset = whole.combine_chunks() if whole.num_chunks != 1 else whole.chunk(0)
    found = pc.index_in(to_arrow(values), value_set=keyset)
    return np.asarray(pc.fill_null(found, -1).to_numpy()).astype(np.int64)


def is_in(values: pd.Series | pa.ChunkedArray, keys: pd.Series | pa.ChunkedArray) -> Mask:
    """True where the value is one of keys."""
    if len(keys) == 0 or len(values) == 0:
        return np.zeros(len(values), dtype=bool)
    return as_mask(pc.is_in(to_arrow(values), value_set=to_arrow(keys).combine_chunks()))


def occurrences(values: pd.Series | pa.ChunkedArray) -> tuple[Codes, Codes]:
    """Per row: the code of its value, and how many rows hold the same value."""
    uniques, codes = distinct(values)
    return codes, np.bincount(codes, minlength=len(uniques))[codes]


def join(columns: list[pd.Series], separator: str) -> pa.ChunkedArray:
    """One Arrow text per row: the values of the columns with the separator between."""
    return pc.binary_join_element_wise(*(to_arrow(column) for column in columns), pa.scalar(separator, pa.large_string()))


def release_unused() -> None:
    """Give the memory of freed columns back to the system; the allocators would keep hundreds of MB of it for later."""
    pa.default_memory_pool().release_unused()
    if _TRIM is not None:
        _TRIM(0)

"""Numbers that look random and are not: GUIDs, padded numbers and random streams, all from the seed alone."""

from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

IntArray = npt.NDArray[np.integer]

_HEX = "0123456789abcdef"
_HEX_PAIRS = np.frombuffer("".join(a + b for a in _HEX for b in _HEX).encode(), dtype=np.uint16)
_GUID_WIDTH = 36
_GUID_TEMPLATE = np.frombuffer(b"00000000-0000-0000-0000-000000000000", dtype=np.uint8)
_GUID_PLACES = (0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def stream(seed: int, label: str, day: int = 0) -> np.random.Generator:
    """The random numbers of one concern; concerns do not disturb each other when one of them draws more."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(label.encode()), day])))


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finisher: a bijection on 64 bits, so different values stay different."""
    z = values.copy()
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def guids(seed: int, kind: str, serials: IntArray) -> pa.Array:
    """A version 4 GUID per serial number; the same seed, kind and serial always give the same one.

    The first half is a bijection of the serial, so two serials of one kind never meet.
    """
    start = np.random.SeedSequence([seed, crc32(kind.encode())]).generate_state(2, dtype=np.uint64)
    with np.errstate(over="ignore"):
        steps = (serials.astype(np.uint64) + np.uint64(1)) * _GOLDEN
        high, low = mixed(steps + start[0]), mixed(steps + start[1])
    # The version and variant bits go where only the second half varies, so the first half stays unique.
    octets = np.empty((len(serials), 16), dtype=np.uint8)
    octets[:, (0, 1, 2, 3, 4, 5, 9, 10)] = high.astype(">u8").view(np.uint8).reshape(-1, 8)
    octets[:, (6, 7, 8, 11, 12, 13, 14, 15)] = low.astype(">u8").view(np.uint8).reshape(-1, 8)
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    text = np.empty((len(serials), _GUID_WIDTH), dtype=np.uint8)
    text[:] = _GUID_TEMPLATE
    for place, column in zip(_GUID_PLACES, octets.T, strict=True):
        text[:, place : place + 2] = _HEX_PAIRS[column].view(np.uint8).reshape(-1, 2)
    return fixed_width(text)


def padded(numbers: IntArray, width: int) -> pa.Array:
    """Decimal numbers with leading zeros. The numbers must fit the width."""
    left = numbers.astype(np.int64)
    text = np.empty((len(left), width), dtype=np.uint8)
    for place in range(width - 1, -1, -1):
        left, digit = np.divmod(left, 10)
        text[:, place] = digit + ord("0")
    return fixed_width(text)


def fixed_width(text: npt.NDArray[np.uint8]) -> pa.Array:
    """An Arrow string column over a matrix of ASCII bytes, one row per value, without copying."""
    rows, width = text.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text)))


def scattered(serials: IntArray, digits: int, seed: int) -> npt.NDArray[np.int64]:
    """A different number below 10**digits (at most 10) for each serial below it; neighbours do not look alike."""
    size = 10**digits
    offset = int(np.random.SeedSequence([seed, digits]).generate_state(1)[0]) % size
    step = 387_420_489  # 3**18: no factor in common with a power of ten
    return np.asarray((serials.astype(np.int64) * step + offset) % size, dtype=np.int64)

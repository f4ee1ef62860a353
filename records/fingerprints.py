"""Fingerprints: 64 bits per record that change when any of its values does. Only ever compared between records of the same key.

The version is part of what makes two syncs comparable; raise it when the columns, their order or the hash change.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from records.text import join

VERSION = 1
SEPARATOR = "\x1f"
HASH_KEY = "rosterportal-fp1"  # 16 bytes, as SipHash wants it
_BATCH_ROWS = 100_000


def fingerprint(columns: list[pd.Series]) -> npt.NDArray[np.int64]:
    """Keyed SipHash of the values of each row, joined by 0x1F in the given order.

    Args:
        columns: text series of one length, none of them null.

    Returns:
        int64 per row (the hash's bits, signed, as databases store it).
    """
    rows = len(columns[0])
    result = np.empty(rows, dtype=np.int64)
    for start in range(0, rows, _BATCH_ROWS):
        batch = [column.iloc[start : start + _BATCH_ROWS] for column in columns]
        joined = join(batch, SEPARATOR).to_pandas().to_numpy(dtype=object)
        hashed = pd.util.hash_array(joined, hash_key=HASH_KEY, categorize=False)
        result[start : start + len(hashed)] = hashed.view(np.int64)
    return result

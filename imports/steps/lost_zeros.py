"""Notice that a spreadsheet program ate the leading zeros of ids: new records whose id is that of a deleted one but for zeros in front.

Source: bad input (lost leading zeros are warned of).
"""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from imports.steps.difference import TypeChange
from records.frames import single_finding
from records.outcomes import Fate
from records.text import as_mask, to_arrow

_WITH_ZEROS = r"^0+[1-9][0-9]*$"
_NUMBER = r"^[1-9][0-9]*$"


def find_lost_zeros(change: TypeChange, file: str, header: str) -> list[pd.DataFrame]:
    """One warning per record type, with the first such id and what it was before; none costs next to nothing."""
    gone = to_arrow(change.deleted["key"])
    padded = gone.filter(pc.match_substring_regex(gone, _WITH_ZEROS))
    if len(padded) == 0:
        return []
    before = {key.lstrip("0"): key for key in padded.to_pylist()}
    frame = change.frame
    new = np.flatnonzero(frame["_fate"].to_numpy() == Fate.CREATED)
    keys = frame["key"].iloc[new]
    numbers = as_mask(pc.match_substring_regex(to_arrow(keys), _NUMBER))
    lost = [(int(row), key) for row, key in zip(new[numbers], keys[numbers], strict=True) if key in before]
    if not lost:
        return []
    row, key = lost[0]
    return [
        single_finding(
            code="zeros-lost",
            record_type=change.record_type,
            file=file,
            line=int(frame["_line"].iloc[row]),
            column=header,
            attribute="sis_id",
            value=key,
            detail=f"{before[key]} ({len(lost):,} in all)",
            key=key,
        )
    ]

"""Tie enrollments to the right person where one sourcedId is several people: a teacher who is an admin too, or a student who also teaches.

Source: uniqueness (one person in two roles).
"""

import numpy as np
import pandas as pd

from imports.steps.references import Links
from records.attributes import ROLE_TYPES, RecordType
from records.frames import Frames, accepted
from records.text import TEXT


def settle_people(frames: Frames, links: Links) -> Frames:
    """Where one sourcedId is several people, tie each accepted enrollment to an accepted one of them, if there is one of the enrollment's role.

    Before the fates are known an enrollment is tied to the first of them.
    """
    enrollment, targets = frames.get(RecordType.ENROLLMENT), links.targets["person"]
    if enrollment is None or not len(targets.ids):
        return frames
    types = np.zeros(len(targets.ids) + 1, dtype=np.int64)  # the last place is that of rows without an id
    for target in targets.row_target.values():
        types[np.unique(target[target >= 0])] += 1
    several = types > 1
    if not several.any():
        return frames
    at = links.at[RecordType.ENROLLMENT, "person_id"]
    concerned = np.flatnonzero(several[at] & accepted(enrollment))
    row_at: dict[RecordType, dict[int, int]] = {}
    for kind, target in targets.row_target.items():
        rows = np.flatnonzero((target >= 0) & accepted(frames[kind]) & several[target])
        row_at[kind] = dict(zip(target[rows].tolist(), rows.tolist(), strict=True))
    kinds, keys = enrollment["person_type"].to_numpy(dtype=object), enrollment["person_id"].to_numpy(dtype=object)
    for row, role in zip(concerned.tolist(), enrollment["role"].iloc[concerned].to_list(), strict=True):
        present = [kind for kind in row_at if int(at[row]) in row_at[kind]]
        chosen = next((kind for kind in present if kind is ROLE_TYPES.get(role)), present[0] if present else None)
        if chosen is not None:
            kinds[row], keys[row] = chosen.value, frames[chosen]["key"].iloc[row_at[chosen][int(at[row])]]
    return {
        **frames,
        RecordType.ENROLLMENT: enrollment.assign(person_type=pd.Series(kinds, dtype=TEXT), person_id=pd.Series(keys, dtype=TEXT)),
    }

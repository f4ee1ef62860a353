"""Tie enrollments to the right person where one sourcedId is several people: a teacher who is an admin too, or a student who also teaches.

Source: uniqueness (one person in two roles).
"""

import numpy as np
import pandas as pd

from imports.steps.references import Links, Targets
from records.attributes import PERSON_TYPES, ROLE_TYPES, RecordType
from records.frames import Frames, accepted
from records.text import TEXT, Mask


def settle_people(frames: Frames, links: Links) -> Frames:
    """Where one sourcedId is several people, tie each accepted enrollment to an accepted one of them, if there is one of the enrollment's role.

    Before the fates are known an enrollment is tied to the first of them. A live person who stays without a row of their type counts as accepted.
    """
    enrollment, targets = frames.get(RecordType.ENROLLMENT), links.targets["person"]
    if enrollment is None or not len(targets.ids):
        return frames
    several = _several(targets)
    if not several.any():
        return frames
    at = links.at[RecordType.ENROLLMENT, "person_id"]
    concerned = np.flatnonzero(several[at] & accepted(enrollment))
    key_at = _standing_keys(frames, targets, several)
    kinds, keys = enrollment["person_type"].to_numpy(dtype=object), enrollment["person_id"].to_numpy(dtype=object)
    for row, role in zip(concerned.tolist(), enrollment["role"].iloc[concerned].to_list(), strict=True):
        present = [kind for kind in PERSON_TYPES if int(at[row]) in key_at[kind]]
        chosen = next((kind for kind in present if kind is ROLE_TYPES.get(role)), present[0] if present else None)
        if chosen is not None:
            kinds[row], keys[row] = chosen.value, key_at[chosen][int(at[row])]
    return {
        **frames,
        RecordType.ENROLLMENT: enrollment.assign(person_type=pd.Series(kinds, dtype=TEXT), person_id=pd.Series(keys, dtype=TEXT)),
    }


def _several(targets: Targets) -> Mask:
    """Which ids are people of more than one type; the last place is that of rows without an id."""
    types = np.zeros(len(targets.ids) + 1, dtype=np.int64)
    for kind in PERSON_TYPES:
        target = targets.row_target.get(kind, _NOWHERE)
        named = [target[target >= 0], *([] if targets.live is None else [_live_at(targets.live, kind)])]
        types[np.unique(np.concatenate(named))] += 1
    return np.asarray(types > 1)


_NOWHERE = np.empty(0, dtype=np.int64)
_NUMBERS = {kind: number for number, kind in enumerate(RecordType)}


def _live_at(live: pd.DataFrame, kind: RecordType) -> np.ndarray:
    mine = live["at"].to_numpy()[live["kind"].to_numpy() == _NUMBERS[kind]]
    return np.asarray(mine[mine >= 0])


def _standing_keys(frames: Frames, targets: Targets, several: Mask) -> dict[RecordType, dict[int, str]]:
    """By type: position of an id -> key of the person who stands under it, of those ids that are several people."""
    standing: dict[RecordType, dict[int, str]] = {}
    for kind in PERSON_TYPES:
        target = targets.row_target.get(kind, _NOWHERE)
        named = set(np.unique(target[(target >= 0) & several[target]]).tolist())
        found: dict[int, str] = {}
        if targets.live is not None:
            mine = targets.live[(targets.live["kind"].to_numpy() == _NUMBERS[kind]) & several[targets.live["at"].to_numpy()]]
            found = {at: key for at, key in zip(mine["at"].to_list(), mine["key"].to_list(), strict=True) if at >= 0 and at not in named}
        if len(target):
            rows = np.flatnonzero((target >= 0) & accepted(frames[kind]) & several[target])
            found |= dict(zip(target[rows].tolist(), frames[kind]["key"].iloc[rows].to_list(), strict=True))
        standing[kind] = found
    return standing

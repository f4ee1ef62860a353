"""Follow every reference: a row that points nowhere where it must not is invalid; any other reference is emptied of what points nowhere.

Source: references.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from records.attributes import FILE_OF, PERSON_TYPES, RecordType
from records.frames import Frames, accepted, findings, keeps_live, reject
from records.sources import Source
from records.text import Mask, blank, distinct, is_blank, is_in, positions, spread, to_arrow, to_series

Positions = npt.NDArray[np.int64]

# What a reference may name, and whose rows those are. "org" is every organization, "school" only schools.
TARGET_TYPES: dict[str, tuple[RecordType, ...]] = {
    "school": (RecordType.SCHOOL,),
    "session": (RecordType.SESSION,),
    "course": (RecordType.COURSE,),
    "class": (RecordType.CLASS,),
    "person": PERSON_TYPES,
}
TARGET_WORDS = {
    "school": "school",
    "org": "organization",
    "session": "academic session",
    "course": "course",
    "class": "class",
    "person": "person",
}

FATAL: tuple[tuple[RecordType, str, str], ...] = (
    (RecordType.CLASS, "school_id", "school"),
    (RecordType.ENROLLMENT, "class_id", "class"),
    (RecordType.ENROLLMENT, "person_id", "person"),
    (RecordType.ENROLLMENT, "school_id", "school"),
)
EMPTIED: tuple[tuple[RecordType, str, str], ...] = (
    (RecordType.SCHOOL, "parent_id", "org"),
    (RecordType.SESSION, "parent_id", "session"),
    (RecordType.COURSE, "org_id", "org"),
    (RecordType.COURSE, "school_year_id", "session"),
    (RecordType.CLASS, "course_id", "course"),
)
LISTS: tuple[tuple[RecordType, str, str], ...] = (
    (RecordType.CLASS, "term_ids", "session"),
    *((record_type, "contacts", "person") for record_type in PERSON_TYPES),
)

ACCEPTED, KEPT, GONE = 0, 1, 2  # standing of a target: imported, left out but its live record stays, left out and gone


@dataclass(frozen=True, slots=True)
class ReferenceParams:
    """`live_ids`: target -> sourcedIds of live records that stay though no row speaks of them (schools; files sent as delta or not at all).

    `live_people`: the live people who stay so.
    """

    sources: Mapping[RecordType, Mapping[str, Source]]
    live_ids: Mapping[str, pd.Series] = field(default_factory=dict)
    live_people: pd.DataFrame | None = None  # source_id, key, kind (number of the record type)


@dataclass(frozen=True, slots=True)
class Targets:
    """The distinct ids one kind of reference may name.

    ids: text. row_target: record type -> for each of its rows the position of its id (-1: it has none). names: record keys and types for people.
    live: of people, those that stay though no row speaks of them: key, kind, and at, the position of their id.
    """

    ids: pa.ChunkedArray
    row_target: Mapping[RecordType, Positions]
    keys: pa.ChunkedArray
    kinds: npt.NDArray[np.int8]
    live: pd.DataFrame | None = None

    def standing(self, frames: Frames) -> npt.NDArray[np.int8]:
        """The best standing among the rows of each id; an id with no row is a live record, which stands."""
        standing = np.full(len(self.ids), GONE + 1, dtype=np.int8)
        for record_type, at in self.row_target.items():
            frame = frames[record_type]
            rows = np.where(accepted(frame), ACCEPTED, np.where(keeps_live(frame), KEPT, GONE)).astype(np.int8)
            known = at >= 0
            np.minimum.at(standing, at[known], rows[known])
        return np.where(standing > GONE, ACCEPTED, standing).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Links:
    """Where the references point: targets by kind, and (record type, attribute) -> position of each row's target, -1 for none."""

    targets: Mapping[str, Targets]
    at: Mapping[tuple[RecordType, str], Positions]


def link_references(frames: Frames, organizations: pd.DataFrame, params: ReferenceParams) -> tuple[Frames, Links, list[pd.DataFrame]]:
    """Resolve all references of the record frames.

    Returns:
        The frames (references that point nowhere emptied, person references turned into SIS IDs, enrollments with person_type), the links, and the findings.
    """
    found: list[pd.DataFrame] = []
    result = dict(frames)
    targets = {kind: _targets(result, kind, params) for kind in TARGET_TYPES}
    org_ids = pd.concat([to_series(targets["school"].ids), organizations["key"]], ignore_index=True)
    known = {**{kind: to_series(one.ids) for kind, one in targets.items()}, "org": org_ids}
    for record_type in PERSON_TYPES:
        if record_type in result:
            result[record_type] = _check_orgs(result[record_type], record_type, org_ids, params, found)
    for record_type, name, kind in EMPTIED:
        if record_type in result:
            result[record_type] = _empty_unknown(result[record_type], record_type, name, kind, known[kind], params, found)
    for record_type, name, kind in LISTS:
        if record_type in result:
            result[record_type] = _clean_list(result[record_type], record_type, name, kind, known[kind], params, found)
    at: dict[tuple[RecordType, str], Positions] = {}
    for record_type, name, kind in FATAL:
        if record_type in result:
            at[record_type, name] = (
                positions(result[record_type][name], targets[kind].ids) if len(targets[kind].ids) else _nowhere(result[record_type])
            )
            result[record_type] = _reject_dangling(
                result[record_type], record_type, name, kind, known[kind], at[record_type, name], params, found
            )
    return _name_people(result, targets["person"], at, params), Links(targets, at), found


def _nowhere(frame: pd.DataFrame) -> Positions:
    return np.full(len(frame), -1, dtype=np.int64)


def _targets(frames: Frames, kind: str, params: ReferenceParams) -> Targets:
    """Collect the distinct ids of one kind from its rows, then from live records that stay."""
    parts: list[pa.ChunkedArray] = []
    keys: list[pa.ChunkedArray] = []
    kinds: list[npt.NDArray[np.int8]] = []
    lengths: dict[RecordType, int] = {}
    for number, record_type in enumerate(RecordType):
        if record_type in TARGET_TYPES[kind] and record_type in frames:
            frame = frames[record_type]
            parts.append(to_arrow(frame["source_id" if kind == "person" else "key"]))
            keys.append(to_arrow(frame["key"]))
            kinds.append(np.full(len(frame), number, dtype=np.int8))
            lengths[record_type] = len(frame)
    if kind == "person" and params.live_people is not None:
        live = params.live_people
        parts.append(to_arrow(live["source_id"]))
        keys.append(to_arrow(live["key"]))
        kinds.append(live["kind"].to_numpy(dtype=np.int8))
    elif kind in params.live_ids:
        parts.append(to_arrow(params.live_ids[kind]))
        keys.append(to_arrow(params.live_ids[kind]))
        kinds.append(np.full(len(params.live_ids[kind]), -1, dtype=np.int8))
    chunks = [chunk for part in parts for chunk in part.chunks]
    everything = pa.chunked_array(chunks, pa.large_string())
    uniques, codes = distinct(everything)
    blanks = np.flatnonzero(np.asarray(uniques.to_numpy(zero_copy_only=False) == "")) if len(uniques) else np.empty(0, dtype=np.int64)
    first = np.full(len(uniques), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the first row of each id: students before teachers before admins before contacts
    codes = np.where(np.isin(codes, blanks), -1, codes)
    row_target, start = {}, 0
    for record_type, length in lengths.items():
        row_target[record_type] = codes[start : start + length]
        start += length
    all_keys = pa.chunked_array([chunk for part in keys for chunk in part.chunks], pa.large_string())
    all_kinds = np.concatenate(kinds) if kinds else np.empty(0, dtype=np.int8)
    same = kind != "person"
    ids = pa.chunked_array([uniques], pa.large_string())
    live_people = params.live_people if kind == "person" else None
    return Targets(
        ids, row_target, ids if same else all_keys.take(pa.array(first)), all_kinds[first] if len(first) else all_kinds,
        None if live_people is None else live_people[["key", "kind"]].assign(at=codes[start:]),
    )  # fmt: skip


def _where(record_type: RecordType, name: str, params: ReferenceParams) -> dict[str, str]:
    source = params.sources[record_type].get(name)
    return {
        "record_type": record_type, "file": f"{source.file if source else FILE_OF[record_type]}.csv", "column": source.header if source else name,
        "attribute": name,
    }  # fmt: skip


def _reject_dangling(frame: pd.DataFrame, record_type: RecordType, name: str, kind: str, known: pd.Series, at: Positions, params: ReferenceParams,
                     found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    dangling = (at < 0) & ~is_blank(frame[name]) & accepted(frame)
    if not dangling.any():
        return frame
    where = _where(record_type, name, params)
    padded = _padded(frame[name], dangling, known)
    lost = dangling & ~is_blank(padded)
    found.append(findings(frame, lost, code="reference-lost-zeros", value=frame[name], detail=padded, **where))
    found.append(findings(frame, dangling & ~lost, code="reference-dangling", value=frame[name], detail=TARGET_WORDS[kind], **where))
    return reject(reject(frame, lost, "reference-lost-zeros"), dangling, "reference-dangling")


def _padded(values: pd.Series, mask: Mask, known: pd.Series) -> pd.Series:
    """For dangling ids of digits the known id that differs by leading zeros only; elsewhere empty."""
    wanted = {value for value in values[mask].unique() if value.isdigit()}
    if not wanted:
        return blank(len(values))
    zeros = known[known.str.startswith("0")]
    by_number = {value.lstrip("0"): value for value in zeros.to_list() if value.isdigit()}
    uniques, codes = distinct(values)
    return spread([by_number.get(value.lstrip("0"), "") if value in wanted else "" for value in uniques.to_pylist()], codes)


def _empty_unknown(frame: pd.DataFrame, record_type: RecordType, name: str, kind: str, known: pd.Series, params: ReferenceParams,
                   found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    uniques, codes = distinct(frame[name])
    there = (
        is_in(pa.chunked_array([uniques]), known) | (np.asarray(uniques.to_numpy(zero_copy_only=False)) == "")
        if len(uniques)
        else np.empty(0, dtype=bool)
    )
    if there.all():
        return frame
    dropped = ~there[codes]
    found.append(
        findings(
            frame,
            dropped & accepted(frame),
            code="reference-dropped",
            value=frame[name],
            detail=TARGET_WORDS[kind],
            **_where(record_type, name, params),
        )
    )
    return frame.assign(**{name: spread([value if ok else "" for value, ok in zip(uniques.to_pylist(), there, strict=True)], codes)})


def _clean_list(frame: pd.DataFrame, record_type: RecordType, name: str, kind: str, known: pd.Series, params: ReferenceParams,
                found: list[pd.DataFrame]) -> pd.DataFrame:  # fmt: skip
    """Drop the unknown ids of list values; says which."""
    uniques, codes = distinct(frame[name])
    lists = [value.split(",") if value else [] for value in uniques.to_pylist()]
    items = sorted({item for one in lists for item in one})
    unknown = set(np.array(items, dtype=object)[~is_in(pd.Series(items, dtype=known.dtype), known)]) if items else set()
    if not unknown:
        return frame
    gone = [",".join(item for item in one if item in unknown) for one in lists]
    dropped = np.array([bool(text) for text in gone], dtype=bool)[codes]
    found.append(findings(frame, dropped & accepted(frame), code="reference-dropped", value=spread(gone, codes), detail=TARGET_WORDS[kind],
                          **_where(record_type, name, params)))  # fmt: skip
    return frame.assign(**{name: spread([",".join(item for item in one if item not in unknown) for one in lists], codes)})


def _check_orgs(
    frame: pd.DataFrame, record_type: RecordType, org_ids: pd.Series, params: ReferenceParams, found: list[pd.DataFrame]
) -> pd.DataFrame:
    """A person whose organizations are all unknown is invalid; single unknown ones are dropped. None at all is left to the data requirements."""
    before = frame["_orgs"]
    probe = frame.rename(columns={"primary_school": "_primary"}).assign(primary_school=before)
    dropped: list[pd.DataFrame] = []
    cleaned = _clean_list(probe, record_type, "primary_school", "org", org_ids, params, dropped)["primary_school"]
    nowhere = is_blank(cleaned) & ~is_blank(before) & accepted(frame)
    found.append(
        findings(
            frame, nowhere, code="reference-dangling", value=before, detail="organization", **_where(record_type, "primary_school", params)
        )
    )
    lines = set(frame["_line"].to_numpy()[nowhere])
    found += [part[~part["line"].isin(lines)] for part in dropped]
    return reject(frame.assign(_orgs=cleaned), nowhere, "reference-dangling")


def _name_people(frames: Frames, people: Targets, at: dict[tuple[RecordType, str], Positions], params: ReferenceParams) -> Frames:
    """Turn references to users.sourcedId into SIS IDs, and say of every enrollment which type of person it is of."""
    result = dict(frames)
    types = list(RecordType)
    rekeyed = any(params.sources[kind]["sis_id"].header != "sourcedId" for kind in PERSON_TYPES)
    if RecordType.ENROLLMENT in result:
        enrollment, where = result[RecordType.ENROLLMENT], at[RecordType.ENROLLMENT, "person_id"]
        options = [*(kind.value for kind in types), ""]
        kinds = people.kinds[where] if len(people.kinds) else np.full(len(where), -1, dtype=np.int8)
        enrollment = enrollment.assign(person_type=spread(options, np.where(where >= 0, kinds, len(types)).astype(np.int64)))
        if rekeyed:
            padded = pa.chunked_array([*people.keys.chunks, pa.array([""], pa.large_string())])
            keys = padded.take(pa.array(np.where(where >= 0, where, len(people.keys))))
            enrollment = enrollment.assign(person_id=to_series(keys))
        result[RecordType.ENROLLMENT] = enrollment
    if rekeyed:
        names = dict(zip(people.ids.to_pylist(), people.keys.to_pylist(), strict=True))
        for record_type in PERSON_TYPES:
            if record_type in result:
                uniques, codes = distinct(result[record_type]["contacts"])
                renamed = [",".join(names.get(item, item) for item in value.split(",")) if value else "" for value in uniques.to_pylist()]
                result[record_type] = result[record_type].assign(contacts=spread(renamed, codes))
    return result

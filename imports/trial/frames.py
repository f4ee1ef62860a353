"""The checked record frames of a delivery, kept per record type under all that decides them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imports.config import ImportConfig
from imports.steps.split import SplitParams, split
from imports.steps.standard import StandardParams, check_standard
from imports.trial.store import frame_of, read_json, read_table, table_of, write_json, write_table
from imports.trial.texts import Texts
from imports.version import VERSION
from records.attributes import RecordType
from records.frames import NO_FINDINGS, Frames, gather


@dataclass(frozen=True, slots=True)
class Checked:
    """What `split` and `check_standard` make of the texts: frames, organizations that are no schools, files with rows of nobody knows whom, findings."""

    frames: Frames
    organizations: pd.DataFrame
    unsure: frozenset[str]
    findings: list[pd.DataFrame]


def checked_frames(texts: Texts, config: ImportConfig, folder: Path) -> Checked:
    """The frames under this configuration; those not made before are made and kept in the folder."""
    places = {kind: folder / f"{kind}-{_digest(kind, config)}" for kind in RecordType}
    common = _common(folder)
    missing = frozenset(kind for kind, place in places.items() if not place.with_suffix(".found.arrow").exists())
    if missing or common is None:
        common = _make(texts, config, missing or frozenset({RecordType.SCHOOL}), places, folder)
    frames, found = {}, [common.general]
    for kind in RecordType:
        table = read_table(places[kind].with_suffix(".arrow"))
        if table is not None:
            frames[kind] = frame_of(table)
        more = read_table(places[kind].with_suffix(".found.arrow"))
        found += [frame_of(more)] if more is not None and more.num_rows else []
    return Checked(frames, common.organizations, common.unsure, found)


@dataclass(frozen=True, slots=True)
class _Common:
    """What does not depend on the configuration: organizations, unsure files, and the findings of no record type."""

    organizations: pd.DataFrame
    unsure: frozenset[str]
    general: pd.DataFrame


def _digest(kind: RecordType, config: ImportConfig) -> str:
    aides = config.aides_as_teachers and kind is RecordType.TEACHER
    rules = {"sources": {name: source.text for name, source in config.sources[kind].items()}, "aides": aides, "software": VERSION}
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]  # in order: the order of the sources is that of the columns


def _common(folder: Path) -> _Common | None:
    organizations, general, unsure = (
        read_table(folder / "organizations.arrow"),
        read_table(folder / "general.arrow"),
        read_json(folder / "unsure.json"),
    )
    if organizations is None or general is None or unsure is None:
        return None
    return _Common(frame_of(organizations), frozenset(unsure), frame_of(general))


def _make(texts: Texts, config: ImportConfig, kinds: frozenset[RecordType], places: dict[RecordType, Path], folder: Path) -> _Common:
    """Split and check the record types that are missing. A type without a file leaves its findings only, which are none."""
    delta_files = frozenset(file for file, mode in texts.modes.items() if mode == "delta")
    parts = split(texts.tables, SplitParams(config.sources, config.aides_as_teachers, delta_files, kinds))
    frames, more = check_standard(parts.frames, StandardParams(config.sources, delta_files))
    found = gather([*parts.findings, *more])
    by_kind = found["record_type"].to_numpy(dtype=object)
    for kind in kinds:
        if kind in frames:
            write_table(places[kind].with_suffix(".arrow"), table_of(frames[kind]))
        mine = found[by_kind == kind.value]
        write_table(places[kind].with_suffix(".found.arrow"), table_of(mine if len(mine) else NO_FINDINGS))
    general = found[by_kind == ""]
    common = _Common(parts.organizations, parts.unsure, general if len(general) else NO_FINDINGS)
    write_table(folder / "organizations.arrow", table_of(common.organizations))
    write_table(folder / "general.arrow", table_of(common.general))
    write_json(folder / "unsure.json", sorted(common.unsure))
    return common

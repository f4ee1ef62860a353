"""Work a rollback: what undoes another sync becomes a change set like any other, which is held until a person has looked at it.

Source: docs/decisions/0020-rollback.md
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction

from imports.config_parser import parse_config
from imports.counts import BySchool, count_schools, count_type
from imports.files import local_artifacts, remove_artifacts, scratch_folder, store_folder
from imports.models import Sync, SyncDetail
from imports.progress import Progress
from imports.rekeyed_live import rekeyed
from imports.services.claim import check_claim, lock_claimed
from imports.services.decide_changes import present_version, tell_stage
from imports.services.hold_sync import AGAIN, Hold, hold_sync
from imports.services.set_state import set_state
from imports.states import HoldKind, State
from imports.steps.difference import TypeChange
from imports.steps.explain import Explanation
from imports.steps.thresholds import shares
from imports.steps.undo import Domains, Undone, UndoParams, undo
from imports.version import VERSION
from records import changeset
from records.attributes import UNIQUE_EMAIL_TYPES, RecordType
from records.frames import NO_FINDINGS
from records.key_index import write_key_index
from records.outcomes import Fate
from records.part import Part
from records.rekeys import reversed_rekeys
from records.text import TEXT
from roster.models import LIVE
from roster.selectors.live import LiveRoster

LOOK = "Look at what the rollback would change, then approve it."
CONFLICTS = "conflicts.parquet"
_MANY = 20_000


def work_rollback(sync: Sync, progress: Progress) -> None:
    """Work out the rollback against the live roster as it stands, store it and hold the sync."""
    undone = sync.undoes
    if undone is None:
        raise ValueError(f"sync {sync.pk} undoes nothing")
    with scratch_folder() as scratch:
        tell_stage(sync, "comparing", progress)
        out = scratch / "out"
        out.mkdir()
        sync.base_version = present_version(sync)
        part = Part.from_json(sync.scope)
        live, done = rekeyed(LiveRoster(sync.district_id), {} if part.is_restore else reversed_rekeys(undone.detail.rekeys))
        config = parse_config(undone.document, undone.app.kind, headers=None)
        domains: Domains = [(UNIQUE_EMAIL_TYPES, ("email",)), *(((one.record_type,), one.attributes) for one in config.uniqueness)]
        params = UndoParams(part, domains, Restorable(sync.district_id), reversed_rekeys(done))
        result = undo(local_artifacts(undone.artifacts), live, params)
        told = Explanation()
        counts, by_school = _write(out, result, told)
        check_claim(sync)
        tell_stage(sync, "storing", progress)
        prefix = f"syncs/{sync.district_id}/{sync.pk}-{sync.attempt}"
        try:
            store_folder(out, prefix)
            _record(sync, result, {"counts": counts, "by_school": by_school, "causes": told.causes, "rekeys": done}, prefix)
        except BaseException:
            remove_artifacts(prefix)
            raise
        if not any(count[name] for count in counts.values() for name in ("created", "updated", "deleted")):
            with transaction.atomic():
                return _end_empty(lock_claimed(sync))
        was_shown = sync.transitions.filter(to_state=State.HELD).exists()
        return hold_sync(sync, Hold(HoldKind.PREVIEW, f"{AGAIN} {LOOK}" if was_shown else LOOK))


class Restorable:
    """Which deleted records of a district are still there."""

    def __init__(self, district_id: int) -> None:
        self._district_id = district_id

    def __call__(self, record_type: RecordType, keys: pd.Series) -> pd.Series:
        """Of these keys, those of records that are marked as deleted and not purged yet."""
        gone = LIVE[record_type].objects.of(self._district_id).exclude(deleted_at=None)
        if len(keys) > _MANY:
            return pd.Series(list(gone.values_list("key", flat=True)), dtype=TEXT)
        listed = keys.to_list()
        found = [gone.filter(key__in=listed[at : at + 500]).values_list("key", flat=True) for at in range(0, len(listed), 500)]
        return pd.Series([key for some in found for key in some], dtype=TEXT)


def _end_empty(locked: Sync) -> None:
    set_state(locked, State.NO_CHANGES, reason="Nothing of it is left to be undone.")


def _write(out: Path, result: dict[RecordType, Undone], told: Explanation) -> tuple[dict[str, dict[str, int]], BySchool]:
    """Write the change set as an import would have it; returns its counts. Rows of a rollback stand in no file: their line is 0."""
    counts: dict[str, dict[str, int]] = {}
    by_school: BySchool = {}
    for record_type, one in result.items():
        frame = _frame(one.written)
        prints, extra = one.written["fingerprint"].to_numpy(dtype=np.int64), one.written["extra"].reset_index(drop=True)
        deleted, kept = (one.leavers[one.leavers["outcome"] == outcome][["key", "code"]] for outcome in ("deleted", "kept"))
        change = TypeChange(record_type, frame, prints, extra, deleted, kept, one.live_before)
        changed = told.add(change, one.before if len(one.before) else None, one.leavers)
        changeset.write_rows(out, record_type, frame, prints, extra, one.leavers, changed)
        changeset.write_before(out, record_type, one.before)
        nothing = np.zeros(len(frame), dtype=bool)
        counts[record_type.value] = count_type(change, nothing)
        count_schools(change, nothing, one.leavers, by_school)
    changeset.write_findings(out, NO_FINDINGS.assign(name="", school="").astype({"name": TEXT, "school": TEXT}))
    write_key_index(out)
    _write_conflicts(out, result)
    return counts, by_school


def _frame(written: pd.DataFrame) -> pd.DataFrame:
    fate = np.where(written["outcome"].to_numpy(dtype=object) == "created", np.uint8(Fate.CREATED), np.uint8(Fate.UPDATED))
    rows = len(written)
    return written.assign(_fate=fate.astype(np.uint8), _reason=np.zeros(rows, dtype=np.int16), _line=np.zeros(rows, dtype=np.int64))


def _write_conflicts(out: Path, result: dict[RecordType, Undone]) -> None:
    rows = [
        (kind.value, key, what)
        for kind, one in result.items()
        for key, what in zip(one.conflicts["key"], one.conflicts["what"], strict=True)
    ]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("record_type", "key", "what"))}
    pq.write_table(pa.table({name: pa.array(values, pa.large_string()) for name, values in columns.items()}), out / CONFLICTS)


def _record(sync: Sync, result: dict[RecordType, Undone], told: dict[str, Any], prefix: str) -> None:
    """Write down what the rollback would do; `told`: further parts of the detail, counts among them."""
    sync.artifacts, sync.software, sync.digest = prefix, VERSION, ""
    measured = {kind.value: {**told["counts"][kind.value], "live_before": one.live_before} for kind, one in result.items()}
    with transaction.atomic():
        lock_claimed(sync)
        sync.save(update_fields=["artifacts", "software", "digest", "base_version"])
        conflicts = _conflicts(sync.district_id, result)
        SyncDetail.objects.filter(sync=sync).update(**told, thresholds=shares(measured), conflicts=conflicts)


def _conflicts(district_id: int, result: dict[RecordType, Undone]) -> list[dict[str, object]]:
    """How many records of a type were changed again since, in which way and by which sync (0: not known), largest first."""
    counted: Counter[tuple[int, str, str]] = Counter()
    for kind, one in result.items():
        last = _last_syncs(district_id, kind, one.conflicts["key"].to_list())
        counted.update((last.get(key, 0), kind.value, what) for key, what in zip(one.conflicts["key"], one.conflicts["what"], strict=True))
    return [dict(zip(("sync", "record_type", "what"), place, strict=True), count=count) for place, count in counted.most_common()]


def _last_syncs(district_id: int, record_type: RecordType, keys: list[str]) -> dict[str, int]:
    rows = LIVE[record_type].objects.of(district_id)
    return {
        key: last
        for at in range(0, len(keys), 500)
        for key, last in rows.filter(key__in=keys[at : at + 500]).values_list("key", "last_sync")
    }

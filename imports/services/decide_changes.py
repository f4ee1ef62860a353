"""Run the pipeline for a sync against the live roster as it stands; of a sync that is limited to a part, twice: once to see what lies outside."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from django.db.models import QuerySet

from formats.read import TextTable
from imports.models import Sync
from imports.pipeline import PipelineParams, PipelineResult, run_pipeline
from imports.progress import Progress
from imports.selectors.sync_inputs import Inputs, read_inputs
from imports.services.claim import check_claim
from imports.steps.part import outside
from records.part import Part
from records.text import release_unused
from roster.models import RosterState
from roster.selectors.live import LiveRoster


@dataclass(frozen=True, slots=True)
class Decided:
    """What a sync would do: its inputs (their texts are gone), the result, and the folder that holds its change set."""

    inputs: Inputs
    result: PipelineResult
    folder: Path


def decide(sync: Sync, inputs: Inputs, scratch: Path, progress: Progress) -> Decided:
    """The change set of the sync's delivery: of all of it, or of the part the sync is limited to."""
    decided = _decide(sync, inputs, scratch / "out", progress)
    part = Part.from_json(sync.scope)
    return decided if part.is_everything or decided.result.stopped_for_schools else decide_part(sync, decided, part, scratch, progress)


def decide_part(sync: Sync, whole: Decided, part: Part, scratch: Path, progress: Progress) -> Decided:
    """The change set of a part, worked out by the same steps as the whole: what waits is left out, and what depends on it with it."""
    held_back = outside(whole.folder, part)
    again = scratch / "part"
    again.mkdir()
    inputs = read_inputs(sync, again)
    inputs = replace(inputs, params=replace(inputs.params, held_back=held_back), digest="")  # the same files again have more to bring
    return _decide(sync, inputs, again / "out", progress)


def _decide(sync: Sync, inputs: Inputs, out: Path, progress: Progress) -> Decided:
    out.mkdir()
    texts, inputs = dict(inputs.texts), replace(inputs, texts={})  # the one dict that holds the files' text is emptied on the way
    result = _run(sync, inputs.params, texts, out, progress, inputs.rows)
    if result.organizations is not None:
        others = result.organizations.drop(columns="_line", errors="ignore").to_dict("records")
        (out / "organizations.json").write_text(json.dumps(others), encoding="utf-8")
    return Decided(inputs, result, out)


def _run(sync: Sync, params: PipelineParams, texts: dict[str, TextTable], out: Path, progress: Progress, rows: int) -> PipelineResult:
    """Run the pipeline; `texts` is empty afterwards."""
    release_unused()
    progress.rows_total = rows
    _mine(sync).update(rows_total=rows)

    def tell(stage: str, rows: int) -> None:
        if texts:  # the first stage is done: there are frames, which hold what they need
            texts.clear()
            release_unused()
        check_claim(sync)
        _mine(sync).update(stage=stage, rows_done=rows)
        progress.tell(stage, rows)

    sync.base_version = present_version(sync)
    return run_pipeline(texts, params, LiveRoster(sync.district_id), out, tell)


def present_version(sync: Sync) -> int:
    """The version of the live roster; a sync makes its row, a simulation does not."""
    states = RosterState.objects.of(sync.district_id)
    if sync.is_simulation:
        return states.values_list("version", flat=True).first() or 0
    return states.get_or_create(defaults={"district_id": sync.district_id})[0].version


def tell_stage(sync: Sync, stage: str, progress: Progress) -> None:
    """Write down what the worker does now."""
    _mine(sync).update(stage=stage)
    progress.tell(stage, 0)


def _mine(sync: Sync) -> QuerySet[Sync]:
    return Sync.unscoped.filter(pk=sync.pk, attempt=sync.attempt)

"""Run the steps of the pipeline over the last delivery under any configuration, up to where the live roster would be compared."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from imports.config import ImportConfig
from imports.context import Judge, OtherApp, PipelineParams, all_organizations
from imports.described import complete_people, is_alone, without_silence
from imports.pipeline import judge_rows, place_rows
from imports.reading import as_findings
from imports.steps.demographics import NOT_SENT, clean_demographics
from imports.steps.references import Links
from imports.trial.frames import checked_frames
from imports.trial.live import KeptLive
from imports.trial.result import TrialResult, count_result
from imports.trial.store import read_json, write_json
from imports.trial.texts import Texts
from imports.version import VERSION
from records.frames import Frames, single_finding
from records.text import release_unused

_counting = threading.Lock()


@contextmanager
def counting() -> Iterator[None]:
    """Count one at a time in a process, for each count holds the frames of a whole delivery, and give their memory back."""
    with _counting:
        try:
            yield
        finally:
            release_unused()


@dataclass(frozen=True)
class Base:
    """The frames as filters and requirements meet them; what the pipeline has found so far; and what rows are judged by."""

    frames: Frames
    links: Links
    judge: Judge
    findings: list[pd.DataFrame]
    unmapped: tuple[str, ...]

    @cached_property
    def judged(self) -> tuple[Frames, list[pd.DataFrame]]:
        """Every row with its fate, and what was found about them; judged once."""
        return judge_rows(self.frames, self.links, self.judge)

    def judged_under(self, config: ImportConfig) -> Frames:
        """Every row with its fate under other filters, requirements or uniqueness."""
        params = replace(self.judge.params, config=config)
        return judge_rows(self.frames, self.links, replace(self.judge, params=params))[0]


@dataclass(frozen=True, slots=True)
class Trial:
    """The last delivery of an app, with the last copies of files that it lacks.

    stops_for_schools: nothing was imported yet, so unknown schools would be asked for; here they count as new.
    """

    texts: Texts
    folder: Path
    live: KeptLive
    roster_version: int
    today: date
    stops_for_schools: bool
    delivery_id: int
    sync_id: int
    others: tuple[OtherApp, ...] = ()
    keeps_all: bool = False  # deletion is disabled
    _bases: dict[str, Base] = field(default_factory=dict)  # the newest only

    def base(self, config: ImportConfig, document: Mapping[str, object]) -> Base:
        """Read, split, check, follow references and map schools under this configuration. `document`: the one it was parsed from."""
        digest = self._digest(document)
        if digest not in self._bases:
            self._bases.clear()
            self._bases[digest] = self._make_base(self._with_schools(config))
        return self._bases[digest]

    def _make_base(self, config: ImportConfig) -> Base:
        checked = checked_frames(self.texts, config, self.folder)
        params = PipelineParams(config, self.today, self.texts.modes, others=self.others, keeps_all=self.keeps_all)
        placed = place_rows(checked.frames, all_organizations(checked.organizations, params, self.live), params, self.live)
        headers = {file: text.headers for file, text in self.texts.tables.items()}
        described = clean_demographics(self.texts.tables, None, []) if is_alone(params) else NOT_SENT
        frames, links, judge, kept = complete_people(placed.frames, placed.links, described, headers, params, self.live, checked.unsure)
        empty = [single_finding(code="file-without-rows", file=text.name, line=1) for text in self.texts.tables.values() if not text.rows]
        found = [*as_findings(self.texts.warnings), *empty, *checked.findings, *placed.findings, *kept]
        return Base(frames, links, judge, found, placed.unmapped)

    def run(self, config: ImportConfig, document: Mapping[str, object]) -> TrialResult:
        """The counts under a configuration, worked out once. `document`: the one the configuration was parsed from."""
        path = self.folder / "results" / f"{self._digest(document)}.json"
        if kept := read_json(path):
            return TrialResult.from_json(kept)
        base = self.base(config, document)
        frames, more = base.judged
        result = count_result(
            without_silence(frames), [*base.findings, *more], unmapped=base.unmapped, assumes_schools=self._assumes_schools(config)
        )
        write_json(path, result.to_json())
        return result

    def keep(self, name: str, document: Mapping[str, object], make: Callable[[], Any]) -> Any:
        """What `make` works out of this delivery under a document, as JSON, worked out once. `name`: letters, for one kind of result."""
        path = self.folder / "results" / f"{name}-{self._digest(document)}.json"
        kept = read_json(path)
        if kept is None:
            kept = make()
            write_json(path, kept)
        return kept

    def _with_schools(self, config: ImportConfig) -> ImportConfig:
        return replace(config, all_missing_as_new=True) if self._assumes_schools(config) else config

    def _assumes_schools(self, config: ImportConfig) -> bool:
        return self.stops_for_schools and not config.all_missing_as_new

    def _digest(self, document: Mapping[str, object]) -> str:
        rules = {
            "document": document, "software": VERSION, "roster": self.roster_version, "day": self.today.isoformat(),
            "stops": self.stops_for_schools, "others": [app.stamp for app in self.others], "keeps_all": self.keeps_all,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:24]

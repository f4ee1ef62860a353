"""Data Requirements: which values a record must have, and what happens to one that lacks them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dataquality.steps.filters import FilterParams, apply_filters
from dataquality.steps.requirements import DEFAULT_REQUIREMENTS, RequirementParams, check_requirements
from imports.config_parser.rules import attributes_of
from imports.trial import Base
from imports.views.wizard.cascade import counts_words, fallen_under, gone_along
from imports.views.wizard.step import Counting, Document, Page, Step
from records.attributes import PERSON_TYPES, SCREEN_ORDER, RecordType, attribute_label
from records.frames import accepted
from records.sources import Source
from records.text import is_blank

SKIP, REPORT, NONE = "skip", "report", "none"
TAB_ORDER = (*PERSON_TYPES, *(kind for kind in SCREEN_ORDER if kind not in PERSON_TYPES))
MISSING = {SKIP: "required-attribute-missing", REPORT: "attribute-missing"}


@dataclass(frozen=True, slots=True)
class AttributeLine:
    """One attribute with its two ticks. `place`: the id its counts are put under."""

    name: str
    label: str
    level: str
    default: str
    place: str
    problem: str

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the default."""
        return self.level != self.default


@dataclass(frozen=True, slots=True)
class TypeTab:
    """The attributes of one record type."""

    record_type: RecordType
    lines: list[AttributeLine]
    required: int

    @property
    def label(self) -> str:
        """The tab's name."""
        return self.record_type.label


@dataclass(frozen=True, slots=True)
class AttributeCount:
    """Of the records that come as far as the requirements: how many have a value, and what each tick would do."""

    place: str
    filled: int
    total: int
    would_report: int
    would_skip: int


def place_of(record_type: str, name: str) -> str:
    """The id under which counts of an attribute stand."""
    return f"{record_type}-{name}".replace(".", "_")


def read(page: Page) -> Document:
    """The ticks. Attributes that are not on the page keep their level."""
    post = page.request.POST
    levels = {kind: dict(entries) for kind, entries in page.document["requirements"].items()}
    for place in post.getlist("attribute"):
        record_type, _, name = place.partition(":")
        level = SKIP if f"skip:{place}" in post else REPORT if f"report:{place}" in post else NONE
        if level != NONE or name in levels.get(record_type, {}):
            levels.setdefault(record_type, {})[name] = level
    return {**page.document, "requirements": levels}


def show(page: Page) -> Mapping[str, Any]:
    """A tab per record type."""
    return {"tabs": [_tab(page, kind) for kind in TAB_ORDER]}


def _tab(page: Page, kind: RecordType) -> TypeTab:
    levels = page.document["requirements"].get(kind, {})
    names = list(dict.fromkeys([*attributes_of(page.document, kind), *levels]))
    lines = [
        AttributeLine(
            name, attribute_label(kind, name), levels.get(name, NONE), DEFAULT_REQUIREMENTS.get(kind, {}).get(name, NONE),
            place_of(kind, name), page.problem_at.get(f"requirements.{kind}.{name}", ""),
        )
        for name in names
    ]  # fmt: skip
    return TypeTab(kind, lines, sum(line.level != NONE for line in lines))


def count(counting: Counting) -> Mapping[str, Any]:
    """Fill rates, what each tick would do, and what goes along with the records that are skipped."""
    base = counting.trial.base(counting.config, counting.page.document)
    passed, _ = apply_filters(base.frames, FilterParams(counting.config.filters, base.judge.params.today))
    counts = [one for kind, frame in passed.items() for one in _attribute_counts(counting, kind, frame)]
    return {"attribute_counts": counts, "cascade": cascade_sentence(base)}


def _attribute_counts(counting: Counting, kind: RecordType, frame: pd.DataFrame) -> list[AttributeCount]:
    """The two ticks of every attribute, by the step that will judge them."""
    sources, levels = counting.config.sources, counting.config.requirements.get(kind, {})
    names = list(dict.fromkeys([*attributes_of(counting.page.document, kind), *levels]))
    skipped = _findings(kind, frame, dict.fromkeys(names, SKIP), sources)
    reported = _findings(kind, frame, {name: SKIP if levels.get(name) == SKIP else REPORT for name in names}, sources)
    alive = accepted(frame)
    total = int(alive.sum())
    result = []
    for name in names:
        column = "key" if name == "sis_id" else name
        filled = total - int((is_blank(frame[column]) & alive).sum()) if column in frame else 0
        result.append(AttributeCount(place_of(kind, name), filled, total, reported.get(name, 0), skipped.get(name, 0)))
    return result


def _findings(
    kind: RecordType, frame: pd.DataFrame, levels: Mapping[str, str], sources: Mapping[RecordType, Mapping[str, Source]]
) -> dict[str, int]:
    """Attribute -> rows that lack it, of those that are judged at that level."""
    _, found = check_requirements({kind: frame}, RequirementParams({kind: levels}, sources))
    counted: dict[str, int] = {}
    for part in found:
        if len(part) and part["code"].iloc[0] in MISSING.values():
            name = str(part["attribute"].iloc[0])
            counted[name] = counted.get(name, 0) + len(part)
    return counted


def cascade_sentence(base: Base) -> str:
    """Say "Skips 12 students, and with them 84 enrollments": what follows the skipped records, and would be imported without these requirements."""
    judged, _ = base.judged
    skipped = fallen_under(judged, MISSING[SKIP])
    if not any(skipped.values()):
        return "No record is skipped for a missing value."
    also = gone_along(base.judged_under(replace(base.judge.params.config, requirements={})), judged, MISSING[SKIP])
    return f"Skips {counts_words(skipped)}" + (f", and with them {counts_words(also)}." if also else ".")


REQUIREMENTS = Step(
    slug="requirements",
    title="Data Requirements",
    icon="quality",
    lead="Which values a record must have. Report lists what is missing and imports the record; Skip leaves it out and keeps a live record as it is.",
    parts=("requirements",),
    read=read,
    show=show,
    count=count,
)

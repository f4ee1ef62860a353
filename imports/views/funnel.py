"""How the rows of the files came down to those imported, and why the others were left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imports.selectors.summary import Summary
from records.outcomes import NOT_ACCEPTED
from records.rules import RULES

_LEFT_OUT = tuple(fate.word for fate in NOT_ACCEPTED)
_TAKEN = ("created", "updated", "unchanged")
MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule by which rows were left out, and how often it was found."""

    code: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the funnel; those of one outcome carry the causes, largest first."""

    label: str
    count: int
    outcome: str = ""
    is_child: bool = False
    causes: list[Cause] = field(default_factory=list)


def funnel(summary: Summary, findings: Iterable[Mapping[str, Any]]) -> list[Step]:
    """In the files, accepted by what became of them, left out by outcome and cause; outcomes without rows are passed over."""
    counts = {step.outcome: step.count for step in summary.funnel if step.outcome}
    total = next(step.count for step in summary.funnel if not step.outcome)
    causes = _causes(findings)
    steps = [Step("In the files", total), Step("Accepted", sum(counts.get(name, 0) for name in _TAKEN))]
    steps += [Step(name.capitalize(), counts[name], name, is_child=True) for name in _TAKEN if counts.get(name)]
    steps.append(Step("Left out", sum(counts.get(name, 0) for name in _LEFT_OUT)))
    steps += [Step(name.capitalize(), counts[name], name, True, causes.get(name, [])) for name in _LEFT_OUT if counts.get(name)]
    return steps


def _causes(findings: Iterable[Mapping[str, Any]]) -> dict[str, list[Cause]]:
    counted: dict[tuple[str, str], int] = {}
    for finding in findings:
        pair = (str(finding["outcome"]), str(finding["code"]))
        counted[pair] = counted.get(pair, 0) + int(finding["count"])
    found: dict[str, list[Cause]] = {}
    for (outcome, code), count in sorted(counted.items(), key=lambda item: -item[1]):
        listed = found.setdefault(outcome, [])
        if len(listed) < MOST_REASONS:
            listed.append(Cause(code, RULES[code].title if code in RULES else code, count))
    return found

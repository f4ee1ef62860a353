"""What every step of the wizard shows around its own part."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from imports.config import default_document
from imports.config_units import changed_paths, to_units
from imports.config_words import changes, part_of
from imports.services.drafts import seen_of
from imports.views.wizard.step import Page, part_of_problem
from imports.views.wizard.steps import neighbour, steps_of


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step in the step bar. `differs`: settings that differ from the defaults; `drafted`: settings changed in the draft; `faults`: how many."""

    slug: str
    title: str
    icon: str
    number: int
    is_current: bool
    differs: int
    drafted: int
    faults: int


def render_step(page: Page, status: int = 200) -> HttpResponse:
    """The page of a step."""
    return render(page.request, page.step.template, frame(page) | dict(page.step.show(page)), status=status)


def frame(page: Page) -> dict[str, Any]:
    """The context of a step's frame."""
    kind = page.app.kind
    drafted = changes(to_units(page.draft.base.document, kind), to_units(page.draft.document, kind), page.school_names)
    return {
        "app": page.app,
        "page": page,
        "step": page.step,
        "document": page.document,
        "problems": page.problem_at,
        "said": page.said,
        "steps": _links(page),
        "before": neighbour(page.app, page.step, -1),
        "after": neighbour(page.app, page.step, 1),
        "seen": seen_of(page.draft, page.step.written),
        "changes": drafted,
        "is_first_time": page.app.configured_at is None,
        "is_moved": page.draft.base_id != page.app.config_id,
        "headers": page.headers,
    }


def _links(page: Page) -> list[StepLink]:
    kind = page.app.kind
    units = to_units(page.draft.document, kind)
    differs = Counter(part_of(path) for path in changed_paths(to_units(default_document(kind), kind), units))
    drafted = Counter(part_of(path) for path in changed_paths(to_units(page.draft.base.document, kind), units))
    faults = Counter(part_of_problem(problem) for problem in page.problems)
    return [
        StepLink(
            step.slug, step.title, step.icon, number, step == page.step,
            *(sum(counted[part] for part in step.parts) for counted in (differs, drafted, faults)),
        )
        for number, step in enumerate(steps_of(page.app), 1)
    ]  # fmt: skip

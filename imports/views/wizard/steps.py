"""The steps in order; nothing else knows the order."""

from django.http import Http404

from imports.models import ImportApp
from imports.views.wizard.delivery import DELIVERY
from imports.views.wizard.requirements import REQUIREMENTS
from imports.views.wizard.step import Step

ALL_STEPS = (DELIVERY, REQUIREMENTS)


def steps_of(app: ImportApp) -> list[Step]:
    """The steps of an app, in order."""
    return [step for step in ALL_STEPS if app.kind in step.apps]


def find_step(app: ImportApp, slug: str) -> Step:
    """The step of that name; Http404 if the app has none."""
    step = next((step for step in steps_of(app) if step.slug == slug), None)
    if step is None:
        raise Http404("There is no such step.")
    return step


def neighbour(app: ImportApp, step: Step, offset: int) -> Step | None:
    """The step before (-1) or after (1) another one."""
    steps = steps_of(app)
    at = steps.index(step) + offset
    return steps[at] if 0 <= at < len(steps) else None


def first_step_url(app: ImportApp) -> str:
    """Where the wizard begins."""
    return steps_of(app)[0].url(app)

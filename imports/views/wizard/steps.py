"""The steps in order; nothing else knows the order."""

from django.http import Http404

from imports.models import ImportApp
from imports.views.wizard.attributes import ATTRIBUTES
from imports.views.wizard.delivery import DELIVERY
from imports.views.wizard.filters import FILTERS
from imports.views.wizard.master_fields import MASTER_FIELDS
from imports.views.wizard.requirements import REQUIREMENTS
from imports.views.wizard.schedule import SCHEDULE
from imports.views.wizard.schools import SCHOOLS
from imports.views.wizard.step import Step
from imports.views.wizard.uniqueness import UNIQUENESS

ALL_STEPS = (DELIVERY, SCHOOLS, ATTRIBUTES, REQUIREMENTS, FILTERS, UNIQUENESS, MASTER_FIELDS, SCHEDULE)


def steps_of(app: ImportApp) -> list[Step]:
    """The steps of an app, in order. While CSV Upload is being set up its schools are left to the first sync, which asks for them."""
    asks_later = app.kind == ImportApp.Kind.CSV_UPLOAD and app.configured_at is None
    return [step for step in ALL_STEPS if app.kind in step.apps and not (asks_later and step is SCHOOLS)]


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

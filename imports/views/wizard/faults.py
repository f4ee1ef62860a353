"""Lead a person to what is wrong with a document."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from imports.config import ConfigProblem
from imports.models import ImportApp
from imports.views.wizard.step import part_of_problem
from imports.views.wizard.steps import steps_of


def lead_to_fault(request: HttpRequest, app: ImportApp, problems: Sequence[ConfigProblem], said: str) -> HttpResponse:
    """Go to the step of the first fault, which shows it at its field. `said`: what was not done for it, as a sentence."""
    first, steps = problems[0], steps_of(app)
    part = part_of_problem(first)
    step = next((step for step in steps if part in step.parts), steps[0])
    messages.error(request, f"{said} {step.title}: {first.message}")
    return redirect(step.url(app))

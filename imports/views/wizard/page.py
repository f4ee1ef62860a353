"""Show a step, take what is entered, count, and finish."""

import logging
from collections import Counter
from json import JSONDecodeError
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from pyarrow import ArrowException

from accounts.current import DistrictRequest, require_editor
from formats.problems import Refused
from imports.config import ConfigRefused
from imports.config_parser import parse_config
from imports.sentences import say_file_problem
from imports.services.drafts import (
    ConfigMoved,
    DraftStale,
    RekeyUnconfirmed,
    discard_draft,
    open_draft,
    publish_draft,
    write_draft,
)
from imports.trial import counting, forget_trials, open_trial
from imports.views.scope import find_app
from imports.views.simulate import begin_simulation
from imports.views.wizard.effect import effect_of
from imports.views.wizard.faults import lead_to_fault
from imports.views.wizard.frame import frame, render_step
from imports.views.wizard.step import SHOW_AGAIN, Counting, Page
from imports.views.wizard.steps import find_step, neighbour, steps_of
from imports.views.words import count_words

log = logging.getLogger(__name__)
STALE = (
    "The draft was changed in another window, somebody saved another version, or another district was chosen, since this page was made. "
    "What you entered here is not taken yet: check it below and go on to take it, or reload the page to see the draft."
)
FINISH, NEXT, BACK, STAY, SIMULATE = "finish", "next", "back", "stay", "simulate"


@require_http_methods(["GET", "HEAD", "POST"])
@require_editor
def configure(request: DistrictRequest, kind: str, step: str) -> HttpResponseBase:
    """A step of the wizard: shown, or left by one of its buttons, which first takes what was entered into the draft."""
    page = _page(request, kind, step)
    return _leave(page) if request.method == "POST" else render_step(page)


def _page(request: DistrictRequest, kind: str, slug: str) -> Page:
    app = find_app(request, kind)
    draft = open_draft(app=app, user=request.user)
    return Page(request, app, draft, find_step(app, slug), draft.document)


def _leave(page: Page) -> HttpResponseBase:
    post = page.request.POST
    asked = post.get("do", "")
    page.document = page.step.read(page)
    target = page.step.act(page, asked) if asked and page.step.act else None
    page = Page(page.request, page.app, page.draft, page.step, page.document, page.said)  # the faults of what it is now
    if page.said or (_new_faults(page) if asked else page.own_problems):
        return render_step(page, status=422)
    try:
        page.draft = write_draft(draft=page.draft, document=page.document, parts=page.step.written, seen=post.get("seen", ""))
    except DraftStale:
        page.draft = open_draft(app=page.app, user=page.request.user)
        page.said = STALE
        return render_step(page, status=409)
    if asked:
        return render_step(page) if target == SHOW_AGAIN else redirect(target or page.url)
    return _go(page, post.get("go", STAY))


def _new_faults(page: Page) -> bool:
    """Whether the page has faults that the draft does not have: of several old ones a button can mend one after the other."""
    before = Page(page.request, page.app, page.draft, page.step, page.draft.document).own_problems
    known, now = (Counter(problem.message for problem in problems) for problems in (before, page.own_problems))
    return bool(now - known)  # by their sentences: a path changes when an entry before it is removed


def _go(page: Page, go: str) -> HttpResponseBase:
    """Where a button of the frame leads."""
    if go == FINISH:
        return finish(page)
    if go == SIMULATE:
        return begin_simulation(page.request, page.app, page.draft)
    if go in (NEXT, BACK):
        return redirect((neighbour(page.app, page.step, 1 if go == NEXT else -1) or page.step).url(page.app))
    step = next((step for step in steps_of(page.app) if step.slug == go), page.step)
    return redirect(step.url(page.app))


def finish(page: Page) -> HttpResponseBase:
    """Make the draft the configuration; what stands in the way is said at the step where it can be mended."""
    is_first_time = page.app.configured_at is None
    if page.problems:
        return lead_to_fault(page.request, page.app, page.problems, "Not saved yet.")
    try:
        version, count = publish_draft(draft=page.draft, by=page.request.user, note=page.request.POST.get("note", "").strip())
    except DraftStale:
        messages.info(
            page.request, "Your draft was saved or thrown away in another window meanwhile. This is the configuration as it is now."
        )
        return redirect(page.url)
    except ConfigRefused as refusal:
        return lead_to_fault(page.request, page.app, refusal.problems, "Not saved yet.")
    except ConfigMoved:
        return redirect("imports:configure_merge", kind=page.app.kind)
    except RekeyUnconfirmed:
        return redirect(f"{reverse('imports:configure', args=[page.app.kind, 'attributes'])}#rekey")
    if count:
        messages.success(
            page.request, f"Version {version.number} is saved: {count_words(count, 'setting')} changed. The next sync obeys it."
        )
    else:
        messages.success(
            page.request, "The configuration is finished with the usual settings." if is_first_time else "Nothing was changed."
        )
    if is_first_time:
        return redirect("imports:app", kind=page.app.kind)
    return redirect("imports:app_tab", kind=page.app.kind, tab="settings")


@require_http_methods(["GET", "POST"])
@require_editor
def counts(request: DistrictRequest, kind: str, step: str) -> HttpResponse:
    """The live counts of a step. A POST first takes what is entered into the draft, if it has no fault."""
    page = _page(request, kind, step)
    if request.method == "POST":
        entered = Page(page.request, page.app, page.draft, page.step, page.step.read(page))
        if entered.own_problems:
            return _uncounted(page, "Correct the marked fields to see what they would do.", entered.problem_at)
        try:
            page.draft = write_draft(
                draft=page.draft, document=entered.document, parts=page.step.written, seen=request.POST.get("seen", "")
            )
        except DraftStale:
            return _uncounted(page, "The draft was changed in another window. Reload this page to see it.")
        page = Page(page.request, page.app, page.draft, page.step, page.draft.document)
    if page.step.beside:
        return render(request, "imports/wizard/_counts.html", _live(page))
    if page.problems:
        return _uncounted(page, f"Not counted: {page.problems[0].message}")
    try:
        with counting():
            context = _counted_anew(page)
    except Refused as refusal:
        return _uncounted(page, f"The last delivery cannot be read: {say_file_problem(refusal.problems[0]).message}")
    if context is None:
        return _uncounted(page, "", nothing_delivered=True)
    return render(request, "imports/wizard/_counts.html", _live(page) | context)


def _counted_anew(page: Page) -> dict[str, Any] | None:
    """The counts; where a file kept for them was damaged on disk, all of them are thrown away and made anew, once."""
    try:
        return _counted(page)
    except (ArrowException, OSError, JSONDecodeError):
        log.warning("What was kept of the last delivery of app %s is damaged, and is made anew.", page.app.pk, exc_info=True)
        forget_trials(page.app)
        return _counted(page)


def _counted(page: Page) -> dict[str, Any] | None:
    """Run the last delivery under the draft and under the configuration in force; None where nothing was delivered yet."""
    trial = open_trial(page.app)
    if trial is None:
        return None
    in_force = page.app.config.document if page.app.config else {}
    now = trial.run(parse_config(in_force, page.app.kind, headers=None), in_force)
    config = page.config
    what = Counting(page, trial, config, trial.run(config, page.document), now)
    return {
        "effect": effect_of(what.drafted, now, trial.sync_id),
        "counts_template": page.step.counts_template if page.step.count else "",
        **(page.step.count(what) if page.step.count else {}),
    }


def _live(page: Page) -> dict[str, Any]:
    """What the frame shows anew with every count."""
    shown = dict(page.step.show(page)) if page.step.follows or page.step.beside else {}
    return frame(page) | shown | {"is_live": True}


def _uncounted(page: Page, why: str, problems: dict[str, str] | None = None, *, nothing_delivered: bool = False) -> HttpResponse:
    context = {"why": why, "field_problems": problems or {}, "nothing_delivered": nothing_delivered}
    return render(page.request, "imports/wizard/_counts.html", _live(page) | context)


@require_POST
@require_editor
def discard(request: DistrictRequest, kind: str) -> HttpResponse:
    """Throw the person's draft away, if it is the one that the page showed."""
    app = find_app(request, kind)
    draft = open_draft(app=app, user=request.user)
    if request.POST.get("draft") == str(draft.pk):
        discard_draft(draft=draft)
        messages.success(request, "Your changes are thrown away. The configuration is as it was.")
    else:
        messages.info(request, "Nothing was thrown away: the page was of another draft. This is your draft as it is now.")
    return redirect(steps_of(app)[0].url(app))

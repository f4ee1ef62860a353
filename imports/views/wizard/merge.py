"""Two people edited the configuration: show what each changed, and let the second one choose."""

import json

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.current import DistrictRequest, require_editor
from imports.config_units import Path, changed_paths, clashes, from_units, put_together, to_units
from imports.config_words import changes, describe
from imports.services.drafts import fill_draft, open_draft, seen_of
from imports.views.scope import find_app
from imports.views.wizard.steps import steps_of
from roster.models import Organization

MINE, THEIRS = "mine", "theirs"
OLD_PAGE = "Your draft was changed in another window, or another version was saved, since this page was made. Look at the two once more and choose."
UNANSWERED = "Choose one of the two for every setting that both of you changed. Nothing was changed yet."


@require_http_methods(["GET", "HEAD", "POST"])
@require_editor
@transaction.atomic  # the draft is locked from being compared to being filled
def merge(request: DistrictRequest, kind: str) -> HttpResponse:
    """Put the person's draft together with the version that was saved meanwhile, setting by setting."""
    app = find_app(request, kind)
    draft = open_draft(app=app, user=request.user)
    if app.config is None or draft.base_id == app.config_id:
        return redirect(steps_of(app)[0].url(app))
    base, mine, theirs = (to_units(document, app.kind) for document in (draft.base.document, draft.document, app.config.document))
    both = clashes(base, mine, theirs)
    seen = f"{seen_of(draft, sorted(draft.document))}-{app.config_id}"
    is_sent = request.method == "POST"
    is_old = is_sent and request.POST.get("seen") != seen
    chosen = {path: "" if is_old else request.POST.get(_field(path), "") for path in both}
    if is_sent and not is_old and all(choice in (MINE, THEIRS) for choice in chosen.values()):
        keep = [path for path, choice in chosen.items() if choice == MINE]
        fill_draft(draft=draft, document=from_units(put_together(base, mine, theirs, keep), app.kind), base=app.config)
        messages.success(request, f"Your draft now stands on version {app.config.number}. Look at it once more, then save.")
        return redirect(steps_of(app)[0].url(app))
    names = dict(Organization.objects.of(app.district_id).values_list("key", "name"))
    context = {
        "app": app,
        "draft": draft,
        "clashes": [
            (describe(path, base, mine, names), describe(path, base, theirs, names).after, _field(path), chosen[path]) for path in both
        ],
        "mine": [one for one in changes(base, mine, names) if one.path not in both],
        "theirs": [one for one in changes(base, theirs, names) if one.path not in both],
        "same": [path for path in changed_paths(base, mine) if path in changed_paths(base, theirs) and path not in both],
        "seen": seen,
        "problem": OLD_PAGE if is_old else UNANSWERED if is_sent else "",
        "first_step": steps_of(app)[0].url(app),
    }
    return render(request, "imports/wizard/merge.html", context, status=409 if is_old else 422 if is_sent else 200)


def _field(path: Path) -> str:
    return f"keep:{json.dumps(path)}"

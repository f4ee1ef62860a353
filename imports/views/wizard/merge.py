"""Two people edited the configuration: show what each changed, and let the second one choose."""

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.current import DistrictRequest, require_editor
from imports.config_units import Path, changed_paths, clashes, from_units, put_together, to_units
from imports.config_words import changes, describe
from imports.services.drafts import fill_draft, open_draft
from imports.views.scope import find_app
from imports.views.wizard.steps import steps_of
from roster.models import Organization

MINE, THEIRS = "mine", "theirs"


@require_http_methods(["GET", "HEAD", "POST"])
@require_editor
def merge(request: DistrictRequest, kind: str) -> HttpResponse:
    """Put the person's draft together with the version that was saved meanwhile, setting by setting."""
    app = find_app(request, kind)
    draft = open_draft(app=app, user=request.user)
    if app.config is None or draft.base_id == app.config_id:
        return redirect(steps_of(app)[0].url(app))
    base, mine, theirs = (to_units(document) for document in (draft.base.document, draft.document, app.config.document))
    both = clashes(base, mine, theirs)
    chosen = {path: request.POST.get(_field(path), "") for path in both}
    if request.method == "POST" and all(choice in (MINE, THEIRS) for choice in chosen.values()):
        keep = [path for path, choice in chosen.items() if choice == MINE]
        fill_draft(draft=draft, document=from_units(put_together(base, mine, theirs, keep)), base=app.config)
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
        "is_incomplete": request.method == "POST",
        "first_step": steps_of(app)[0].url(app),
    }
    return render(request, "imports/wizard/merge.html", context, status=422 if request.method == "POST" else 200)


def _field(path: Path) -> str:
    return f"keep:{json.dumps(path)}"

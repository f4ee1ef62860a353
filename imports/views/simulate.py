"""Simulate: start one from the wizard, and what its page shows beside the page of a sync."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, require_editor
from imports.models import ConfigDraft, ImportApp, Sync
from imports.selectors.delivered import known_headers
from imports.selectors.rehearsal import expected_drops
from imports.selectors.summary import sync_summary
from imports.services.drafts import open_draft
from imports.services.last_files import last_files
from imports.services.receive_delivery import DeliveryRefused
from imports.services.simulate import start_simulation
from imports.services.tidy import KEEP_SIMULATIONS
from imports.views.config_changes import by_step, changes_between, url_to_edit
from imports.views.scope import find_app
from imports.views.wizard.faults import lead_to_fault
from imports.views.wizard.step import problems_of
from imports.views.words import would_words

NOTHING_DELIVERED = "Not simulated: there is no delivery yet. Import files first; with Preview of data upload on, they change nothing until somebody approves."


@require_POST
@require_editor
def simulate(request: DistrictRequest, kind: str) -> HttpResponse:
    """Simulate the person's draft, or the configuration in force where the draft changes nothing, on the last delivery."""
    app = find_app(request, kind)
    return begin_simulation(request, app, open_draft(app=app, user=request.user))


def begin_simulation(request: DistrictRequest, app: ImportApp, draft: ConfigDraft) -> HttpResponse:
    """Queue the simulation and go to its page, which shows how far it is; a fault of the draft is said where it can be mended."""
    if problems := problems_of(draft.document, app.kind, known_headers(app)):
        return lead_to_fault(request, app, problems, "Not simulated.")
    try:
        delivery = last_files(app)
    except DeliveryRefused as refusal:
        messages.error(request, f"Not simulated. {refusal}")
        return redirect(url_to_edit(app))
    if delivery is None:
        messages.error(request, NOTHING_DELIVERED)
        return redirect(url_to_edit(app))
    sync = start_simulation(app=app, delivery=delivery, document=draft.document, by=request.user)
    return redirect("imports:sync", sync.pk)


def simulation_context(request: DistrictRequest, sync: Sync) -> dict[str, Any]:
    """Which configuration was simulated, how the import would have ended, and the way back to the configuration."""
    listed = changes_between(sync.app, sync.config.document, sync.document) if sync.trial_document is not None else []
    settings = reverse("imports:app_tab", args=[sync.app.kind, "settings"])
    return {
        "would": would_words(sync),
        "verdict": "" if sync.detail.counts else sync_summary(sync).sentence,  # else it is the summary's
        "change_groups": by_step(sync.app, listed),
        "change_count": len(listed),
        "is_moved": sync.app.config_id != sync.config_id,
        "back_url": reverse("rollover")
        if sync.is_rehearsal
        else url_to_edit(sync.app, listed)
        if request.membership.can_edit
        else settings,
        "drops": expected_drops(sync) if sync.is_rehearsal else None,
        "kept_days": KEEP_SIMULATIONS.days,
    }

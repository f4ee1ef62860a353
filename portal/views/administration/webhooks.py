"""Webhooks: other programs that are told of events. Owners only."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.current import DistrictRequest, address_of, require_owner
from notices.kinds import KINDS, OFFERED
from notices.models import Webhook
from notices.selectors.log import attempts_of
from notices.services import webhooks as services
from notices.services.secrets import SecretLost, secret_of
from notices.services.try_out import try_webhook
from portal.forms.notifications import WebhookForm

PAGE_ROWS = 25
SHOW_SECRET = "webhook_secret_to_show"  # noqa: S105 - the session's note that a secret is to be shown once


@require_http_methods(["GET", "HEAD", "POST"])
@require_owner
def webhooks(request: DistrictRequest) -> HttpResponse:
    """List the webhooks, and add one."""
    form = WebhookForm(request.POST or None, initial={"events": ["sync.held", "sync.completed", "sync.failed"], "is_on": True})
    if request.method == "POST" and form.is_valid():
        try:
            webhook = services.add_webhook(
                district=request.district,
                url=form.cleaned_data["url"],
                events=form.cleaned_data["events"],
                by=request.user,
                address=address_of(request),
            )
        except services.WebhookRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            request.session[SHOW_SECRET] = webhook.pk
            messages.success(request, "The webhook is added. Copy its secret now; it is shown only this once.")
            return redirect("webhook", webhook_id=webhook.pk)
    rows = [(each, [KINDS[name].title for name in each.events if name in KINDS]) for each in Webhook.objects.of(request.district)]
    context = {"form": form, "rows": rows, "offered": _offered(form), "most": services.MOST, "breadcrumb": _crumbs()}
    return render(request, "administration/webhooks.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require_owner
def webhook(request: DistrictRequest, webhook_id: int) -> HttpResponse:
    """Show one webhook with its tries, and change it."""
    found = _find(request, webhook_id)
    initial = {"url": found.url, "events": found.events, "is_on": found.is_on}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            changed = services.change_webhook(
                webhook=found,
                url=values["url"],
                events=values["events"],
                is_on=values["is_on"],
                by=request.user,
                address=address_of(request),
            )
        except services.WebhookRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, "The webhook is saved." if changed else "Nothing was changed.")
            return redirect("webhook", webhook_id=found.pk)
    context = {"webhook": found, "form": form, "offered": _offered(form), "breadcrumb": _crumbs(found), **_secret(request, found)}
    context |= {"page": Paginator(attempts_of(found), PAGE_ROWS).get_page(request.GET.get("page"))}
    return render(request, "administration/webhook.html", context, status=400 if form.errors else 200)


@require_POST
@require_owner
def test_webhook(request: DistrictRequest, webhook_id: int) -> HttpResponse:
    """Send a test event and say what came of it."""
    found = _find(request, webhook_id)
    result = try_webhook(webhook=found)
    if result.is_ok:
        messages.success(request, f"The test event was taken (status {result.status}).")
    else:
        messages.error(request, f"The test event was not delivered. {result.error}")
    return redirect("webhook", webhook_id=found.pk)


@require_POST
@require_owner
def renew_secret(request: DistrictRequest, webhook_id: int) -> HttpResponse:
    """Make another secret, and show it once."""
    found = _find(request, webhook_id)
    services.renew_secret(webhook=found, by=request.user, address=address_of(request))
    request.session[SHOW_SECRET] = found.pk
    messages.success(request, "The webhook has a new secret. Copy it now; it is shown only this once.")
    return redirect("webhook", webhook_id=found.pk)


@require_POST
@require_owner
def remove_webhook(request: DistrictRequest, webhook_id: int) -> HttpResponse:
    """Remove a webhook."""
    services.remove_webhook(webhook=_find(request, webhook_id), by=request.user, address=address_of(request))
    messages.success(request, "The webhook is removed.")
    return redirect("webhooks")


def _find(request: DistrictRequest, webhook_id: int) -> Webhook:
    return get_object_or_404(Webhook.objects.of(request.district).select_related("district"), pk=webhook_id)


def _offered(form: WebhookForm) -> list[tuple[str, str, bool]]:
    """The kinds that can be chosen: name, title, whether it is."""
    chosen = form["events"].value() or []
    return [(kind.name, kind.title, kind.name in chosen) for kind in OFFERED]


def _secret(request: DistrictRequest, found: Webhook) -> dict[str, Any]:
    """The secret, right after it was made; and why it can no longer be used."""
    is_shown = request.method == "GET" and request.session.get(SHOW_SECRET) == found.pk
    if is_shown:
        del request.session[SHOW_SECRET]
    try:
        secret = secret_of(found)
    except SecretLost as lost:
        return {"secret": "", "secret_lost": str(lost)}
    return {"secret": secret if is_shown else "", "is_private_allowed": settings.PORTAL_WEBHOOKS_PRIVATE}


def _crumbs(found: Webhook | None = None) -> list[tuple[str, str]]:
    crumbs = [("Administration", reverse("administration")), ("Notifications", reverse("notifications"))]
    return [*crumbs, ("Webhooks", "")] if found is None else [*crumbs, ("Webhooks", reverse("webhooks")), (f"Webhook {found.pk}", "")]

"""Administration > Notifications: who is told what by mail, and the delivery log."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.current import DistrictRequest, address_of, require_member, require_owner
from accounts.models import District, Role
from imports.models import ImportApp
from notices.kinds import GROUPS, MAILED, Group, roles_of
from notices.models import ExpectedDelivery, Webhook
from notices.selectors.log import FAILED, delivery_log
from notices.selectors.settings import district_groups, settings_of
from notices.services.save_settings import save_settings
from notices.services.try_out import try_mail
from portal.forms.notifications import EXPECTED, NotificationsForm
from portal.views.administration.tabs import tabs

PAGE_ROWS = 25
NO_SERVER = ("console", "dummy", "locmem", "filebased")  # mail backends that reach nobody


@require_http_methods(["GET", "HEAD", "POST"])
@require_member
def notifications(request: DistrictRequest) -> HttpResponseBase:
    """Show the settings, to owners with the log; owners save."""
    if request.method == "POST":
        return _save(request)
    return _page(request, _form(request.district))


@require_owner
def _save(request: DistrictRequest) -> HttpResponse:
    form = NotificationsForm(request.POST, apps=_apps(request.district), zone=request.district.time_zone)
    if not form.is_valid():
        return _page(request, form, status=400)
    changed = save_settings(district=request.district, chosen=form.chosen(), by=request.user, address=address_of(request))
    messages.success(request, "The notifications are saved." if changed else "Nothing was changed.")
    return redirect("notifications")


@require_POST
@require_owner
def test_mail(request: DistrictRequest) -> HttpResponse:
    """Send a test mail to the person who asks for it, and say what came of it."""
    result = try_mail(district=request.district, person=request.user)
    if not result.is_ok:
        messages.error(request, f"The test mail was not sent. {result.error} Ask whoever runs the portal to check EMAIL_URL.")
    elif prints_mail():
        messages.warning(request, "No mail server is set, so the test mail was printed to the portal's log. EMAIL_URL sets one.")
    else:
        messages.success(request, f"The mail server took the test mail to {request.user.email}.")
    return redirect("notifications")


def prints_mail() -> bool:
    """Whether mails reach nobody, because no mail server is set."""
    return any(f".{name}." in settings.EMAIL_BACKEND for name in NO_SERVER)


def _apps(district: District) -> list[tuple[str, str]]:
    apps = ImportApp.objects.of(district).order_by("pk")
    return [(app.kind, app.get_kind_display()) for app in apps]


def _form(district: District) -> NotificationsForm:
    saved = settings_of(district)
    initial: dict[str, Any] = {EXPECTED + one.app: one.hours for one in ExpectedDelivery.objects.of(district)}
    initial |= {"groups": [name for name, is_on in district_groups(saved).items() if is_on]}
    initial |= {name: getattr(saved, name) for name in ("digest_on", "digest_hour", "reminder_hours")}
    return NotificationsForm(initial=initial, apps=_apps(district), zone=district.time_zone)


def _page(request: DistrictRequest, form: NotificationsForm, status: int = 200) -> HttpResponse:
    is_owner = request.membership.can_administer
    context: dict[str, Any] = {
        "tabs": tabs("notifications"),
        "form": form,
        "groups": [(group, group.name in (form["groups"].value() or []), _who(group)) for group in GROUPS],
        "prints_mail": prints_mail(),
    }
    if is_owner:
        shown = FAILED if request.GET.get("show") == FAILED else ""
        log = Paginator(delivery_log(request.district, shown), PAGE_ROWS).get_page(request.GET.get("page"))
        context |= {"page": log, "shown": shown, "failed": delivery_log(request.district, FAILED).count()}
        context |= {"webhooks": Webhook.objects.of(request.district).count()}
    return render(request, "administration/notifications.html", context, status=status)


def _who(group: Group) -> str:
    """Whom a group goes to, by kind where that differs: "Owners and approvers"."""
    if group.is_silent:
        return ""
    said = {kind.roles for kind in MAILED if kind.group == group.name}
    words = " and ".join(f"{role.label.lower()}s" for role in Role if role in roles_of(group.name))
    return f"To {words}." if len(said) == 1 else f"To {words}; the end of the rollover to owners only."

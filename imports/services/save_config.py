"""Store a new version of an app's configuration."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.audit import record_event
from imports.config import merge_document, without_sign_ins
from imports.config_parser import parse_config
from imports.models import ConfigVersion, ImportApp, LandingZone
from imports.schedule import read_schedule
from imports.selectors.delivered import known_headers


@transaction.atomic
def save_config(*, app: ImportApp, document: Mapping[str, Any], by: User | None, note: str = "") -> ConfigVersion:
    """Check the document over the defaults and make it the app's configuration; an equal one makes no new version.

    Sign-ins that it names are checked, and left to who asked: no version keeps them. What another schedule would have run before now is never run.

    Raises:
        ConfigRefused: with the path of every fault; nothing is changed.
    """
    app = ImportApp.unscoped.select_for_update(no_key=True).get(pk=app.pk)
    whole = merge_document(document, app.kind)
    parse_config(whole, app.kind, known_headers(app))
    whole = without_sign_ins(whole)
    if app.configured_at is None:
        app.configured_at = timezone.now()
        app.save(update_fields=["configured_at"])
    if app.config is not None and app.config.document == whole:
        return app.config
    is_rescheduled = read_schedule(whole) != (read_schedule(app.config.document) if app.config else None)
    number = (app.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    version = ConfigVersion.objects.create(district=app.district, app=app, number=number, document=whole, created_by=by, note=note[:200])
    app.config = version
    app.save(update_fields=["config"])
    if is_rescheduled:
        _begin_schedule(app)
    record_event(district=app.district, action="config.saved", by=by, target=app.get_kind_display(), version=number, note=note)
    return version


def _begin_schedule(app: ImportApp) -> None:
    """Another schedule holds from now on; what the one before had due and was not begun is dropped with it."""
    zones = LandingZone.objects.of(app.district_id).filter(app=app)
    zones.update(schedule_settled=timezone.now(), schedule_zone=app.district.time_zone, schedule_due=None)

"""Activate an import app for a district."""

from django.db import transaction

from accounts.models import District, User
from accounts.services.audit import record_event
from imports.config import default_document
from imports.models import ConfigVersion, ImportApp
from imports.services.landing_zone import ensure_zone


@transaction.atomic
def activate_app(*, district: District, kind: str, by: User | None) -> ImportApp:
    """Make the app with the default configuration, unless it is active already."""
    app, is_new = ImportApp.objects.of(district).get_or_create(kind=kind, defaults={"district": district, "activated_by": by})
    if is_new or app.config is None:
        app.config = ConfigVersion.objects.create(
            district=district, app=app, number=1, document=default_document(kind), created_by=by, note="Defaults"
        )
        app.save(update_fields=["config"])
        record_event(district=district, action="app.activated", by=by, target=app.get_kind_display())
    if app.kind == ImportApp.Kind.SFTP:
        ensure_zone(app)
    return app

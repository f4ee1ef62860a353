"""The landing zone that an SFTP app has from the moment it is activated; nobody can sign in before a password or a key is set."""

from django.db import IntegrityError, transaction

from imports.models import ImportApp, LandingZone
from imports.zone import Zone

_MOST_NAMES = 1000


def ensure_zone(app: ImportApp) -> LandingZone:
    """The app's landing zone, with its folders; made with a free user name like the district's slug if there is none."""
    zone = LandingZone.objects.of(app.district_id).filter(app=app).first() or _create(app)
    Zone(zone.pk).create()
    return zone


def _create(app: ImportApp) -> LandingZone:
    slug = app.district.slug[:50]
    for number in range(1, _MOST_NAMES):
        username = slug if number == 1 else f"{slug}-{number}"
        if LandingZone.unscoped.filter(username=username).exists():
            continue
        try:
            with transaction.atomic():
                return LandingZone.objects.create(district=app.district, app=app, username=username)
        except IntegrityError:  # taken a moment ago, or the app has its zone by now
            if zone := LandingZone.objects.of(app.district_id).filter(app=app).first():
                return zone
    raise RuntimeError(f"There is no free user name like {slug}.")

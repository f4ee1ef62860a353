"""A landing zone that a key may sign in to: what the measurement of the SFTP server needs of the database."""

from pathlib import Path

from accounts.services.create_district import create_district
from benchmarks.results import Measurement
from benchmarks.sftp_servers import USERNAME
from imports.models import LandingKey, LandingZone
from imports.services.activate_app import activate_app
from imports.services.landing_zone import ensure_zone


def make_zone(folder: Path) -> Measurement:
    """Make the tables, a district, and its zone; `key.pub` in the folder may sign in. Not timed."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    district, owner = create_district(slug=USERNAME, name="Benchmark district", admin_email="bench@example.org", password=None)
    zone = ensure_zone(activate_app(district=district, kind="sftp", by=owner))
    LandingZone.objects.of(district).filter(pk=zone.pk).update(username=USERNAME, sign_in=LandingZone.SignIn.KEY)
    kind, blob = (folder / "key.pub").read_text(encoding="utf-8").split()[:2]
    LandingKey.objects.create(district=district, zone=zone, line=f"{kind} {blob}", fingerprint="SHA256:bench")
    return Measurement(rows=0, seconds=0, cpu_seconds=0, facts={"zone": zone.pk})

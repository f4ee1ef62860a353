"""A migrated database with one district whose CSV Upload app is active and takes every missing school as new."""

from django.core.management import call_command

from accounts.services.create_district import create_district
from benchmarks.results import Measurement
from imports.services.activate_app import activate_app
from imports.services.save_config import save_config


def prepare() -> Measurement:
    """Make the tables and the district; not timed."""
    call_command("migrate", verbosity=0)
    district, owner = create_district(slug="bench", name="Benchmark district", admin_email="bench@example.org", password=None)
    app = activate_app(district=district, kind="csv_upload", by=owner)
    save_config(app=app, document={"schools": {"all_missing_as_new": True}}, by=owner)
    return Measurement(rows=0, seconds=0, cpu_seconds=0)

"""`manage.py configure_import`: an import app's configuration as a JSON document."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import District
from imports.config import ConfigRefused, default_document
from imports.documents import write_document
from imports.management.config_file import read_config_file, say_refused
from imports.management.working import FAILED, find_district
from imports.models import ImportApp
from imports.selectors.sign_in import with_sign_in
from imports.services.activate_app import activate_app
from imports.services.configure_sftp import configure_sftp
from imports.services.save_config import save_config


class Command(BaseCommand):
    help = "Activates an import app and configures it from a JSON document, or shows the present one in the same form."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the district")
        parser.add_argument("--app", default=ImportApp.Kind.CSV_UPLOAD, choices=ImportApp.Kind.values, help="the app (default csv_upload)")
        parser.add_argument("--file", metavar="CONFIG.json", help="the document; what it leaves out gets its default; - is standard input")
        parser.add_argument("--show", action="store_true", help="print the whole configuration as JSON; passwords are never printed")

    def handle(self, *args: Any, **options: Any) -> None:
        district = find_district(options["slug"])
        if not options["file"] and not options["show"]:
            raise CommandError("Say what to do: --file CONFIG.json to configure the app, --show to print its configuration.")
        if options["file"]:
            self._save(district, options["app"], read_config_file(options["file"]), is_quiet=options["show"])
        if options["show"]:
            self._show(district, options["app"])

    def _save(self, district: District, kind: str, document: Any, *, is_quiet: bool) -> None:
        try:
            with transaction.atomic():
                app = activate_app(district=district, kind=kind, by=None)
                save = configure_sftp if kind == ImportApp.Kind.SFTP else save_config
                version = save(app=app, document=document, by=None, note="From the command line")
        except ConfigRefused as refusal:
            say_refused(refusal, self.stderr)
            sys.exit(FAILED)
        if not is_quiet:
            self.stdout.write(f"{app.get_kind_display()} of {district.slug} is configured (version {version.number}).")

    def _show(self, district: District, kind: str) -> None:
        app = ImportApp.objects.of(district).select_related("config").filter(kind=kind).first()
        if app is None or app.config is None:
            self.stderr.write(f"{ImportApp.Kind(kind).label} is not activated yet. These are the defaults.")
        document = app.config.document if app is not None and app.config is not None else default_document(kind)
        self.stdout.write(write_document(with_sign_in(app, document) if app is not None else document, kind))

"""`manage.py simulate_import`: the full report of an import that is not carried out."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import District
from imports.config import ConfigRefused, merge_document
from imports.config_parser import parse_config
from imports.management.config_file import read_config_file, say_refused
from imports.management.files import given_files
from imports.management.sync_text import error_lines, problem_entry, report_text
from imports.management.working import FAILED, exit_code, find_district, work_through
from imports.models import Delivery, ImportApp, Sync
from imports.selectors.delivered import known_headers
from imports.selectors.report import sync_report
from imports.selectors.sync_inputs import required_files
from imports.services.last_files import last_files
from imports.services.receive_delivery import DeliveryRefused, Upload, receive_delivery
from imports.services.simulate import start_simulation
from imports.states import State


class Command(BaseCommand):
    help = (
        "Works a delivery under a configuration and prints the report of the import; nothing is applied. "
        "Exit 0: it would be completed or change nothing; 2: it would be held or need schools to be mapped; 1: failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the district")
        parser.add_argument(
            "paths", nargs="*", type=Path, metavar="PATH", help="a zip, a folder, or CSV files (default: the app's files as they came last)"
        )
        parser.add_argument("--app", default=ImportApp.Kind.CSV_UPLOAD, choices=ImportApp.Kind.values, help="the app (default csv_upload)")
        parser.add_argument("--file", metavar="CONFIG.json", help="the configuration (default: the present one); - is standard input")
        parser.add_argument("--json", action="store_true", help="print the report as JSON, and nothing else on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        district = find_district(options["slug"])
        app = _find_app(district, options["app"])
        document = read_config_file(options["file"]) if options["file"] else None
        try:
            if document is not None:
                # Headers of new files are not known yet; the files themselves show them.
                parse_config(merge_document(document, app.kind), app.kind, None if options["paths"] else known_headers(app))
            sync = self._start(app, document, options["paths"], as_json=options["json"])
        except ConfigRefused as refusal:
            say_refused(refusal, self.stderr)
            sys.exit(FAILED)
        self._finish(work_through(sync, say=self.stderr.write), as_json=options["json"])

    def _start(self, app: ImportApp, document: Mapping[str, Any] | None, paths: Sequence[Path], *, as_json: bool) -> Sync:
        delivery = self._receive(app, paths, as_json=as_json) if paths else _last_delivery(app)
        return start_simulation(app=app, delivery=delivery, document=document, by=None, wake=False)

    def _receive(self, app: ImportApp, paths: Sequence[Path], *, as_json: bool) -> Delivery:
        """Store the files for the simulation alone; they go with it when it is tidied away."""
        files = given_files(paths)
        for remark in files.remarks:
            self.stderr.write(remark)
        try:
            uploads = [Upload(path.name, path) for path in files.paths]
            required = required_files(app)
            return receive_delivery(app=app, uploads=uploads, source=Delivery.Source.COMMAND, by=None, required=required)
        except DeliveryRefused as refusal:
            errors = [problem_entry(problem) for problem in refusal.problems]
            if as_json:
                self.stdout.write(json.dumps({"state": State.FAILED.value, "simulated": True, "errors": errors}))
            self.stderr.write("\n".join(error_lines(errors, "The delivery was refused, and nothing was changed. Faults")))
            sys.exit(FAILED)

    def _finish(self, sync: Sync, *, as_json: bool) -> None:
        report = sync_report(sync)
        self.stdout.write(json.dumps(report) if as_json else report_text(report))
        if sync.would_end == State.NEEDS_SCHOOL_MAPPING:
            names = ", ".join(str(school["name"] or school["source_id"]) for school in sync.detail.unmapped[:10])
            self.stderr.write(
                f"An import would wait: {len(sync.detail.unmapped):,} schools are not mapped yet ({names}). "
                'Map them, or simulate with a configuration that has "schools": {"all_missing_as_new": true}.'
            )
        elif sync.would_end == State.HELD:
            self.stderr.write(f"An import would be held: {sync.hold_detail}")
        elif sync.state == State.FAILED:
            self.stderr.write(f"Simulation {sync.pk} failed, and nothing was changed. {sync.failure}")
        if code := exit_code(sync):
            sys.exit(code)


def _find_app(district: District, kind: str) -> ImportApp:
    app = ImportApp.objects.of(district).filter(kind=kind).exclude(config=None).select_related("config", "district").first()
    if app is None:
        raise CommandError(
            f"{ImportApp.Kind(kind).label} is not activated in the district {district.slug}, and a simulation changes nothing, so it does not "
            "activate it. Activate it in the Application Gallery, or with: "
            f"manage.py configure_import {district.slug} --app {kind} --file CONFIG.json."
        )
    return app


def _last_delivery(app: ImportApp) -> Delivery:
    try:
        found = last_files(app)
    except DeliveryRefused as refusal:
        raise CommandError(str(refusal)) from refusal
    if found is None:
        kind = "" if app.kind == ImportApp.Kind.CSV_UPLOAD else f" --app {app.kind}"
        raise CommandError(f"Nothing was delivered to {app} yet. Name the files: manage.py simulate_import {app.district.slug}{kind} PATH.")
    return found

"""`manage.py import_roster`: one delivery, from files to its end, in this process."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imports.management.files import given_files
from imports.management.sync_text import error_lines, problem_entry, report_text
from imports.management.working import FAILED, exit_code, find_district, work_through
from imports.models import Delivery, ImportApp, LandingRun, Sync
from imports.selectors.landing import required_files
from imports.selectors.report import sync_report
from imports.services.activate_app import activate_app
from imports.services.decide_sync import DecisionRefused
from imports.services.map_schools import auto_map
from imports.services.receive_delivery import DeliveryRefused, Upload, receive_delivery
from imports.services.run_landing import attempt_run
from imports.services.start_sync import check_not_suspended, start_sync
from imports.states import State


class Command(BaseCommand):
    help = "Imports one delivery: a zip, a folder, or CSV files. Exit 0: completed or no changes; 2: held or schools to map; 1: failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the district")
        parser.add_argument(
            "paths",
            nargs="*",
            type=Path,
            metavar="PATH",
            help="a zip, a folder, or CSV files (SFTP without any: what waits in the landing zone)",
        )
        parser.add_argument("--app", default=ImportApp.Kind.CSV_UPLOAD, choices=ImportApp.Kind.values, help="the app (default csv_upload)")
        parser.add_argument("--auto-map-schools", action="store_true", help="answer Schools Mapping with Auto Mapping")
        parser.add_argument("--json", action="store_true", help="print the sync report as JSON, and nothing else on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        district = find_district(options["slug"])
        if not options["paths"] and options["app"] != ImportApp.Kind.SFTP:
            raise CommandError("Name a zip, a folder or CSV files. Only --app sftp does without: it takes what waits in the landing zone.")
        files = given_files(options["paths"])
        for remark in files.remarks:
            self.stderr.write(remark)
        app = activate_app(district=district, kind=options["app"], by=None)
        try:
            started = self._deliver(app, files.paths) if options["paths"] else self._take_waiting(app)
        except DeliveryRefused as refusal:
            self._refuse(refusal, as_json=options["json"])
        sync = work_through(started, say=self.stderr.write)
        if sync.state == State.NEEDS_SCHOOL_MAPPING and options["auto_map_schools"]:
            sync = self._map_schools(sync)
        self._finish(sync, as_json=options["json"])

    def _deliver(self, app: ImportApp, paths: Sequence[Path]) -> Sync:
        """Queue a sync over files of this machine."""
        check_not_suspended(app.district)
        uploads = [Upload(path.name, path) for path in paths]
        delivery = receive_delivery(app=app, uploads=uploads, source=Delivery.Source.COMMAND, by=None, required=required_files(app))
        return start_sync(delivery=delivery, by=None, wake=False)

    def _take_waiting(self, app: ImportApp) -> Sync:
        """Queue a sync over what waits in the landing zone."""
        attempt = attempt_run(app=app, reason=LandingRun.Reason.COMMAND, wake=False)
        if attempt.run.sync is None:
            raise DeliveryRefused(list(attempt.problems))
        self.stderr.write(attempt.run.outcome)
        return attempt.run.sync

    def _refuse(self, refusal: DeliveryRefused, *, as_json: bool) -> None:
        errors = [problem_entry(problem) for problem in refusal.problems]
        if as_json:
            self.stdout.write(json.dumps({"state": State.FAILED.value, "errors": errors}))
        self.stderr.write("\n".join(error_lines(errors, "The delivery was refused, and nothing was changed. Faults")))
        sys.exit(FAILED)

    def _map_schools(self, sync: Sync) -> Sync:
        try:
            auto_map(sync=sync, by=None, wake=False)
        except DecisionRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        return work_through(sync, say=self.stderr.write)

    def _finish(self, sync: Sync, *, as_json: bool) -> None:
        report = sync_report(sync)
        self.stdout.write(json.dumps(report) if as_json else report_text(report))
        if sync.state == State.NEEDS_SCHOOL_MAPPING:
            names = ", ".join(str(school["name"] or school["source_id"]) for school in sync.detail.unmapped[:10])
            self.stderr.write(
                f"Sync {sync.pk} waits: {len(sync.detail.unmapped):,} schools are not mapped yet ({names}). "
                "Map them in the portal, or import again with --auto-map-schools."
            )
        elif sync.state == State.HELD:
            self.stderr.write(
                f"Sync {sync.pk} is held: {sync.hold_detail} "
                f"Decide with: manage.py sync {sync.district.slug} {sync.pk} --approve or --reject."
            )
        elif sync.state == State.FAILED:
            self.stderr.write(f"Sync {sync.pk} failed, and nothing was changed. {sync.failure}")
        if code := exit_code(sync):
            sys.exit(code)

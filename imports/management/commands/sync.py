"""`manage.py sync`: show a sync's report, or decide a held sync."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import District
from imports.forms import ReasonForm
from imports.management.sync_text import report_text
from imports.management.working import exit_code, find_district, work_through
from imports.models import Sync
from imports.selectors.report import sync_report
from imports.services.decide_sync import DecisionRefused, approve_sync, reject_sync
from imports.services.rollback import RollbackRefused, start_rollback
from imports.states import State


class Command(BaseCommand):
    help = "Prints the report of a sync (the latest without an ID); approves or rejects a held one or rolls a completed one back first, if asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the district")
        parser.add_argument("id", nargs="?", type=int, metavar="ID", help="the sync (default: the latest)")
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--approve", action="store_true", help="apply a held sync, in this process")
        decision.add_argument("--reject", action="store_true", help="put a held sync aside; the live roster stays as it is")
        decision.add_argument("--rollback", action="store_true", help="undo a completed sync by a new one, applied in this process")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
        parser.add_argument("--json", action="store_true", help="print the report as JSON, and nothing else on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        form = ReasonForm({"reason": options["reason"]})
        if not form.is_valid():
            raise CommandError(" ".join(map(str, form.errors["reason"])))
        sync, reason = self._find(find_district(options["slug"]), options["id"]), form.cleaned_data["reason"]
        try:
            if options["approve"]:
                approve_sync(sync=sync, by=None, reason=reason, wake=False)
            elif options["reject"]:
                reject_sync(sync=sync, by=None, reason=reason)
            elif options["rollback"]:
                sync = self._roll_back(sync, reason)
        except (DecisionRefused, RollbackRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["approve"]:
            sync = work_through(sync, say=self.stderr.write)
        sync.refresh_from_db()
        report = sync_report(sync)
        self.stdout.write(json.dumps(report) if options["json"] else report_text(report))
        if options["approve"] and (code := exit_code(sync)):
            sys.exit(code)

    def _roll_back(self, sync: Sync, reason: str) -> Sync:
        """Work the rollback out, and apply it as it is then; returns the sync that did it."""
        rollback = start_rollback(sync=sync, by=None, reason=reason, wake=False)
        while (rollback := work_through(rollback, say=self.stderr.write)).state == State.HELD:
            approve_sync(sync=rollback, by=None, reason=reason, wake=False)
        return rollback

    @staticmethod
    def _find(district: District, sync_id: int | None) -> Sync:
        syncs = Sync.objects.all_of(district) if sync_id else Sync.objects.of(district)  # the latest is never a simulation
        syncs = syncs.select_related("app", "district", "detail").order_by("-pk")
        sync = syncs.filter(pk=sync_id).first() if sync_id else syncs.first()
        if sync is None:
            which = f"There is no sync {sync_id}" if sync_id else "There is no sync yet"
            raise CommandError(f"{which} in the district {district.slug}.")
        return sync

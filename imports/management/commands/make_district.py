"""`manage.py make_district`: a believable synthetic district as OneRoster files."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synthetic import write_district


class Command(BaseCommand):
    help = "Writes an invented district as OneRoster 1.1 CSVs and OneRoster.zip. The same arguments give the same bytes."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--students", type=int, required=True, metavar="N", help="how many students the district has")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, another district (default 1)")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write to; made if needed")
        parser.add_argument("--next-day", type=int, default=0, metavar="N", help="the same district N school days later")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = write_district(options["out"], students=options["students"], seed=options["seed"], day=options["next_day"])
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_dict(), ensure_ascii=False))
            return
        counts = ", ".join(f"{rows:,} {file}" for file, rows in summary.rows.items())
        day = f" on day {summary.day}" if summary.day else ""
        self.stdout.write(f"{summary.total_rows:,} rows{day} in {summary.out}: {counts}.")

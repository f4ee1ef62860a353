"""`manage.py validate_roster`: check files against the OneRoster standard; nothing is stored."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand

from imports.files import limits
from imports.management.files import given_files
from imports.management.sync_text import error_lines, problem_entry
from imports.validate import Validation, validate_files


class Command(BaseCommand):
    help = "Checks files against the OneRoster standard and stores nothing. Exit 0: no errors (warnings allowed); 1: errors."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a zip, a folder, or CSV files")
        parser.add_argument("--json", action="store_true", help="print files, errors, warnings and counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        files = given_files(options["paths"])
        for remark in files.remarks:
            self.stderr.write(remark)
        with TemporaryDirectory(prefix="validate-") as scratch:
            found = validate_files(files.paths, Path(scratch), limits())
        self.stdout.write(json.dumps(_as_dict(found)) if options["json"] else _as_text(found))
        if found.error_count:
            sys.exit(1)


def _as_dict(found: Validation) -> dict[str, Any]:
    return {
        "files": found.files,
        "errors": [problem_entry(problem) for problem in found.errors],
        "warnings": [problem_entry(problem) for problem in found.warnings],
        "counts": {"rows": _rows(found), "errors": found.error_count, "warnings": found.warning_count, "by_code": found.by_code},
    }


def _rows(found: Validation) -> int:
    return sum(int(str(file["rows"])) for file in found.files)


def _as_text(found: Validation) -> str:
    lines = [f"{_rows(found):,} rows in {len(found.files)} files: {found.error_count:,} errors, {found.warning_count:,} warnings."]
    for title, problems in (("Errors", found.errors), ("Warnings", found.warnings)):
        if problems:
            lines += ["", *error_lines([problem_entry(problem) for problem in problems], title)]
    return "\n".join(lines)

"""The measuring process: `python -m benchmarks.child JOB RESULT [FOLDER]`.

All modules are loaded before its clock starts, as in a worker.
"""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import django

from benchmarks.results import Measurement

JOBS = {
    "prepare": ("prepare", "prepare"),
    "limit": ("limit", "load_raw"),
    "import": ("portal", "import_files"),
    "live_counts": ("live_counts", "count_live"),
    "safety": ("safety", "review_and_undo"),
    "sftp_zone": ("sftp", "make_zone"),
    "timeline": ("timeline", "read_timelines"),
    "update_or_create": ("others", "by_update_or_create"),
    "import_export": ("others", "by_import_export"),
    "import_export_bulk": ("others", "by_import_export_in_bulk"),
}


def main(job: str, result: str, *folder: str) -> None:
    """Do the job and write its measurement into the file `result`."""
    django.setup()
    from imports.memory import peak_memory_mb

    module, function = JOBS[job]
    measured: Measurement = getattr(import_module(f"benchmarks.jobs.{module}"), function)(*(Path(one) for one in folder))
    Path(result).write_text(replace(measured, peak_mb=peak_memory_mb() or 0.0).to_json(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Run the suite on both databases, side by side: `python -m scripts.run_tests [all|browser] [pytest arguments…]`.

The output of a run is shown whole when it failed, else only its closing lines.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from scripts.services import services

CLOSING_LINES = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest."""

    name: str
    arguments: list[str]
    variables: dict[str, str]


def plan(what: str, variables: dict[str, str], extra: list[str]) -> list[Run]:
    """Return the runs: everything on SQLite, on PostgreSQL all that an engine can change, and what drives the browser, with SQLite.

    Two of them run side by side; the third begins when one has ended.
    """
    postgresql = variables | {"DATABASE_URL": variables["PORTAL_TEST_DATABASE_URL"]}
    if what == "browser":
        return [Run("browser", ["-m", "browser", *extra], variables)]
    return [
        Run("SQLite", ["-m", "not postgres_only and not browser", *extra], variables),
        Run("PostgreSQL", ["-m", "not no_database and not browser", *extra], postgresql),
        Run("browser", ["-m", "browser", *extra], variables),
    ]


def execute(run: Run) -> tuple[Run, int, str, float]:
    """Run pytest; return its exit status, its output and the seconds it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *run.arguments]
    result = subprocess.run(  # noqa: S603
        command, env=os.environ | run.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return run, result.returncode, result.stdout, time.monotonic() - started


def main(arguments: list[str]) -> int:
    """Run what was asked for; return 0 only when every run passed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the services are stopped
    what, extra = (arguments[0] if arguments else "all"), arguments[1:]
    failed = []
    with services() as variables, ThreadPoolExecutor(max_workers=2) as pool:
        for run, status, output, seconds in pool.map(execute, plan(what, variables, extra)):
            shown = output if status else "\n".join(output.strip().splitlines()[-CLOSING_LINES:])
            print(f"===== {run.name}: {'FAILED' if status else 'passed'} in {seconds:.0f} s =====\n{shown}", flush=True)  # noqa: T201
            if status:
                failed.append(run.name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

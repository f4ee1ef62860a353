"""Run the suite on both databases, side by side: `python -m scripts.run_tests [all|browser] [pytest arguments…]`.

The output of a run is shown whole when it failed, else only its slowest tests and its closing lines.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from scripts.services import services

CLOSING_LINES = 3
NOTHING_TO_DO = 5  # pytest's status where none of the named tests belongs to the run
SLOWEST = ["--durations=10", "--durations-min=1"]
AT_ONCE = 3  # on two cores: a run that waits for a process of its own leaves its core to the others
# Each engine's tests are several runs of about the same length, so that both cores are busy to the end: these folders, and all others.
WORK = ("tests/integration/worker", "tests/integration/pipeline")
SFTP = tuple(f"tests/integration/{name}" for name in ("sftp_server", "sftp_config", "landing", "schedule"))
PURE = ("tests/unit", "tests/property")  # next to none of them asks for a database, so on PostgreSQL they are among the others


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest."""

    name: str
    arguments: list[str]
    variables: dict[str, str]


def plan(what: str, variables: dict[str, str], extra: list[str]) -> list[Run]:
    """Return the runs, the longest first: everything on SQLite, on PostgreSQL all that an engine can change, and what drives the browser, with SQLite.

    Whoever names tests has one run for each.
    """
    postgresql = variables | {"DATABASE_URL": variables["PORTAL_TEST_DATABASE_URL"]}
    # Runs side by side on one server need databases of different names.
    aside = variables | {"DATABASE_URL": variables["PORTAL_TEST_DATABASE_URL"].replace("/portal?", "/aside?")}
    browser = Run("browser", ["-m", "browser", *extra], variables)
    if what == "browser":
        return [browser]
    on_sqlite, on_postgresql = ["-m", "not postgres_only and not browser"], ["-m", "not no_database and not browser"]
    if extra:
        return [Run("SQLite", [*on_sqlite, *extra], variables), Run("PostgreSQL", [*on_postgresql, *extra], postgresql), browser]
    return [
        Run("SQLite, pages and commands", [*on_sqlite, *without(*WORK, *SFTP, *PURE)], variables),
        Run("PostgreSQL, all but worker and pipeline", [*on_postgresql, *without(*WORK)], aside),
        Run("PostgreSQL, worker and pipeline", [*on_postgresql, *WORK], postgresql),
        Run("SQLite, worker and pipeline", [*on_sqlite, *WORK], variables),
        browser,
        Run("SQLite, units and properties", [*on_sqlite, *PURE], variables),
        Run("SQLite, SFTP", [*on_sqlite, *SFTP], variables),
    ]


def without(*folders: str) -> list[str]:
    """Return the arguments that leave folders out; whatever is in none of the named ones is in the run that leaves them out."""
    return [f"--ignore={folder}" for folder in folders]


def execute(run: Run) -> tuple[Run, int, str, float]:
    """Run pytest; return its exit status, its output and the seconds it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *SLOWEST, *run.arguments]
    result = subprocess.run(  # noqa: S603
        command, env=os.environ | run.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return run, result.returncode, result.stdout, time.monotonic() - started


def closing(output: str) -> str:
    """Return what is of interest of a run that passed: its slowest tests and its closing lines."""
    lines = output.strip().splitlines()
    slowest = next((at for at, line in enumerate(lines) if line.startswith("=") and "slowest" in line), len(lines))
    return "\n".join(lines[min(slowest, len(lines) - CLOSING_LINES) :])


def main(arguments: list[str]) -> int:
    """Run what was asked for; return 0 only when every run passed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the services are stopped
    what, extra = (arguments[0] if arguments else "all"), arguments[1:]
    failed = []
    with services() as variables, ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for done in as_completed([pool.submit(execute, run) for run in plan(what, variables, extra)]):
            run, status, output, seconds = done.result()
            status = 0 if extra and status == NOTHING_TO_DO else status
            shown = output if status else closing(output)
            print(f"===== {run.name}: {'FAILED' if status else 'passed'} in {seconds:.0f} s =====\n{shown}", flush=True)  # noqa: T201
            if status:
                failed.append(run.name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

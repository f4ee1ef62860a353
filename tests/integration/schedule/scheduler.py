"""A scheduler process of its own: looks once at a given moment, and may be killed at a point that is named, as if the machine had lost power.

python -m tests.integration.schedule.scheduler MOMENT [POINT]
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

import django

WAIT = "wait"  # no kill: it is slow while it has the slot in hand
POINTS = {
    "taken": ("imports.services.run_schedule", "run_landing", "before"),  # the slot is taken, nothing is run
    "moved": ("imports.services.run_landing", "keep_files", "before"),  # files are in the batch
    "stored": ("imports.services.run_landing", "record_delivery", "before"),  # within the transaction
    "recorded": ("imports.services.run_landing", "_finish", "before"),  # committed, files not archived yet
    "run": ("imports.services.run_schedule", "run_landing", "after"),  # all is done but for the memory
}


def die(name: str, function: Callable[..., Any], when: str) -> Callable[..., Any]:
    """The function, and the end of this process before or after it."""

    def dying(*args: Any, **options: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        function(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    dying.__name__ = name
    return dying


def main(moment: str, point: str = "") -> None:
    """Look once."""
    django.setup()
    if point == WAIT:
        module = import_module("imports.services.run_schedule")
        attempt = module.run_landing

        def slow(**options: Any) -> Any:
            time.sleep(1)
            return attempt(**options)

        module.run_landing = slow
    elif point:
        place, name, when = POINTS[point]
        module = import_module(place)
        setattr(module, name, die(name, getattr(module, name), when))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    runs = import_module("imports.services.run_schedule").run_due(datetime.fromisoformat(moment))
    sys.stdout.write(f"{len(runs)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A program that reads lines "app-id step", forks a process for each that runs the app's landing zone and kills itself at that step, and answers when it is dead."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django

STEPS = {  # name -> (module, attribute, how often it is called before, whether the kill comes after it)
    "before the first move": ("imports.services.batches", "Batch.take", 0, False),
    "between two moves": ("imports.services.batches", "Batch.take", 3, True),
    "after the last move": ("imports.services.run_landing", "keep_files", 0, False),
    "half stored": ("imports.services.receive_delivery", "store", 2, True),
    "stored": ("imports.services.run_landing", "keep_files", 0, True),
    "in the transaction": ("imports.services.run_landing", "_settle", 0, True),
    "at its end": ("imports.services.run_landing", "_record", 0, True),
    "committed": ("imports.services.run_landing", "_finish", 0, False),
    "between two receipts": ("imports.services.batches", "write_receipt", 2, True),
    "archived": ("imports.services.run_landing", "finish_batch", 0, True),
}


def _kills(real: Callable[..., Any], calls: int, *, after: bool) -> Callable[..., Any]:
    count = [0]

    def call(*args: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] <= calls:
            return real(*args, **options)
        if after:
            real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return call


def arm(step: str) -> None:
    """Make this process kill itself at a step."""
    module, name, calls, after = STEPS[step]
    place: Any = import_module(module)
    *path, last = name.split(".")
    for part in path:
        place = getattr(place, part)
    setattr(place, last, _kills(getattr(place, last), calls, after=after))


def main() -> None:
    """Load everything, then fork for each line."""
    django.setup()
    run_landing = import_module("imports.services.run_landing").run_landing
    models = import_module("imports.models")
    for line in sys.stdin:
        app_id, _, step = line.strip().partition(" ")
        pid = os.fork()
        if pid == 0:
            try:
                arm(step)
                run_landing(app=models.ImportApp.unscoped.get(pk=app_id), reason="manual", wake=False)
            except BaseException:  # noqa: BLE001 - the log is looked at
                traceback.print_exc()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else 'lived'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

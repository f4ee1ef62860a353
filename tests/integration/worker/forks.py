"""A program that reads numbers of syncs, a line each, forks a worker process for each, and answers with the id of that process."""

import os
import signal
import sys
import traceback
from importlib import import_module

import django


def main() -> None:
    """Load everything, then fork for each line."""
    django.setup()
    run_sync = import_module("imports.services.run_sync").run_sync
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is no zombie
    for line in sys.stdin:
        pid = os.fork()
        if pid:
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            run_sync(int(line), wakes_next=False)
        except BaseException:  # noqa: BLE001 - the log is looked at
            traceback.print_exc()
        finally:
            os._exit(0)


if __name__ == "__main__":
    main()

"""Worker processes that are there at once: a process that has everything loaded forks one for each sync, as the pool of a real worker does.

Run as a program it reads numbers of syncs, a line each, and answers each with the id of the process that works it.
"""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-m", "tests.integration.worker.nursery"]


class Nursery:
    """The test's side of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def work(self, sync_id: int) -> int:
        """Let a new process take the sync. Returns the id of the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{sync_id}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def open_nursery(env: dict[str, str], log: Path) -> Iterator[Nursery]:
    """A nursery while the block runs; afterwards nothing of it is left."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            COMMAND, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
        try:
            yield Nursery(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def main() -> None:
    """Load everything, then fork for each line."""
    import django

    django.setup()
    from imports.services.run_sync import run_sync

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is no zombie
    for line in sys.stdin:
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            run_sync(int(line), wakes_next=False)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)


if __name__ == "__main__":
    main()

"""Worker processes that are there at once: a process that has everything loaded forks one for each sync, as the pool of a real worker does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.worker.processes import lives, wait_for

COMMAND = [sys.executable, "-m", "tests.integration.worker.forks"]


class Nursery:
    """The test's side of `forks`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._started: list[int] = []

    def work(self, sync_id: int) -> int:
        """Let a new process take the sync. Returns the id of the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{sync_id}\n")
        self._process.stdin.flush()
        self._started.append(int(self._process.stdout.readline()))
        return self._started[-1]

    def wait(self) -> None:
        """Wait until all processes have ended."""
        wait_for(lambda: not any(map(lives, self._started)), "the processes to end")


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

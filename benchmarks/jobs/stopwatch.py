"""Seconds and processor seconds of a block."""

import os
import time
from types import TracebackType


class Stopwatch:
    """`with Stopwatch() as watch:` leaves wall-clock seconds and the process's own user and system seconds."""

    def __enter__(self) -> "Stopwatch":
        self._cpu, self._wall = self._cpu_now(), time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.seconds = time.perf_counter() - self._wall
        self.cpu_seconds = self._cpu_now() - self._cpu

    @staticmethod
    def _cpu_now() -> float:
        times = os.times()
        return times.user + times.system

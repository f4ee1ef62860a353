"""One child process: started so that it dies with us, its output read line by line, restarted with growing patience."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = str(Path(__file__).with_name("launch.py"))
BACK_OFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
STEADY_SECONDS = 30  # a child that ran so long is well again
READ_BYTES = 65_536
LONGEST_LINE_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run and how it wants to be stopped."""

    name: str
    command: list[str]
    stop_signals: tuple[tuple[signal.Signals, float], ...]  # each signal with the seconds to wait after it; SIGKILL follows
    death_signal: signal.Signals = signal.SIGTERM  # what the kernel sends it when the supervisor is gone


@dataclass(slots=True)
class Child:
    """A running, or soon to be restarted, process of one spec."""

    spec: ChildSpec
    env: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None
    _pending: bytes = field(default=b"", repr=False)

    def start(self) -> None:
        """Start the program in a process group of its own, so that Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-I", "-S", LAUNCHER, str(int(self.spec.death_signal)), str(os.getpid()), *self.spec.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.env,
            cwd=self.folder,
            start_new_session=True,
        )
        assert self.process.stdout is not None  # noqa: S101 - given above
        os.set_blocking(self.process.stdout.fileno(), False)
        self.started_at = time.monotonic()
        self.restart_at = None
        self._pending = b""

    @property
    def is_running(self) -> bool:
        """Say whether the process lives."""
        return self.process is not None and self.process.poll() is None

    @property
    def output(self) -> int | None:
        """The descriptor its output is read from, None before the start."""
        return self.process.stdout.fileno() if self.process and self.process.stdout and not self.process.stdout.closed else None

    def read_lines(self, *, is_final: bool = False) -> list[str]:
        """Return the lines written since the last call; an unfinished one waits for its end, or for `is_final`."""
        if self.process is None or self.process.stdout is None or self.process.stdout.closed:
            return []
        while chunk := self._read_chunk(self.process.stdout.fileno()):
            self._pending += chunk
        *lines, self._pending = self._pending.split(b"\n")
        if self._pending and (is_final or len(self._pending) > LONGEST_LINE_BYTES):
            lines.append(self._pending)
            self._pending = b""
        if is_final:
            self.process.stdout.close()
        return [line.decode(errors="replace").rstrip() for line in lines]

    @staticmethod
    def _read_chunk(descriptor: int) -> bytes:
        try:
            return os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return b""

    def schedule_restart(self) -> float:
        """Set the time of the next start and return the seconds until then; each quick failure makes them more."""
        if time.monotonic() - self.started_at > STEADY_SECONDS:
            self.failures = 0
        delay = BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS) - 1)]
        self.failures += 1
        self.restart_at = time.monotonic() + delay
        return delay

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself, or SIGKILL to its whole group."""
        if self.process is None or not self.is_running:
            return
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

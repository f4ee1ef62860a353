"""Keep a set of children running until a signal says stop; one thread, one loop, no surprises."""

import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from portal.supervisor.child import Child, ChildSpec
from portal.supervisor.output import Output

TICK_SECONDS = 0.2


class StopRequestedError(Exception):
    """SIGINT or SIGTERM arrived while something was waited for."""


class Supervisor:
    """Starts children in order, watches them, and stops them in the reverse order."""

    def __init__(self, output: Output, env: Mapping[str, str], folder: Path) -> None:
        """Remember where lines go, and the children's environment and working folder."""
        self.output = output
        self.env = dict(env)
        self.folder = folder
        self.children: list[Child] = []
        self.stop_requests = 0

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Count SIGINT, SIGTERM and SIGHUP (the terminal was closed) as requests to stop while the block runs."""
        watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._request_stop) for number in watched}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requests += 1

    def start(self, spec: ChildSpec) -> Child:
        """Start a child that is restarted whenever it ends."""
        child = Child(spec, self.env, self.folder)
        self.children.append(child)
        child.start()
        return child

    def wait_until(self, is_true: Callable[[], bool], timeout_seconds: float) -> bool:
        """Watch the children until the condition holds; return False when it does not in time.

        Raises:
            StopRequestedError: a signal arrived meanwhile.
        """
        deadline = time.monotonic() + timeout_seconds
        while not is_true():
            if time.monotonic() > deadline:
                return False
            self.tick()
        return True

    def run_once(self, spec: ChildSpec) -> int:
        """Run a child to its end, watching the others, and return its exit status.

        Raises:
            StopRequestedError: a signal arrived meanwhile; the child is stopped with the others.
        """
        child = Child(spec, self.env, self.folder)
        child.start()
        self.children.append(child)
        try:
            while child.is_running:
                self.tick(transient=child)
            self._print(child, is_final=True)
        except StopRequestedError:
            self._stop_child(child)
            raise
        finally:
            self.children.remove(child)
        assert child.process is not None  # noqa: S101 - started above
        return child.process.returncode

    def watch(self) -> None:
        """Watch the children until a signal says stop."""
        try:
            while True:
                self.tick()
        except StopRequestedError:
            return

    def tick(self, transient: Child | None = None) -> None:
        """Pass lines on for a moment and restart what has ended.

        Args:
            transient: a child that may end.

        Raises:
            StopRequestedError: a signal has arrived.
        """
        if self.stop_requests:
            raise StopRequestedError
        self._pass_lines(TICK_SECONDS)
        for child in self.children:
            if child is transient or child.is_running:
                continue
            if child.restart_at is None:
                self._print(child, is_final=True)
                delay = child.schedule_restart()
                code = child.process.returncode if child.process else None
                self.output.line("portal", f"{child.spec.name} ended with status {code}; starting it again in {delay:g} s")
            elif time.monotonic() >= child.restart_at:
                child.start()

    def stop(self) -> None:
        """Stop the children, the last started first, each in its own way; a second signal makes it short."""
        for child in reversed(self.children):
            self._stop_child(child)
        self.children.clear()

    def _stop_child(self, child: Child) -> None:
        for number, seconds in child.spec.stop_signals:
            child.send(number)
            deadline = time.monotonic() + seconds
            while child.is_running and time.monotonic() < deadline and self.stop_requests < 2:
                self._pass_lines(0.05)
        if child.is_running:
            self.output.line("portal", f"{child.spec.name} does not stop; ending it")
            child.send(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        self._print(child, is_final=True)

    def _pass_lines(self, seconds: float) -> None:
        """Wait up to `seconds` for output of any child and pass it on."""
        with selectors.DefaultSelector() as selector:
            for child in self.children:
                if child.is_running and child.output is not None:
                    selector.register(child.output, selectors.EVENT_READ, child)
            if not selector.get_map():
                time.sleep(seconds)
            ready = selector.select(seconds)
        for key, _ in ready:
            self._print(key.data)

    def _print(self, child: Child, *, is_final: bool = False) -> None:
        for line in child.read_lines(is_final=is_final):
            self.output.line(child.spec.name, line)

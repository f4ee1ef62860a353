"""The supervisor's loop with small children of our own."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from portal.supervisor.child import BACK_OFF_SECONDS, Child, ChildSpec
from portal.supervisor.output import Output
from portal.supervisor.supervise import StopRequestedError, Supervisor

pytestmark = pytest.mark.no_database

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def spec(code: str, name: str = "one", patience_seconds: float = 2) -> ChildSpec:
    return ChildSpec(name, [sys.executable, "-I", "-S", "-c", code], stop_signals=((signal.SIGTERM, patience_seconds),))


@pytest.fixture
def supervisor():
    supervisor = Supervisor(Output(), os.environ, Path.cwd())
    yield supervisor
    supervisor.stop()


def wait_for_output(supervisor: Supervisor, capsys: pytest.CaptureFixture[str], text: str) -> str:
    seen = ""

    def has_come() -> bool:
        nonlocal seen
        seen += capsys.readouterr().out
        return text in seen

    assert supervisor.wait_until(has_come, 10), seen
    return seen


def test_lines_carry_the_name_of_their_process_also_the_last_unfinished_one(supervisor, capsys):
    assert supervisor.run_once(spec("print('first'); print('second', end='')", name="web")) == 0
    assert capsys.readouterr().out == "web    | first\nweb    | second\n"


def test_the_exit_status_of_a_single_run_is_returned(supervisor):
    assert supervisor.run_once(spec("raise SystemExit(7)")) == 7


def test_a_child_that_ends_is_started_again_and_the_reader_is_told(supervisor, capsys):
    supervisor.start(spec("print('hello')"))
    seen = wait_for_output(supervisor, capsys, "again in 1 s")
    assert "one ended with status 0; starting it again in 0.5 s" in seen
    assert seen.count("hello") == 2


def test_a_child_that_fails_quickly_again_and_again_is_started_ever_more_rarely():
    child = Child(spec("pass"), dict(os.environ), Path.cwd())
    child.started_at = time.monotonic()
    delays = [child.schedule_restart() for _ in range(len(BACK_OFF_SECONDS) + 1)]
    assert delays == [*BACK_OFF_SECONDS, BACK_OFF_SECONDS[-1]]
    child.started_at -= 60
    assert child.schedule_restart() == BACK_OFF_SECONDS[0]


def test_children_stop_in_the_reverse_order_of_their_start(supervisor, capsys):
    for name in ("broker", "worker", "web"):
        goodbye = f"import os, signal; signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'bye\\n'), os._exit(0))); {SLEEP}"
        supervisor.start(spec(goodbye, name, patience_seconds=20))
        wait_for_output(supervisor, capsys, "up")
    supervisor.stop()
    assert capsys.readouterr().out == "web    | bye\nworker | bye\nbroker | bye\n"


def test_a_child_that_ignores_the_signal_is_ended_after_its_time(supervisor, capsys):
    child = supervisor.start(spec(DEAF, patience_seconds=0.3))
    wait_for_output(supervisor, capsys, "up")
    started = time.monotonic()
    supervisor.stop()
    assert 0.3 <= time.monotonic() - started < 2
    assert child.process.returncode == -signal.SIGKILL
    assert "does not stop" in capsys.readouterr().out


def test_a_second_signal_makes_the_stop_short(supervisor, capsys):
    supervisor.start(spec(DEAF, patience_seconds=30))
    wait_for_output(supervisor, capsys, "up")
    with supervisor.signals():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StopRequestedError):
            supervisor.tick()
        os.kill(os.getpid(), signal.SIGINT)
        started = time.monotonic()
        supervisor.stop()
    assert time.monotonic() - started < 2


def test_a_child_started_for_a_parent_that_is_gone_ends_at_once(supervisor):
    launcher = Path(sys.modules[Child.__module__].LAUNCHER)
    command = [sys.executable, "-I", "-S", str(launcher), str(int(signal.SIGTERM)), "1", sys.executable, "-c", "raise SystemExit(0)"]
    child = ChildSpec("orphan", command, stop_signals=())
    assert supervisor.run_once(child) == 1

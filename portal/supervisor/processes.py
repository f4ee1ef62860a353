"""The processes of a portal: the same commands that docker-compose.yml runs one container each."""

import signal
import sys

from portal.paths import DataPaths
from portal.supervisor.broker import broker_command
from portal.supervisor.child import ChildSpec

WEB_COMMAND = ["-m", "gunicorn", "--config", "python:portal.gunicorn", "portal.wsgi:application"]
WORKER_COMMAND = ["-m", "celery", "-A", "portal", "--quiet", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
BEAT_COMMAND = ["-m", "celery", "-A", "portal", "--quiet", "beat", "--loglevel", "WARNING", "--pidfile="]
SFTP_COMMAND = ["manage.py", "run_sftp"]  # from the source folder, which the supervisor starts its children in
ONE_SHOT_STOP: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 3),)


def broker_spec(paths: DataPaths) -> ChildSpec:
    """Return the embedded broker."""
    return ChildSpec("broker", broker_command(paths), stop_signals=((signal.SIGTERM, 3),))


def sftp_spec() -> ChildSpec:
    """Return the SFTP server; what is being uploaded when it ends stays marked as unfinished, however it ends."""
    return ChildSpec("sftp", [sys.executable, *SFTP_COMMAND], stop_signals=((signal.SIGTERM, 3),))


def web_spec() -> ChildSpec:
    """Return the web server; SIGTERM lets requests under way finish, SIGQUIT does not."""
    return ChildSpec(
        "web",
        [sys.executable, *WEB_COMMAND],
        stop_signals=((signal.SIGTERM, 3), (signal.SIGQUIT, 1)),
        death_signal=signal.SIGKILL,  # a slow request must not keep it alive; its own workers follow it (portal/gunicorn.py)
    )


def worker_spec(concurrency: int) -> ChildSpec:
    """Return the worker; SIGTERM lets the task under way finish, SIGQUIT gives it back to the broker."""
    return ChildSpec(
        "worker",
        # Whoever starts the embedded default as root, say in a container, need not be told at every start.
        [sys.executable, "-W", "ignore:You're running the worker with superuser", *WORKER_COMMAND, "--concurrency", str(concurrency)],
        stop_signals=((signal.SIGTERM, 4), (signal.SIGQUIT, 2)),
        death_signal=signal.SIGKILL,  # SIGTERM would let a long sync go on; its children follow it (portal/celery.py)
    )


def beat_spec() -> ChildSpec:
    """Return the scheduler."""
    return ChildSpec("beat", [sys.executable, *BEAT_COMMAND], stop_signals=((signal.SIGTERM, 2),))

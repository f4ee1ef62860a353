"""How gunicorn serves the portal, embedded and in production: `gunicorn --config python:portal.gunicorn portal.wsgi:application`."""

import os
import signal
from typing import Any

from portal.supervisor.launch import die_with_parent

bind = f"{os.environ.get('PORTAL_HTTP_HOST', '127.0.0.1')}:{os.environ.get('PORTAL_HTTP_PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
preload_app = True  # the application is loaded once and shared by the workers
timeout = 120  # seconds; of a silent worker, not of a long upload: threads answer for those
graceful_timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - heartbeats must not wait for a disk
control_socket_disable = True
proc_name = "portal-web"


def post_fork(server: Any, worker: Any) -> None:
    """Make the worker end with its master, even when the master was killed with -9."""
    die_with_parent(signal.SIGKILL, server.pid)

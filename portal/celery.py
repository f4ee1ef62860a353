"""The Celery application: `celery -A portal worker`, `celery -A portal beat`.

Redis only wakes workers up; what has to be done stands in the database (state, lease, attempt), so every task may be
delivered twice or not at all. The settings are in `portal/settings.py` under the names CELERY_*.
"""

import os
import signal

from celery import Celery
from celery.signals import worker_process_init

from portal.supervisor.launch import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

WORKER_PID = os.getpid()  # in a pool child, which is a fork: the worker's

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def end_with_the_worker(**_: object) -> None:
    """Make a pool child end with its worker, even when the worker was killed with -9: its sync is then free for the next."""
    die_with_parent(signal.SIGKILL, WORKER_PID)

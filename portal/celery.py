"""The Celery application: `celery -A portal worker`, `celery -A portal beat`.

Redis only wakes workers up; what has to be done stands in the database (state, lease, attempt), so every task may be
delivered twice or not at all. The settings are in `portal/settings.py` under the names CELERY_*.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

"""The Django project: settings, addresses, workers, supervisor and the frame of the site."""

import os

# Before pyarrow is loaded: the system's allocator gives freed memory back, and imports are a fifth faster with it than with Arrow's own.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from portal.celery import app as celery_app

__all__ = ["celery_app"]

"""The portal's settings for the test suite: a data folder of its own that dies with the run, quick passwords.

`DATABASE_URL` chooses the engine as it does for the portal; without it the suite runs on SQLite in that folder.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# A short path: Unix sockets lie below it. xdist's workers and the worker processes of the tests each get what they need.
_root = tempfile.mkdtemp(prefix="rp-", dir="/tmp")
atexit.register(shutil.rmtree, _root, ignore_errors=True)
os.environ["PORTAL_DATA_DIR"] = _root
os.environ["PORTAL_ENV"] = "test"
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's synchronous interface runs an event loop in the test's thread
for name in ("STORAGE_URL", "EMAIL_URL", "PORTAL_BASE_URL", "ALLOWED_HOSTS", "CELERY_BROKER_URL", "PORTAL_PROXY_COUNT"):
    os.environ.pop(name, None)

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
LOGGING["root"]["level"] = "WARNING"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and worker processes of the tests see the same database, with the locks of production.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_root) / "test.sqlite3")}

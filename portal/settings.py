"""Settings from the environment; docs/operations.md explains every variable.

Without any variable the portal is the embedded default: SQLite, files and a private broker in PORTAL_DATA_DIR. A PostgreSQL
DATABASE_URL or PORTAL_ENV=production makes it a production installation, which refuses to start on guessed secrets.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from portal.database import database_settings
from portal.logging import logging_settings
from portal.paths import DataPaths
from portal.secret_key import load_or_create_secret_key
from portal.storage import storage_backend

django_stubs_ext.monkeypatch()  # lets annotations such as models.TextField[str, str] stand at run time

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where and how this installation runs -----------------------------------------------------------------------------

PORTAL_DATA_DIR = Path(env.str("PORTAL_DATA_DIR", default="./var")).expanduser().resolve()
PATHS = DataPaths(PORTAL_DATA_DIR)
PATHS.create()

DATABASE_URL = env.str("DATABASE_URL", default="")
PORTAL_ENV = env.str("PORTAL_ENV", default="production" if DATABASE_URL.startswith("postgres") else "embedded")
if PORTAL_ENV not in {"embedded", "production", "test"}:
    raise ImproperlyConfigured(f"PORTAL_ENV must be embedded, production or test, but is {PORTAL_ENV!r}.")
if PORTAL_ENV == "production":
    missing = [name for name in ("SECRET_KEY", "ALLOWED_HOSTS", "PORTAL_BASE_URL") if not env.str(name, default="")]
    if missing:
        raise ImproperlyConfigured(f"A production installation needs {', '.join(missing)} in its environment; see docs/operations.md.")

PORTAL_HTTP_PORT = env.int("PORTAL_HTTP_PORT", default=8000)
PORTAL_SFTP_PORT = env.int("PORTAL_SFTP_PORT", default=2222)
PORTAL_BASE_URL = env.str("PORTAL_BASE_URL", default="") or f"http://localhost:{PORTAL_HTTP_PORT}"
PORTAL_BASE_URL = PORTAL_BASE_URL.rstrip("/")
PORTAL_WORKERS = env.int("PORTAL_WORKERS", default=2)  # syncs that run at the same time, of different districts
PORTAL_PROXY_COUNT = env.int("PORTAL_PROXY_COUNT", default=0)  # reverse proxies in front whose X-Forwarded-* headers are believed
is_https = PORTAL_BASE_URL.startswith("https://")
base_host = urlsplit(PORTAL_BASE_URL).hostname
if not base_host:
    raise ImproperlyConfigured(f"PORTAL_BASE_URL must look like https://portal.example.org, but is {PORTAL_BASE_URL!r}.")

# --- What an import may cost ------------------------------------------------------------------------------------------

PORTAL_LEASE_SECONDS = env.int("PORTAL_LEASE_SECONDS", default=60)  # a worker silent for so long has lost its sync
PORTAL_SWEEP_SECONDS = env.int("PORTAL_SWEEP_SECONDS", default=10)  # how often lost and waiting syncs are looked for
PORTAL_MAX_FILE_MB = env.int("PORTAL_MAX_FILE_MB", default=2048)  # one file of a delivery, unpacked
PORTAL_MAX_UPLOAD_MB = env.int("PORTAL_MAX_UPLOAD_MB", default=4096)  # one delivery, as sent
PORTAL_MAX_RATIO = env.int("PORTAL_MAX_RATIO", default=200)  # unpacked size over packed size of a zip
PORTAL_HELD_EXPIRE_DAYS = env.int("PORTAL_HELD_EXPIRE_DAYS", default=14)
PORTAL_ROLLBACK_SYNCS = env.int("PORTAL_ROLLBACK_SYNCS", default=10)  # how many completed syncs can be rolled back
PORTAL_PURGE_DAYS = env.int("PORTAL_PURGE_DAYS", default=90)  # deleted records are kept for so long

# --- SFTP -------------------------------------------------------------------------------------------------------------

PORTAL_SFTP_LISTEN = env.str("PORTAL_SFTP_LISTEN", default="127.0.0.1")  # the address the server binds
PORTAL_SFTP_ADDRESS = env.str("PORTAL_SFTP_ADDRESS", default="") or base_host  # what people type into their client
PORTAL_SFTP_CONNECT = env.str("PORTAL_SFTP_CONNECT", default="") or f"127.0.0.1:{PORTAL_SFTP_PORT}"  # where the portal itself reaches it
PORTAL_LANDING_DIR = Path(env.str("PORTAL_LANDING_DIR", default="") or PATHS.root / "landing").expanduser().resolve()
PORTAL_SFTP_SETTLE_SECONDS = env.int("PORTAL_SFTP_SETTLE_SECONDS", default=5)  # a file counts when nothing was written for so long
PORTAL_SFTP_QUOTA_MB = env.int("PORTAL_SFTP_QUOTA_MB", default=20_480)  # of one landing zone, its archive included
PORTAL_SFTP_CONNECTIONS = env.int("PORTAL_SFTP_CONNECTIONS", default=200)  # at the same time, of all users
PORTAL_SFTP_USER_CONNECTIONS = env.int("PORTAL_SFTP_USER_CONNECTIONS", default=20)
PORTAL_SFTP_PRIVATE = env.bool("PORTAL_SFTP_PRIVATE", default=False)  # a district's own server may be this machine itself, or link-local
PORTAL_SFTP_LOCK_MINUTES = env.int("PORTAL_SFTP_LOCK_MINUTES", default=15)  # after too many failed sign-ins
PORTAL_ARCHIVE_DAYS = env.int("PORTAL_ARCHIVE_DAYS", default=90)  # archive and receipts in a landing zone are kept for so long

# --- Django -----------------------------------------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="") or load_or_create_secret_key(PATHS.secret_key)
ALLOWED_HOSTS = sorted({*env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"]), base_host})

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "django_htmx",
    "storages",
    "accounts",
    "notices",
    "roster",
    "mapping",
    "dataquality",
    "imports",
    "portal",
]

MIDDLEWARE = [
    "portal.middleware.request_id.RequestIdMiddleware",
    "portal.middleware.proxy.ProxyMiddleware",
    "portal.middleware.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Closed by default: a view for people who are not signed in says so with @login_not_required.
    "portal.middleware.sign_in.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Sets request.district and request.membership; shows people without a district a page that says so.
    "accounts.middleware.CurrentDistrictMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
        },
    },
]

DATABASES = {"default": database_settings(DATABASE_URL, PATHS.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-us"
USE_I18N = False

# --- People and their sessions ----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("email", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 86_400  # seconds; links in invitations and password mails die after 24 hours
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

PORTAL_REAUTH_MINUTES = env.int("PORTAL_REAUTH_MINUTES", default=30)  # an older sign-in is asked for the password before it approves

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_FORM_FIELD = "username"  # as Django's sign-in form names it; by default axes would look for "email", and count nobody
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.locked_out"
AXES_VERBOSE = False

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [PORTAL_BASE_URL]

SECURE_HSTS_SECONDS = 31_536_000 if is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PORTAL_PROXY_COUNT else None
X_FRAME_OPTIONS = "DENY"

# --- Files ------------------------------------------------------------------------------------------------------------

# Docker images bring their collected files along; elsewhere `run_portal` collects them into the data folder.
STATIC_ROOT = Path(env.str("PORTAL_STATIC_ROOT", default=str(PATHS.static)))
STATIC_URL = "/static/"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
STORAGES = {
    "default": storage_backend(env.str("STORAGE_URL", default=""), PATHS.files),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]  # an upload never sits in memory
FILE_UPLOAD_TEMP_DIR = PATHS.uploads
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # form fields; files are not counted
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the Schools Mapping window of a large district is one form

# --- Mail and logs ----------------------------------------------------------------------------------------------------

vars().update(environ.Env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or f"Roster Portal <no-reply@{base_host}>"
EMAIL_TIMEOUT = 20
PORTAL_WEBHOOKS_PRIVATE = env.bool("PORTAL_WEBHOOKS_PRIVATE", default=False)  # webhooks may go to private networks, and without TLS
PORTAL_NOTICES_KEEP_DAYS = env.int("PORTAL_NOTICES_KEEP_DAYS", default=90)  # the log of mails and webhooks is kept for so long
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings(level=env.str("LOG_LEVEL", default="INFO"), style=env.str("LOG_FORMAT", default="text"))

# --- Celery -----------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
PORTAL_EMBEDDED_BROKER = not CELERY_BROKER_URL  # run_portal starts a private one
CELERY_BROKER_URL = CELERY_BROKER_URL or f"redis+socket://{PATHS.broker_socket}"
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 2 * 3600 - 120  # seconds
CELERY_TASK_TIME_LIMIT = 2 * 3600
CELERY_TASK_TRACK_STARTED = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.2}  # a page must not hang on a dead broker; the sweeper follows
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 20
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_500_000  # kB; a child that grew beyond it ends after its task and gives the memory back
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Must exceed the longest task, or Redis hands a running task to the next worker again and again.
    "visibility_timeout": CELERY_TASK_TIME_LIMIT + 3600,
    # kombu's defaults look for abandoned tasks only every 100 seconds.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_keepalive": not PORTAL_EMBEDDED_BROKER,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(PATHS.run / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "imports.tasks.sweep_task",
        "schedule": PORTAL_SWEEP_SECONDS,
        "options": {"expires": PORTAL_SWEEP_SECONDS},  # sweeps do not pile up while no worker is there
    },
    "landing": {"task": "imports.tasks.scan_zones_task", "schedule": 15, "options": {"expires": 15}},
    "tidy": {"task": "imports.tasks.tidy_task", "schedule": crontab(minute=23), "options": {"expires": 1800}},
    "schedule": {"task": "imports.tasks.schedule_task", "schedule": 20, "options": {"expires": 20}},
    "notices": {"task": "notices.tasks.sweep_task", "schedule": 30, "options": {"expires": 30}},
    "clock": {"task": "imports.tasks.clock_task", "schedule": 300, "options": {"expires": 300}},
    "forget": {"task": "notices.tasks.forget_task", "schedule": crontab(hour=4, minute=11), "options": {"expires": 12 * 3600}},
    "purge": {"task": "imports.tasks.purge_task", "schedule": crontab(hour=3, minute=41), "options": {"expires": 12 * 3600}},
}
CELERY_TIMEZONE = TIME_ZONE

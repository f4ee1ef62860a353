"""From DATABASE_URL to Django's database settings, for both engines."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"


def database_settings(url: str, default_file: Path) -> dict[str, Any]:
    """Return the `DATABASES["default"]` entry; an empty URL means the SQLite file.

    Raises:
        ImproperlyConfigured: the URL names another engine.
    """
    settings: dict[str, Any] = environ.Env.db_url_config(url or f"sqlite:///{default_file}")
    if settings["ENGINE"] == POSTGRESQL:
        return settings | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if settings["ENGINE"] != SQLITE:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    options = {
        # IMMEDIATE takes the write lock at BEGIN, so that a transaction that reads first waits its turn instead of failing.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # seconds to wait for that turn
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return settings | {"OPTIONS": options | settings.get("OPTIONS", {})}

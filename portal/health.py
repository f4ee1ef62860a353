"""Two addresses for machines: /healthz (the process lives) and /readyz (it can do its work)."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.celery import app

BROKER_TIMEOUT_SECONDS = 2
_migrated = False


def check_database() -> None:
    """Ask the database for an answer and, until the first good answer, for its migrations.

    Raises:
        Exception: what the database driver raised, or RuntimeError when migrations are missing.
    """
    global _migrated  # noqa: PLW0603 - migrations only ever become complete; asking once per process is enough
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise RuntimeError("migrations are missing: run manage.py migrate")
        _migrated = True


def check_broker() -> None:
    """Connect to the broker.

    Raises:
        Exception: what the broker's driver raised.
    """
    with app.connection_for_read(connect_timeout=BROKER_TIMEOUT_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS)


CHECKS: dict[str, Callable[[], None]] = {"database": check_database, "broker": check_broker}


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database and broker answer, else 503; `checks` says which one does not."""
    results: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check()
            results[name] = "ok"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a service is the answer here
            results[name] = type(error).__name__ if not isinstance(error, RuntimeError) else str(error)
    is_ready = set(results.values()) == {"ok"}
    return JsonResponse({"status": "ok" if is_ready else "unavailable", "checks": results}, status=200 if is_ready else 503)


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]

"""Fixtures and rules shared by the whole suite."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from portal.celery import app
from portal.paths import DataPaths
from scripts.services import redis_server
from tests.remembered import RememberedPipeline

# The long run of `PORTAL_TEST_LONG=1 make test`: more examples, nothing is remembered, ten kills of each kind on either engine.
IS_LONG_RUN = bool(os.environ.get("PORTAL_TEST_LONG"))
hypothesis_settings.register_profile(
    "suite",
    deadline=None,
    max_examples=200 if IS_LONG_RUN else 40,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("suite")

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def is_postgresql() -> bool:
    """Say whether this run's database is PostgreSQL."""
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


USES_DATABASE = {"db", "transactional_db", "django_db_setup"}  # or one that asks for these


def belongs(item: pytest.Item) -> bool:
    """Say whether the test belongs to this run: on PostgreSQL what an engine can change, on SQLite all but what is about PostgreSQL."""
    if not is_postgresql():
        return item.get_closest_marker("postgres_only") is None
    if item.get_closest_marker("postgres_only"):
        return True
    uses_database = item.get_closest_marker("django_db") or USES_DATABASE & set(getattr(item, "fixturenames", ()))
    return bool(uses_database) and item.get_closest_marker("no_database") is None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other run. Deselected, not skipped: a test that does not belong to this run is no gap in it."""
    dropped = [item for item in items if not belongs(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if belongs(item)]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass by what stays until the end: thousands of tests, and all modules."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Work the same import into an empty roster out only once; see `tests.remembered`."""
    with pytest.MonkeyPatch.context() as patch:
        if not IS_LONG_RUN:
            patch.setattr("imports.services.decide_changes.run_pipeline", RememberedPipeline(tmp_path_factory.mktemp("remembered")))
        yield


@pytest.fixture
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """Give the test a storage folder of its own; settings.PORTAL_DATA_DIR, PATHS, the landing zones and the default storage point there."""
    settings.PORTAL_DATA_DIR = tmp_path
    settings.PATHS = DataPaths(tmp_path)
    settings.PATHS.create()
    settings.PORTAL_LANDING_DIR = settings.PATHS.root / "landing"
    default = settings.STORAGES["default"]
    settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": {**default["OPTIONS"], "location": settings.PATHS.files}}}
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def broker() -> Iterator[str]:
    """Run the embedded broker of this run's data folder: tasks are really sent, and lie there until a test starts a worker."""
    with redis_server(settings.PATHS) as url:
        assert url == settings.CELERY_BROKER_URL
        yield url


@pytest.fixture
def broker_url(broker: str) -> str:
    """Give the URL of the broker, emptied: no message of an earlier test wakes this test's worker."""
    with app.connection_for_write() as connected:
        connected.default_channel.client.flushdb()
    return broker


@pytest.fixture
def process_env(transactional_db: None, broker_url: str) -> dict[str, str]:
    """Give the environment for real worker and web processes on this test's database, files and broker."""
    name = connection.settings_dict["NAME"]
    host = connection.settings_dict["OPTIONS"].get("host", "")
    database_url = f"postgres://portal@/{name}?host={host}" if is_postgresql() else f"sqlite:///{name}"
    own = {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ENV": "test",
        "PORTAL_DATA_DIR": str(settings.PORTAL_DATA_DIR),
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "SECRET_KEY": settings.SECRET_KEY,
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **own}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the system's Chromium; there is no other browser to download."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("No Chromium was found. `make test` installs it on Debian; elsewhere install the package chromium.")
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGS}


@pytest.fixture
def console_guard(page: Any) -> Iterator[list[str]]:
    """Fail the test when a page reported an error, threw one, or broke the content security policy.

    The list may be cleared by a test that provokes an error on purpose.
    """
    problems: list[str] = []
    page.on("console", lambda message: problems.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.expose_function("reportPolicyViolation", lambda text: problems.append(f"content security policy: {text}"))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " e => window.reportPolicyViolation(`${e.violatedDirective} blocked ${e.blockedURI || e.sample} on ${location.pathname}`))"
    )
    yield problems
    assert not problems, "The browser reported:\n" + "\n".join(problems)

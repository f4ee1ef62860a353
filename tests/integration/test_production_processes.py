"""What docker-compose.yml runs, run by hand: the same commands and variables, on a real PostgreSQL and Redis, import a district.

There is no Docker engine where the tests run; the container around each command is all that is missing here.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from portal.paths import DataPaths
from scripts.services import postgresql, redis_server

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.no_database]

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DATABASE = "production_processes"
STUDENTS = 120
ENQUEUE = """
import sys, django
django.setup()
from pathlib import Path
from accounts.models import District
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
app = activate_app(district=District.objects.get(slug="north"), kind="csv_upload", by=None)
save_config(app=app, document={"schools": {"all_missing_as_new": True}}, by=None)
app.refresh_from_db()
path = Path(sys.argv[1])
delivery = receive_delivery(app=app, uploads=[Upload(path.name, path)], source="command", by=None)
print(start_sync(delivery=delivery, by=None).pk)
"""


@pytest.fixture(scope="module")
def service_urls() -> Iterator[dict[str, str]]:
    """Give an empty database on the server that `make test` started, else on a private one, and a Redis of this module's own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rpp-", dir="/tmp")))
        folder.chmod(0o711)  # the postgres user passes through
        server = os.environ.get("PORTAL_TEST_DATABASE_URL") or stack.enter_context(postgresql(folder))
        host = server.split("host=")[1]
        with psycopg.connect(host=host, user="portal", dbname="portal", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
            connection.execute(f"CREATE DATABASE {DATABASE}")
        broker = stack.enter_context(redis_server(DataPaths(folder / "redis")))
        yield {"DATABASE_URL": f"postgres://portal@/{DATABASE}?host={host}", "CELERY_BROKER_URL": broker}


@pytest.fixture(scope="module")
def environment(service_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of the containers: the names of docker-compose.yml, and what the image sets."""
    with socket.socket() as probe, socket.socket() as other:
        probe.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, sftp_port = probe.getsockname()[1], other.getsockname()[1]
    data = tmp_path_factory.mktemp("production")
    values = {
        "PORTAL_ENV": "production",
        "SECRET_KEY": "s" * 60,
        "ALLOWED_HOSTS": "portal.example.org",
        "PORTAL_BASE_URL": "https://portal.example.org",
        "PORTAL_PROXY_COUNT": "1",
        "STORAGE_URL": "",
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "PORTAL_SFTP_PORT": str(sftp_port),
        "PORTAL_SFTP_ADDRESS": "",
        "PORTAL_SFTP_CONNECT": f"127.0.0.1:{sftp_port}",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "DEFAULT_FROM_EMAIL": "",
        "LOG_LEVEL": "INFO",
        "WEB_CONCURRENCY": "1",
        **service_urls,
    }
    named = set(COMPOSE["web"]["environment"])
    assert named == set(values), "docker-compose.yml names other variables than this test sets"
    image = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORTAL_DATA_DIR": str(data / "data"),
        "PORTAL_HTTP_PORT": str(port),
    }
    return values | image | {"PORTAL_STATIC_ROOT": str(data / "static"), "PYTHONUNBUFFERED": "1", "HOSTNAME": socket.gethostname()}


def run(command: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}{result.stderr}"
    return result.stdout


def manage(environment: dict[str, str], *arguments: str) -> str:
    return run([sys.executable, "manage.py", *arguments], environment)


@pytest.fixture(scope="module")
def processes(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Run migrate to its end, then web, worker, beat and the SFTP server, as compose would."""
    run(COMPOSE["migrate"]["command"], environment)
    manage(environment, "collectstatic", "--no-input")  # the image has this done when it is built
    logs = tmp_path_factory.mktemp("logs")
    started = {}
    with ExitStack() as stack:
        for name in ("web", "worker", "beat", "sftp"):
            log = stack.enter_context((logs / name).open("wb"))
            started[name] = subprocess.Popen(COMPOSE[name]["command"], env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield started
        finally:
            for process in started.values():
                process.kill()
                process.wait()
            print("\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(logs.iterdir())))  # noqa: T201 - pytest shows it on failure


def healthy(name: str, environment: dict[str, str]) -> bool:
    """Run the health check of a service as compose does."""
    kind, *words = COMPOSE[name]["healthcheck"]["test"]
    command = words if kind == "CMD" else ["sh", "-c", words[0].replace("$$", "$")]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, timeout=60).returncode == 0


def wait_until_healthy(name: str, environment: dict[str, str]) -> None:
    deadline = time.monotonic() + 60
    while not healthy(name, environment):
        assert time.monotonic() < deadline, f"{name} is not healthy after 60 s"
        time.sleep(0.5)


def test_a_district_is_imported_by_the_processes_of_docker_compose(processes, environment, tmp_path):
    wait_until_healthy("web", environment)
    wait_until_healthy("worker", environment)
    wait_until_healthy("sftp", environment)
    manage(environment, "create_district", "north", "--name", "North", "--admin", "owner@example.org", "--password", "a good long phrase")
    manage(environment, "make_district", "--students", str(STUDENTS), "--seed", "7", "--out", str(tmp_path))

    script = {**environment, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    sync_id = run([sys.executable, "-c", ENQUEUE, str(tmp_path / "OneRoster.zip")], script).strip()
    deadline = time.monotonic() + 90
    report: dict[str, Any] = {"state": "queued"}
    while report["state"] in {"queued", "running", "applying"}:
        assert time.monotonic() < deadline, report
        time.sleep(0.5)
        report = json.loads(manage(environment, "sync", "north", sync_id, "--json"))

    assert report["state"] in {"completed", "completed_with_issues"}, report
    assert report["records"]["student"]["created"] == report["records"]["student"]["live"] == STUDENTS
    assert {name: process.poll() for name, process in processes.items()} == dict.fromkeys(("web", "worker", "beat", "sftp"))
    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    assert {name: process.wait(20) for name, process in processes.items()} == dict.fromkeys(("web", "worker", "beat", "sftp"), 0)

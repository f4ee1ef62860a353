"""Throw-away databases of both engines: one prepared template each, and a copy of it for every measurement."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.results import Measurement
from scripts.services import find_postgresql, postgresql

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_TEMPLATE = "bench_template"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a portal lives: its data folder, and its database (empty: the SQLite file in that folder)."""

    folder: Path
    database_url: str = ""

    def run(self, job: str, *files: Path) -> Measurement:
        """Do a job in a fresh process here.

        Raises:
            RuntimeError: it failed; with what it wrote.
        """
        result = self.folder / "measurement.json"
        command = [sys.executable, "-m", "benchmarks.child", job, str(result), *(str(one) for one in files)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"The measurement {job} failed:\n{done.stdout}{done.stderr}")
        return Measurement.from_json(result.read_text(encoding="utf-8"))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the portal's processes here."""
        own = {
            "DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_ENV": "embedded", "PORTAL_DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url, "STORAGE_URL": "", "LOG_LEVEL": "WARNING", "SECRET_KEY": "benchmark-" + "x" * 50,
            "CELERY_BROKER_URL": "",  # the private broker, which is not there: progress goes nowhere
        }  # fmt: skip
        return {**os.environ, **own}


class Engine:
    """One engine. `server_url` is that of a PostgreSQL server's database from which others may be made; empty for SQLite."""

    def __init__(self, name: str, folder: Path, server_url: str = "") -> None:
        self.name, self._folder, self._server_url = name, folder, server_url
        self._template = self._at(_TEMPLATE)
        self._template.folder.mkdir(parents=True)
        self._create(_TEMPLATE)
        self._template.run("prepare")

    @contextmanager
    def fresh(self, name: str) -> Iterator[Place]:
        """A copy of the template that is gone after the block."""
        place = self._at(name)
        shutil.copytree(self._template.folder, place.folder)
        self._create(name, template=_TEMPLATE)
        try:
            yield place
        finally:
            shutil.rmtree(place.folder, ignore_errors=True)
            self._drop(name)

    def _at(self, name: str) -> Place:
        url = urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}")) if self._server_url else ""
        return Place(self._folder / self.name / name, url)

    def _create(self, name: str, template: str = "template1") -> None:
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        if self._server_url:
            with psycopg.connect(self._server_url, autocommit=True) as connection:
                connection.execute(statement)


@contextmanager
def engines(folder: Path, only: str | None = None) -> Iterator[list[Engine]]:
    """Both engines or one; SQLite alone where no PostgreSQL is installed.

    The server is the one that `make bench` started, else one of its own.
    """
    some = [Engine(SQLITE, folder)] if only != POSTGRESQL else []
    if only == SQLITE or not has_postgresql():
        yield some
    elif url := os.environ.get("PORTAL_TEST_DATABASE_URL", ""):
        yield [*some, Engine(POSTGRESQL, folder, url)]
    else:
        folder.chmod(0o711)  # the server's own user passes through
        with postgresql(folder) as url:
            yield [*some, Engine(POSTGRESQL, folder, url)]


def has_postgresql() -> bool:
    """Whether a server can be started here."""
    try:
        find_postgresql()
    except FileNotFoundError:
        return False
    return True

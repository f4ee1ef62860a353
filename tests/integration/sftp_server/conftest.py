"""One server per module, on the test database; two districts with a landing zone each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.integration.sftp_server.world import Server, User, environment, free_port, make_user


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database, without a transaction: a server in another process has to see what stands in it. Emptied after the module."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def make_server(db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers; the database is open to the module's tests."""
    landing = tmp_path_factory.mktemp("landing")
    started: list[Server] = []

    def make(**env: str) -> Server:
        server = Server(environment(landing, free_port(), **env), landing / f"log-{len(started)}")
        started.append(server)
        server.start()
        return server

    with override_settings(PORTAL_LANDING_DIR=landing):
        try:
            yield make
        finally:
            for server in started:
                if server.process is not None and server.process.poll() is None:
                    server.process.kill()
                    server.process.wait()
                print(server.log.read_text())  # noqa: T201 - pytest shows it on failure


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Server]) -> Server:
    """The module's server."""
    return make_server(PORTAL_SFTP_QUOTA_MB="3000")


@pytest.fixture(scope="module")
def users(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[User, User]:
    """Users of two districts."""
    folder = tmp_path_factory.mktemp("clients")
    return make_user("north", folder, server.port), make_user("south", folder, server.port)


@pytest.fixture(scope="module")
def user(users: tuple[User, User]) -> User:
    """A user who signs in by key."""
    return users[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file worth uploading."""
    path = tmp_path / "users.csv"
    path.write_bytes(b"sourcedId,givenName\r\n" + b"".join(b"%d,Ada\r\n" % number for number in range(20_000)))
    return path

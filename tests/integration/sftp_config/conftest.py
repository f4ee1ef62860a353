"""Fixtures of the SFTP app's Delivery Configuration."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from imports.landing.host_keys import host_key_lines
from tests.integration.sftp_config.kit import Desk
from tests.integration.sftp_config.remote import Remote


@pytest.fixture(scope="session")
def host_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of the portal's own server, made once: an RSA key takes its time."""
    folder = tmp_path_factory.mktemp("host")
    with override_settings(PORTAL_LANDING_DIR=folder):
        host_key_lines()
    return folder / "host_keys"


@pytest.fixture
def landing(tmp_path: Path, settings: Any, host_keys: Path) -> Path:
    """Landing zones of this test alone; a custom server may be this machine, and files settle at once."""
    settings.PORTAL_LANDING_DIR = tmp_path / "landing"
    shutil.copytree(host_keys, settings.PORTAL_LANDING_DIR / "host_keys")
    settings.PORTAL_SFTP_PRIVATE = True
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0.05
    return settings.PORTAL_LANDING_DIR


@pytest.fixture
def desk(db: None, landing: Path) -> Desk:
    """A district with the SFTP app."""
    return Desk()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """The district's own server: user sis, password and key as in `remote`."""
    with Remote(tmp_path / "remote") as server:
        yield server

"""Fixtures of the schedule's tests."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.schedule.kit import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands."""
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def landing(data_dir: Path, settings: Any) -> None:
    """Landing zones of this test alone, in which files count at once."""
    settings.PORTAL_LANDING_DIR = data_dir / "landing"
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0

"""Landing zones of their own for each test; files settle at once unless a test says otherwise."""

from pathlib import Path
from typing import Any

import pytest

from imports.models import Sync
from imports.states import State
from tests.integration.landing.ground import Ground, eight


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0


@pytest.fixture
def ground(db: None, data_dir: Path) -> Ground:
    """A district whose landing zone is empty."""
    return Ground()


@pytest.fixture
def imported(ground: Ground) -> Ground:
    """A district whose first run took all eight files, and whose sync counts as applied: what the pipeline does is none of a run's business."""
    ground.put_all(eight())
    ground.run()
    Sync.objects.of(ground.district).update(state=State.COMPLETED)
    return ground


@pytest.fixture
def shared(transactional_db: None, broker_url: str, data_dir: Path) -> Ground:
    """A district that threads and other processes see."""
    return Ground()

"""Fixtures of the pages' tests."""

from pathlib import Path

import pytest

from imports.models import Sync
from tests.integration.imports_ui.files import first_delivery, second_delivery
from tests.integration.imports_ui.world import World

HERE = Path(__file__).parent


@pytest.fixture
def world(db: None) -> World:
    """A district with its owner and the CSV Upload app."""
    return World()


@pytest.fixture
def imported(world: World, data_dir: Path, tmp_path: Path) -> tuple[World, Sync, Sync]:
    """The tiny district, imported by the real services on two days."""
    world.configure({"schools": {"all_missing_as_new": True, "mapping": {}}})
    return world, world.import_files(first_delivery(), tmp_path), world.import_files(second_delivery(), tmp_path)


ON_BOTH = {"test_wizard_races.py", "test_history.py", "test_decisions.py", "test_map_schools.py", "test_upload.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The screens are the same on both engines, and take minutes; what people decide, several at once, and lists that the engine sorts are tried on both.

    `tests/integration/test_isolation.py` opens every page on both.
    """
    for item in items:
        if item.path.parent == HERE and item.path.name not in ON_BOTH:
            item.add_marker(pytest.mark.no_database)

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The wizard's screens are the same on both engines, and take minutes; only what happens when several save at once is tried on both."""
    for item in items:
        if item.path.parent == HERE and item.path.name.startswith("test_wizard") and item.path.name != "test_wizard_races.py":
            item.add_marker(pytest.mark.no_database)

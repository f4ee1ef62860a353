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


ON_BOTH = {"test_wizard_races.py"}  # of the wizard's
ON_ONE = {"test_rows.py", "test_simulation_pages.py"}  # they read Parquet, and records by their keys


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The wizard's screens are the same on both engines, and take minutes; only what happens when several save at once is tried on both.

    So are pages that show what lies in the artifacts of a sync.
    """
    for item in items:
        name = item.path.name
        if item.path.parent == HERE and (name in ON_ONE or (name.startswith("test_wizard") and name not in ON_BOTH)):
            item.add_marker(pytest.mark.no_database)

"""A district and its syncs."""

from pathlib import Path

import pytest

from tests.integration.imports_ui.world import World


@pytest.fixture
def world(db: None) -> World:
    """A district with its owner and the CSV Upload app."""
    return World("east")


@pytest.fixture
def importing(world: World, data_dir: Path) -> World:
    """The district, whose app takes every school; nothing is imported yet."""
    world.configure({"schools": {"all_missing_as_new": True, "mapping": {}}})
    return world

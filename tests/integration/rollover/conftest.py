"""Two districts with people of every role."""

import pytest

from tests.integration.imports_ui.world import World


@pytest.fixture
def world(db: None) -> World:
    """A district with its owner and the CSV Upload app."""
    return World()


@pytest.fixture
def stranger(db: None) -> World:
    """Another district."""
    return World("south")

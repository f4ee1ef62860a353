"""Fixtures of Data Browsing and Data Quality."""

import pytest

from tests.integration.imports_ui.world import World


@pytest.fixture
def world(db: None) -> World:
    """A district with its owner."""
    return World()

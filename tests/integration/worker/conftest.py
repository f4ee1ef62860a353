"""Districts and files for tests of the worker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.worker.world import World, make_archive

STUDENTS = 60


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which zips are made once per run."""
    return tmp_path_factory.mktemp("archives")


@pytest.fixture
def today(archives: Path) -> Path:
    """A small district."""
    return make_archive(archives, students=STUDENTS)


@pytest.fixture
def tomorrow(archives: Path) -> Path:
    """The same district the next day, with a tenth of its rows changed and other issues."""
    return make_archive(archives, students=STUDENTS, change_share=0.1, faulty=25)


@pytest.fixture
def world(transactional_db: None, broker_url: str, data_dir: Path) -> World:
    """A district whose files lie in a folder of this test."""
    return World(data_dir)


@pytest.fixture
def make_world(transactional_db: None, broker_url: str, data_dir: Path) -> Callable[..., World]:
    """Make further districts."""

    def make(slug: str, **options: Any) -> World:
        return World(data_dir, slug, **options)

    return make

"""A sync that is held for much that would be deleted, and the district it belongs to; imported once per module, given afresh to every test."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import override_settings

from accounts.models import District, User
from imports.models import ImportApp, Sync
from imports.states import State
from portal.paths import DataPaths
from tests.integration.imports_ui.world import World
from tests.integration.review.files import as_texts, first_day, second_day

Held = tuple[World, Sync]
LIMITS = {"update_threshold": 20, "deletion_threshold": 10, "school_deletion_threshold": 50, "school_deletion_rows": 4}


@pytest.fixture
def world(db: None) -> World:
    """A district with its owner and the CSV Upload app."""
    return World("west")


@pytest.fixture(scope="module")
def prepared(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, int, Path]]:
    """The district and the second day of it, held by its limits; outside of any test's transaction."""
    folder = tmp_path_factory.mktemp("held")
    paths = DataPaths(folder)
    paths.create()
    default = django_settings.STORAGES["default"]
    storages = {**django_settings.STORAGES, "default": {**default, "OPTIONS": {**default["OPTIONS"], "location": paths.files}}}
    with django_db_blocker.unblock():
        with override_settings(PORTAL_DATA_DIR=folder, PATHS=paths, STORAGES=storages):
            world = World()
            world.configure({"schools": {"all_missing_as_new": True, "mapping": {}}, "delivery": LIMITS})
            world.import_files(as_texts(first_day()), folder)
            sync = world.import_files(as_texts(second_day()), folder)
        assert sync.state == State.HELD, sync.failure
        yield world, sync.pk, folder
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def held(prepared: tuple[World, int, Path], db: None, data_dir: Path) -> Held:
    """The district and its held sync, with files of the test's own."""
    was, sync_id, folder = prepared
    shutil.copytree(folder, data_dir, dirs_exist_ok=True)
    world = copy.copy(was)
    world.district = District.objects.get(pk=was.district.pk)
    world.owner = User.objects.get(pk=was.owner.pk)
    world.app = ImportApp.objects.of(world.district).select_related("config").get()
    return world, Sync.objects.of(world.district).select_related("detail", "config", "district").get(pk=sync_id)

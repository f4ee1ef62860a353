"""Several people save at the same moment: one of them wins whole, the others are told, and every version is one that somebody saved."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from accounts.models import Role
from imports.models import ConfigDraft, ConfigVersion
from imports.services.drafts import ConfigMoved, DraftStale, fill_draft, open_draft, publish_draft
from imports.services.map_schools import save_school_mapping
from imports.states import State
from mapping.steps.auto_map import SchoolChoice
from tests.integration.imports_ui.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_several_who_save_at_once_one_wins_and_the_others_are_told() -> None:
    world = World()
    people = [world.owner, world.owner, world.member(Role.EDITOR)]
    drafts: list[ConfigDraft] = []
    for number, person in enumerate(people):
        draft = open_draft(app=world.app, user=person)
        fill_draft(draft=draft, document={"delivery": {"update_threshold": 10 + number}})
        drafts.append(draft)
    gate = Barrier(len(people))

    def save(at: int) -> str:
        try:
            gate.wait(20)
            version, _ = publish_draft(draft=drafts[at], by=people[at])
            return f"version {version.number}"
        except (ConfigMoved, DraftStale) as told:
            return type(told).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        ended = list(pool.map(save, range(len(people))))
    assert ended.count("version 2") == 1
    assert set(ended) - {"version 2"} <= {"ConfigMoved", "DraftStale"}
    world.app.refresh_from_db()
    assert ConfigVersion.objects.of(world.district).count() == 2
    assert world.app.config is not None
    assert world.app.config.document["delivery"]["update_threshold"] in {11, 12}


def test_schools_mapped_in_the_window_of_a_sync_keep_what_is_saved_at_the_same_moment() -> None:
    world = World()
    sync = world.sync(State.NEEDS_SCHOOL_MAPPING)
    draft = open_draft(app=world.app, user=world.owner)
    fill_draft(draft=draft, document={"delivery": {"update_threshold": 10}})
    has_begun = Event()

    def map_schools() -> None:
        try:
            has_begun.set()
            save_school_mapping(sync=sync, by=None, choices={"src-1": SchoolChoice(new_name="One")}, all_missing_as_new=False, wake=False)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            publish_draft(draft=draft, by=world.owner)
            mapping = pool.submit(map_schools)
            has_begun.wait(20)
            time.sleep(0.5)  # it waits for this transaction by now
        mapping.result(30)
    world.app.refresh_from_db()
    assert world.app.config is not None
    document = world.app.config.document
    assert (document["delivery"]["update_threshold"], document["schools"]["mapping"]) == (10, {"src-1": "src-1"})

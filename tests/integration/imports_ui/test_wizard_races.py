"""Several people save at the same moment: one of them wins whole, the others are told, and every version is one that somebody saved."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import Role
from imports.models import ConfigDraft, ConfigVersion
from imports.services.drafts import ConfigMoved, DraftStale, fill_draft, open_draft, publish_draft
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

"""Run Import where the files lie on the district's own server: a worker fetches them, the page does not wait."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from imports.models import LandingRun, LandingZone
from imports.services import ask_to_run as module
from imports.tasks import run_landing_task
from tests.integration.imports_ui.sftp import SftpWorld

RUN = reverse("imports:run_import", args=["sftp"])


@pytest.fixture
def world(db: None, data_dir: Path, settings: Any) -> SftpWorld:
    settings.PORTAL_SFTP_SETTLE_SECONDS = 0
    world = SftpWorld()
    LandingZone.objects.of(world.district).update(server="custom", host="sis.example.org")
    return world


def runs(world: SftpWorld) -> list[LandingRun]:
    return list(LandingRun.objects.of(world.district))


def test_a_worker_is_asked_and_does_it(world: SftpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(module.current_app, "send_task", lambda name, args: asked.append((name, args)))
    response = world.client().post(RUN, follow=True)
    assert "being fetched from sis.example.org" in response.content.decode()
    assert asked == [("imports.tasks.run_landing_task", [world.sftp.pk, world.owner.pk])]
    assert runs(world) == []
    run_landing_task(*asked[0][1])
    (run,) = runs(world)
    assert run.is_refused and run.by == world.owner  # nothing of the server is set up but its name
    assert escape(run.outcome) in world.read(reverse("imports:app", args=["sftp"]))


def test_without_a_broker_it_is_done_at_once(world: SftpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(module.current_app, "send_task", unreachable)
    assert world.client().post(RUN).status_code == 422
    assert len(runs(world)) == 1


def test_an_app_that_is_gone_is_nobodys_concern(world: SftpWorld) -> None:
    run_landing_task(world.sftp.pk + 1000, world.owner.pk)
    assert runs(world) == []

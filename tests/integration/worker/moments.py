"""Let something happen at a chosen moment of a sync's work, and at the same time."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from imports.progress import Progress
from imports.services import run_sync as runner


def during(monkeypatch: pytest.MonkeyPatch, stage: str, act: Callable[[], Any]) -> None:
    """Do `act` once, when the worker tells that it has come to the stage."""
    tell, done = Progress.tell, []

    def telling(self: Progress, now: str, rows: int) -> None:
        if now == stage and not done:
            done.append(now)
            act()
        tell(self, now, rows)

    monkeypatch.setattr(Progress, "tell", telling)


def before_the_end(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Do `act` once, when everything is worked out and stored, a moment before it is held or applied."""
    hold_for, done = runner.hold_for, []

    def deciding(*args: Any) -> Any:
        if not done:
            done.append(1)
            act()
        return hold_for(*args)

    monkeypatch.setattr(runner, "hold_for", deciding)


def at_once(*acts: Callable[[], Any]) -> list[BaseException | None]:
    """Run the acts in threads that start together; returns what each of them raised."""
    gate = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            act()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return raised

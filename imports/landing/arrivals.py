"""Telling the portal that files came: once per zone, when nothing was written for the settle time. What is missed here the clock finds."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor

from django.conf import settings
from django.db import close_old_connections

from imports.models import ImportApp
from imports.services.arrivals import note_arrivals

_LATEST_SECONDS = 60.0  # files that keep coming are noted now and then, not only after the last
_MARGIN_SECONDS = 0.3
logger = logging.getLogger("portal.sftp")


class Arrivals:
    """Waits for quiet in each zone, then has its arrivals noted in a thread."""

    def __init__(self, pool: Executor, note: Callable[[int, int], None] | None = None) -> None:
        self._pool = pool
        self._note = note or note_in_database
        self._last: dict[int, float] = {}  # when the zone's last file came, of zones that are waited for
        self._tasks: set[asyncio.Task[None]] = set()

    def came(self, zone_id: int, district_id: int, app_id: int) -> None:
        """A file became whole."""
        is_waited_for = zone_id in self._last
        self._last[zone_id] = time.monotonic()
        if not is_waited_for:
            task = asyncio.get_running_loop().create_task(self._wait(zone_id, district_id, app_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _wait(self, zone_id: int, district_id: int, app_id: int) -> None:
        settle = settings.PORTAL_SFTP_SETTLE_SECONDS + _MARGIN_SECONDS
        latest = time.monotonic() + settle + _LATEST_SECONDS
        while (left := min(self._last[zone_id] + settle, latest) - time.monotonic()) > 0:
            await asyncio.sleep(left)
        del self._last[zone_id]
        await asyncio.get_running_loop().run_in_executor(self._pool, self._note, district_id, app_id)


def note_in_database(district_id: int, app_id: int) -> None:
    """Note what arrived; whatever goes wrong is logged."""
    try:
        close_old_connections()
        if app := ImportApp.objects.of(district_id).filter(pk=app_id).first():
            note_arrivals(app)
    except Exception:
        logger.exception("Arrivals could not be noted now; they will be by the clock.")
    finally:
        close_old_connections()

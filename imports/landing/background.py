"""What the server writes to the database: in a thread of its own, in order, for the database may be locked for many seconds while a sync is applied.

The queue is bounded. What does not fit into it is not written; how much that was is said in the log.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import DatabaseError, close_old_connections, connections

from accounts.models import District
from accounts.services.audit import record_event
from imports.landing.sign_in import Grant, district_of, key_was_used

_MOST_WAITING = 10_000
_TRIES, _PAUSE_SECONDS = 5, 2.0
_FAILURES_EVERY_SECONDS = 60.0  # one event a minute of failed sign-ins of one user from one address
logger = logging.getLogger("portal.sftp")

Job = Callable[[], None]


class Background:
    """Runs jobs one after the other; `stop` gives those that wait a moment."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._is_ending = False
        self._told: dict[tuple[str, str], float] = {}
        self._thread = threading.Thread(target=self._work, name="sftp-background", daemon=True)
        self._thread.start()

    def do(self, job: Job) -> None:
        """Have it done soon; never waits."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._dropped += 1

    def stop(self, seconds: float) -> None:
        """Do what waits, for so long at most."""
        self._is_ending = True
        try:
            self._jobs.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    # --- the audit trail ---

    def signed_in(self, grant: Grant) -> None:
        """Somebody signed in; a key was used."""
        if grant.way == "key":
            self.do(partial(key_was_used, grant))
        self.event(grant, "sftp.signed-in", grant.username, way=grant.way, key=grant.key_name)

    def sign_in_failed(self, username: str, address: str, why: str) -> None:
        """Somebody did not sign in; told once a minute for a user and an address, and only of users there are."""
        now = time.monotonic()
        if now - self._told.get((username, address), -1e9) < _FAILURES_EVERY_SECONDS:
            return
        if len(self._told) >= _MOST_WAITING:
            self._told.clear()
        self._told[(username, address)] = now
        logger.info("sign-in of %r from %s failed: %s", username, address, why)

        def tell() -> None:
            if district := district_of(username):
                _record(district, "sftp.sign-in-failed", username, address, {"why": why})

        self.do(tell)

    def event(self, grant: Grant, action: str, target: str, **detail: Any) -> None:
        """Somebody did something in a zone. A Test Connection is the portal's own and told where it was asked for."""
        if grant.way != "test":
            self.do(partial(_record, grant.district_id, action, target, grant.address, {"user": grant.username, **detail}))

    # --- the thread ---

    def _work(self) -> None:
        while job := self._jobs.get():
            self._try(job)
            if self._dropped:
                logger.warning("%d events of the SFTP server were not recorded: the database did not keep up.", self._dropped)
                self._dropped = 0
        connections.close_all()

    def _try(self, job: Job) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                close_old_connections()
                job()
                return
            except DatabaseError as error:
                if attempt == _TRIES or self._is_ending:
                    logger.warning("An event of the SFTP server was not recorded: %s", error)
                    return
                time.sleep(_PAUSE_SECONDS)
            except Exception:
                logger.exception("An event of the SFTP server was not recorded.")
                return


def _record(district: int, action: str, target: str, address: str, detail: dict[str, Any]) -> None:
    clean = address.partition("%")[0] or None
    record_event(district=District(pk=district), action=action, by=None, target=target, address=clean, **detail)

"""Publish and read how far a sync is. The numbers travel by the broker's Redis, so that they are seen while the apply is under way."""

import json
import logging
import time
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from imports.models import Sync
from imports.states import CLAIMED

log = logging.getLogger(__name__)
_EXPIRES_SECONDS = 3600
_PAUSE_SECONDS = 0.5


def _client() -> redis.Redis | None:
    """The broker's Redis, under the address Celery knows it by; None where the broker is no Redis."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return None
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=Retry(NoBackoff(), 0))


def _name(sync: Sync) -> str:
    return f"portal:progress:{sync.pk}:{sync.attempt}"  # what an earlier attempt told is not true of this one


class Progress:
    """Tells the stage and rows of one sync, at most twice a second; silent when no broker is there (the command line without a portal)."""

    def __init__(self, sync: Sync, rows_total: int = 0) -> None:
        self._name, self.rows_total, self._told, self._stage = _name(sync), rows_total, 0.0, ""
        self._started = time.time()
        self._redis = _client()

    def tell(self, stage: str, rows_done: int) -> None:
        now = time.time()
        if self._redis is None or (stage == self._stage and now - self._told < _PAUSE_SECONDS):
            return
        if stage != self._stage:
            self._started = now
        self._told, self._stage = now, stage
        state = {"stage": stage, "rows_done": rows_done, "rows_total": self.rows_total, "stage_started": self._started, "at": now}
        try:
            self._redis.set(self._name, json.dumps(state), ex=_EXPIRES_SECONDS)
        except (redis.RedisError, OSError):
            self._redis = None


def current_progress(sync: Sync) -> dict[str, Any]:
    """stage, rows_done, rows_total, rows_per_second and seconds_left (None while unknown) of a working sync."""
    state: dict[str, Any] = {
        "stage": sync.stage,
        "rows_done": sync.rows_done,
        "rows_total": sync.rows_total,
        "rows_per_second": None,
        "seconds_left": None,
    }
    client = _client()
    if client is None or sync.state not in CLAIMED:  # what an earlier attempt told is not true of a sync that is queued again
        return state
    try:
        told = client.get(_name(sync))
    except (redis.RedisError, OSError):
        return state
    if told:
        state |= json.loads(str(told, "utf-8") if isinstance(told, bytes) else str(told))
        elapsed = state["at"] - state["stage_started"]
        if elapsed > 0 and state["rows_done"]:
            state["rows_per_second"] = state["rows_done"] / elapsed
            state["seconds_left"] = max(0, state["rows_total"] - state["rows_done"]) / state["rows_per_second"]
    return state

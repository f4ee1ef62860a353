"""The outbox: write an event in the transaction of what happened, and wake a worker once that is committed."""

import logging
from collections.abc import Mapping
from functools import partial

from celery import current_app
from django.db import transaction

from accounts.models import District
from notices.kinds import KINDS
from notices.models import Event

log = logging.getLogger(__name__)
FAN_OUT, DELIVER = "notices.tasks.fan_out_task", "notices.tasks.deliver_task"  # by name: tasks call services, not the other way round

Fact = int | float | str | None | list[dict[str, int | str]]
MAX_WORDS = 600  # characters of one fact


def emit(*, district: District, event: str, subject_url: str, facts: Mapping[str, Fact], once_key: str = "") -> Event | None:
    """Write the event; None if one of the same `once_key` was written before. Rolled back with the caller's transaction, it never was.

    Args:
        district: whose event it is.
        event: its kind, a name of `notices.kinds`.
        subject_url: path of the page it is about.
        facts: numbers and words, no personal data: exactly the names that the kind lists.
        once_key: what makes it the same event as another; "" for none.

    Raises:
        ValueError: the kind does not exist, or the facts are not those of the kind: a bug of the caller.
    """
    _check(event, subject_url, facts)
    if once_key:
        fields = {"kind": event, "subject_url": subject_url, "facts": dict(facts)}
        written, is_new = Event.unscoped.get_or_create(district=district, once_key=once_key, defaults=fields)
        if not is_new:
            return None
    else:
        written = Event.objects.create(district=district, kind=event, subject_url=subject_url, facts=dict(facts))
    transaction.on_commit(partial(wake, FAN_OUT, written.pk))
    return written


def wake(task: str, pk: int) -> None:
    """Tell the workers. If the broker cannot be reached the sweeper finds the event or notice later."""
    try:
        current_app.send_task(task, [pk])
    except Exception:  # the broker's client raises what its transport raises; all is safe in the database
        log.warning("The broker cannot be reached; %s %s waits for the sweeper.", task, pk, exc_info=True)


def _check(event: str, subject_url: str, facts: Mapping[str, Fact]) -> None:
    if event not in KINDS:
        raise ValueError(f"{event!r} is no kind of event; add it to notices.kinds.")
    if set(facts) != KINDS[event].facts:
        raise ValueError(f"The facts of {event} are {sorted(KINDS[event].facts)}, not {sorted(facts)}.")
    if not subject_url.startswith("/"):
        raise ValueError(f"{subject_url!r} is no path of the portal.")
    for name, value in facts.items():
        if isinstance(value, str) and len(value) > MAX_WORDS:
            raise ValueError(f"The fact {name} of {event} has more than {MAX_WORDS} characters.")

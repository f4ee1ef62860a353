"""When a notice that could not be sent is tried again."""

from datetime import timedelta

PAUSES: tuple[timedelta, ...] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after so many failed tries; None: no more."""
    return PAUSES[tries - 1] if 1 <= tries <= len(PAUSES) else None

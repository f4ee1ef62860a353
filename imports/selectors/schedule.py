"""When an app runs by itself, by its saved configuration: the next moment, and how the screens say it."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import District
from accounts.times import zone_of
from imports.models import ImportApp, LandingRun
from imports.schedule import Schedule, day_words, next_slot, pace_words, read_schedule

LAST_RUNS = 5


def schedule_of(app: ImportApp) -> Schedule | None:
    """The schedule in force; None where nothing runs by the clock."""
    return read_schedule(app.config.document) if app.config else None


def runs_on_arrival(app: ImportApp) -> bool:
    """Whether a complete set that has arrived is imported at once."""
    return bool(app.config and app.config.document.get("delivery", {}).get("run_on_arrival"))


def next_run(app: ImportApp, now: datetime | None = None) -> datetime | None:
    """The next moment at which it runs by the clock; None without a schedule, and where its end date lets no more come."""
    schedule = schedule_of(app)
    return next_slot(schedule, zone_of(app.district), now or timezone.now()) if schedule else None


def has_ended(app: ImportApp, now: datetime | None = None) -> bool:
    """Whether there is a schedule and no run of it is left."""
    return schedule_of(app) is not None and next_run(app, now) is None


def schedule_words(app: ImportApp) -> str:
    """The schedule in force: "Weekly on Monday and Thursday at 2:30 AM, Chicago time, until June 30, 2027"; empty where there is none."""
    schedule = schedule_of(app)
    return say_schedule(schedule, app.district) if schedule else ""


def say_schedule(schedule: Schedule, district: District) -> str:
    """A schedule by the district's clock, in words without a full stop."""
    end = f", until {day_words(schedule.end_date)}" if schedule.end_date else ""
    return f"{pace_words(schedule)}, {clock_name(zone_of(district))}{end}"


def clock_name(zone: ZoneInfo) -> str:
    """Whose clock it is: "Chicago time"."""
    name = zone.key.rsplit("/", 1)[-1].replace("_", " ")
    return name if name in {"UTC", "GMT"} else f"{name} time"


def ended_words(app: ImportApp, now: datetime | None = None) -> str:
    """That the schedule has ended and what that means, in sentences; empty while a run is left, and where there is no schedule."""
    schedule, moment = schedule_of(app), now or timezone.now()
    if schedule is None or not has_ended(app, moment):
        return ""
    return say_ended(schedule, app.district, moment, on_arrival=runs_on_arrival(app))


def say_ended(schedule: Schedule, district: District, now: datetime, *, on_arrival: bool) -> str:
    """Of a schedule of which no run is left: that it is so, and what runs by itself nevertheless."""
    end = day_words(schedule.end_date) if schedule.end_date else ""
    is_over = schedule.end_date is not None and now.astimezone(zone_of(district)).date() > schedule.end_date
    first = f"The schedule ended on {end}." if is_over else f"The schedule ends on {end}, and no run is left before that."
    if on_arrival:
        return f"{first} A complete set is still imported as soon as it has arrived."
    return f"{first} Nothing runs by itself any more."


def last_scheduled_runs(app: ImportApp, count: int = LAST_RUNS) -> Sequence[LandingRun]:
    """The newest runs that the schedule began."""
    runs = LandingRun.objects.of(app.district_id).filter(app=app, reason=LandingRun.Reason.SCHEDULE)
    return list(runs.select_related("sync").order_by("-due_at", "-pk")[:count])

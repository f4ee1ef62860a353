"""Schedule of the SFTP app: when it runs by itself, whether arriving files start it, and what is told when none arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from accounts.times import zone_of
from imports.models import ImportApp
from imports.schedule import DAYS, FREQUENCIES, HOURLY, MONTHLY, WEEKLY, Schedule, clock_words, next_slots, read_schedule
from imports.selectors.rollover import is_suspended, rollover_of
from imports.selectors.schedule import clock_name, say_ended, say_schedule
from imports.views.wizard.step import Document, Page, Step
from notices.models import ExpectedDelivery

SHOWN = 5  # runs to come
PART, ON_ARRIVAL = "schedule", "run_on_arrival"
USUAL: dict[str, Any] = {"when": "daily", "days": ["mon"], "day": 1, "hour": 2, "minute": 0, "end_date": None}


@dataclass(frozen=True, slots=True)
class Run:
    """A run to come; `note` says why its time is another than was chosen, or that it will take nothing."""

    at: datetime
    day: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """What will run by itself: the runs to come, the schedule in words, and what there is to say where none comes."""

    runs: list[Run]
    words: str
    says: str


def read(page: Page) -> Document:
    """The form: what the chosen frequency has no use for is left out."""
    post = page.request.POST
    if "edits_schedule" not in post:
        return page.document
    delivery = {**page.document["delivery"], ON_ARRIVAL: post.get(ON_ARRIVAL) == "on"}
    return {**page.document, "delivery": delivery, PART: _entered(post) if post.get("schedule_on") == "on" else None}


def _entered(post: QueryDict) -> dict[str, Any]:
    when, days = post.get("when", ""), post.getlist("days")
    entered: dict[str, Any] = {"when": when}
    if when == WEEKLY:
        entered["days"] = [*(day for day in DAYS if day in days), *(day for day in days if day not in DAYS)]
    if when == MONTHLY:
        entered["day"] = _number(post.get("day", ""))
    if when != HOURLY:
        entered["hour"] = _number(post.get("hour", ""))
    return {**entered, "minute": _number(post.get("minute", "")), "end_date": post.get("end_date", "").strip() or None}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def show(page: Page) -> Mapping[str, Any]:
    """The form as it stands, the runs to come, and what is told when no file arrives."""
    entered = page.document[PART]
    in_force = page.app.config.document.get(PART) if page.app.config else None
    expected = ExpectedDelivery.objects.of(page.app.district_id).filter(app=page.app.kind).first()
    return {
        "is_on": entered is not None,
        "plan": {**USUAL, **(in_force or {}), **(entered or {})},
        "on_arrival": page.document["delivery"].get(ON_ARRIVAL, False),
        "frequencies": FREQUENCIES.items(),
        "weekdays": DAYS.items(),
        "month_days": range(1, 32),
        "hours": [(hour, f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}") for hour in range(24)],
        "minutes": [(minute, f"{minute:02d}") for minute in range(60)],
        "zone_name": zone_of(page.app.district).key,
        "clock": clock_name(zone_of(page.app.district)),
        "faults": {path.removeprefix(f"{PART}.").split("[")[0]: words for path, words in page.problem_at.items()},
        "coming": coming(page),
        "expected_hours": expected.hours if expected else None,
    }


def coming(page: Page) -> Coming:
    """What will run by itself under the document that is shown; nothing is said of one with faults."""
    if page.own_problems:
        return Coming([], "", "Correct the marked fields to see when it would run.")
    schedule, on_arrival = read_schedule(page.document), bool(page.document["delivery"].get(ON_ARRIVAL))
    if schedule is None:
        waits = (
            "A complete set is imported as soon as it has arrived."
            if on_arrival
            else "Files wait in the landing zone until somebody runs the import."
        )
        return Coming([], "", f"Nothing runs by the clock. {waits}")
    district, now = page.app.district, timezone.now()
    runs = [_run(page, schedule, moment) for moment in next_slots(schedule, zone_of(district), now, SHOWN)]
    says = "" if runs else say_ended(schedule, district, now, on_arrival=on_arrival)
    return Coming(runs, say_schedule(schedule, district), says)


def _run(page: Page, schedule: Schedule, at: datetime) -> Run:
    local = at.astimezone(zone_of(page.app.district))
    return Run(at, f"{local:%A}", " ".join(filter(None, (_clock_note(schedule, local), _suspended_note(page, at)))))


def _clock_note(schedule: Schedule, local: datetime) -> str:
    """What the change of the clocks does to a run; hourly runs lose and win nothing."""
    if schedule.when == HOURLY:
        return ""
    time = clock_words(schedule.hour, schedule.minute)
    if (local.hour, local.minute) != (schedule.hour, schedule.minute):
        return f"The clock jumps over {time} that day, so it runs right after."
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return f"The clock shows {time} twice that day; it runs the first time."
    return ""


def _suspended_note(page: Page, at: datetime) -> str:
    return "Data import is suspended then: it takes nothing." if is_suspended(rollover_of(page.app.district), at) else ""


SCHEDULE = Step(
    slug="schedule",
    title="Schedule",
    icon="session",
    lead="When the portal imports by itself what waits in the landing zone. Run Import works at any time, whatever is set here.",
    parts=(PART,),
    also=("delivery",),
    read=read,
    show=show,
    beside="imports/wizard/_schedule_runs.html",
    apps=(ImportApp.Kind.SFTP,),
)
